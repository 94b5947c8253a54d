package io.fairlead.vertex.internal.http;

import com.google.api.gax.core.CredentialsProvider;
import com.google.auth.Credentials;
import com.google.auth.RequestMetadataCallback;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.HttpAnswer;
import io.fairlead.provider.HttpCalls;
import io.fairlead.provider.HttpFailure;
import io.fairlead.provider.TimeSource;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.internal.storage.StorageTransport;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The requests to the hosts of endpoints, with the headers of the credentials. */
public final class AuthorizedCalls implements AutoCloseable {
  private static final String DEPLOYED_MODEL = "X-Vertex-AI-Deployed-Model-Id";
  private static final String BEARER = "Bearer ";

  private final HttpCalls calls;
  private final Supplier<CredentialsProvider> credentials;

  /**
   * Creates the calls.
   *
   * @param credentials called for each request, because a token expires
   */
  public AuthorizedCalls(VertexConfig config, Supplier<CredentialsProvider> credentials) {
    this.calls =
        new HttpCalls(VertexProvider.ID, config.httpClient().orElseGet(StorageTransport::client));
    this.credentials = credentials;
  }

  /**
   * {@return the answer to a request, as a whole}
   *
   * @throws HttpFailure if there is none, or if it is an error
   */
  public HttpAnswer<byte[]> post(URI uri, byte[] body, String contentType, Duration limit) {
    Deadline deadline = Deadline.after(limit, TimeSource.system());
    HttpRequest.Builder request = request(uri, body, contentType, limit);
    return calls.send(request, left(deadline));
  }

  /**
   * {@return the answer to a request, whose body arrives in pieces}
   *
   * @throws HttpFailure if there is none, or if it is an error
   */
  public HttpAnswer<Flow.Publisher<List<ByteBuffer>>> stream(
      URI uri, byte[] body, String contentType, Duration limit) {
    Deadline deadline = Deadline.after(limit, TimeSource.system());
    HttpRequest.Builder request = request(uri, body, contentType, limit);
    return calls.stream(request, left(deadline));
  }

  /** Passes the pieces of a streaming answer to a consumer, as {@link HttpCalls#handOn} does. */
  public void handOn(
      String what,
      Deadline deadline,
      HttpAnswer<Flow.Publisher<List<ByteBuffer>>> answer,
      HttpErrors errors,
      Consumer<? super ByteBuffer> pieces) {
    calls.handOn(what, deadline, answer, errors, pieces);
  }

  /** {@return the id of the deployed model that answered; empty if the answer does not say} */
  public static String deployedModelId(HttpAnswer<?> answer) {
    return answer.header(DEPLOYED_MODEL, "");
  }

  /** {@return the id of the deployed model that answered with an error; empty if the answer does not say} */
  public static String deployedModelId(HttpFailure failure) {
    return failure.header(DEPLOYED_MODEL, "");
  }

  /**
   * {@return the token of the credentials, which these renew some minutes before its end; empty if they have none, as for
   * an emulator}
   *
   * @throws HttpFailure if there is none in time
   */
  public Optional<String> bearer(URI uri, Duration limit) {
    return tokens(uri, limit).entrySet().stream()
        .filter(header -> header.getKey().equalsIgnoreCase("Authorization"))
        .flatMap(header -> header.getValue().stream())
        .filter(value -> value.startsWith(BEARER))
        .map(value -> value.substring(BEARER.length()))
        .findFirst();
  }

  private HttpRequest.Builder request(URI uri, byte[] body, String contentType, Duration limit) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri)
        .header("Content-Type", contentType)
        .POST(BodyPublishers.ofByteArray(body));
    tokens(uri, limit)
        .forEach((name, values) -> values.forEach(value -> request.header(name, value)));
    return request;
  }

  private static Duration left(Deadline deadline) {
    Duration left = deadline.left();
    if (left.isZero()) {
      throw HttpFailure.notSent("there was no token in time", null);
    }
    return left;
  }

  /** {@return the headers of the credentials; a server that gives tokens may be slow} */
  private Map<String, List<String>> tokens(URI uri, Duration limit) {
    CompletableFuture<Map<String, List<String>>> tokens = new CompletableFuture<>();
    try {
      Credentials found = credentials.get().getCredentials();
      if (found == null) {
        return Map.of();
      }
      found.getRequestMetadata(uri, ForkJoinPool.commonPool(), new Tokens(tokens));
    } catch (IOException e) {
      throw noToken(e);
    }
    try {
      return calls.await(tokens, limit);
    } catch (HttpFailure e) {
      throw switch (e.stage()) {
        case BROKEN, NOT_CONNECTED -> noToken(e.getCause());
        case OVERDUE -> HttpFailure.notSent("there was no token in time", e);
        default -> e;
      };
    }
  }

  private static HttpFailure noToken(@Nullable Throwable cause) {
    return HttpFailure.notSent(
        "there is no token: " + (cause == null ? "no reason is given" : cause.getMessage()), cause);
  }

  /** Completes a future with the headers of the credentials. */
  private record Tokens(CompletableFuture<Map<String, List<String>>> answer)
      implements RequestMetadataCallback {
    @Override
    public void onSuccess(@Nullable Map<String, List<String>> headers) {
      answer.complete(headers == null ? Map.of() : headers);
    }

    @Override
    public void onFailure(Throwable failure) {
      answer.completeExceptionally(failure);
    }
  }

  /** Ends the requests in progress; the client stays open. */
  @Override
  public void close() {
    calls.close();
  }
}
