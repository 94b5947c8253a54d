package io.fairlead.springai;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.openai.core.http.Headers;
import com.openai.core.http.HttpResponse;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.AnswerStream;
import io.fairlead.platform.Response;
import io.fairlead.provider.HttpStatus;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** What the library gets: an answer, one that is still streaming, or a failure with its status. */
record Answer(int statusCode, Supplier<Headers> given, InputStream body) implements HttpResponse {
  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;
  private static final int UNAUTHORIZED = 401;

  static Answer of(Response response) {
    Headers headers = headers(response);
    return new Answer(OK, () -> headers, new ByteArrayInputStream(response.bodyUnsafe()));
  }

  /** {@return an answer whose variant is known at its end} */
  static Answer of(AnswerStream stream) {
    return new Answer(
        OK,
        () -> stream
            .response()
            .map(Answer::headers)
            .orElseGet(
                () -> Headers.builder().put("content-type", "text/event-stream").build()),
        stream);
  }

  private static Headers headers(Response response) {
    Headers.Builder headers = Headers.builder().put("content-type", response.contentType());
    response.variant().ifPresent(variant -> headers.put(FairleadHttpClient.VARIANT, variant));
    return headers.build();
  }

  /**
   * {@return the answer for what a platform threw}
   *
   * @throws RuntimeException what was thrown, if it is no failure of a platform
   */
  static Answer ofFailure(Throwable thrown) {
    if (thrown instanceof ServingException failure) {
      return ofFailure(failure);
    }
    if (thrown instanceof IllegalArgumentException invalid) {
      return of(
          BAD_REQUEST, Headers.builder(), ErrorKind.INVALID, String.valueOf(invalid.getMessage()));
    }
    if (thrown instanceof CompletionException && thrown.getCause() != null) {
      return ofFailure(thrown.getCause());
    }
    throw thrown instanceof RuntimeException other ? other : new CompletionException(thrown);
  }

  private static Answer ofFailure(ServingException failure) {
    Headers.Builder headers =
        Headers.builder().put("X-Should-Retry", String.valueOf(failure.retryable()));
    HttpStatus.retryAfterSeconds(failure)
        .ifPresent(seconds -> headers.put("Retry-After", String.valueOf(seconds)));
    failure.requestId().ifPresent(id -> headers.put("x-request-id", id));
    failure.variant().ifPresent(variant -> headers.put(FairleadHttpClient.VARIANT, variant));
    ErrorKind kind = failure.kind();
    int status = kind == ErrorKind.UNAUTHORIZED ? UNAUTHORIZED : HttpStatus.of(kind);
    return of(status, headers, kind, String.valueOf(failure.getMessage()));
  }

  private static Answer of(int status, Headers.Builder headers, ErrorKind kind, String message) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("error")
        .put("message", message)
        .put("type", kind.name())
        .put("code", kind.name())
        .putNull("param");
    Headers all = headers.put("content-type", "application/json").build();
    byte[] bytes = body.toString().getBytes(UTF_8);
    return new Answer(status, () -> all, new ByteArrayInputStream(bytes));
  }

  @Override
  public Headers headers() {
    return given.get();
  }

  @Override
  public void close() {
    try {
      body.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
