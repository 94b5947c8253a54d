package io.fairlead.sagemaker.standin;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;

/** A client whose requests the stand-in answers on the thread that makes them: all of HTTP but its wire. */
final class InProcessClient implements SdkHttpClient {
  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        return response(StandIn.answer(received(request)));
      }

      @Override
      public void abort() {}
    };
  }

  static Call received(HttpExecuteRequest request) throws IOException {
    SdkHttpRequest http = request.httpRequest();
    String query = http.encodedQueryParameters().map(text -> "?" + text).orElse("");
    return new Call(
        http.method().name(),
        (http.encodedPath().isEmpty() ? "/" : http.encodedPath()) + query,
        http.headers(),
        body(request.contentStreamProvider()));
  }

  private static byte[] body(Optional<ContentStreamProvider> content) throws IOException {
    if (content.isEmpty()) {
      return new byte[0];
    }
    try (InputStream stream = content.get().newStream()) {
      return stream.readAllBytes();
    }
  }

  static HttpExecuteResponse response(Answer answer) {
    SdkHttpResponse.Builder http = SdkHttpResponse.builder()
        .statusCode(answer.status())
        .putHeader("Content-Length", String.valueOf(answer.body().length));
    answer.headers().forEach(http::putHeader);
    return HttpExecuteResponse.builder()
        .response(http.build())
        .responseBody(AbortableInputStream.create(new ByteArrayInputStream(answer.body())))
        .build();
  }

  @Override
  public String clientName() {
    return "in-process";
  }

  @Override
  public void close() {}
}
