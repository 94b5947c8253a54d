package io.fairlead.vertex.internal.http;

import com.google.api.gax.core.CredentialsProvider;
import com.google.auth.Credentials;
import com.google.auth.RequestMetadataCallback;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.TimeSource;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.internal.http.HttpFailure.Stage;
import io.fairlead.vertex.internal.storage.StorageTransport;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The requests to the hosts of endpoints. Each is sent once, and closing this ends those in progress. */
public final class HttpCalls implements AutoCloseable {
  private static final String DEPLOYED_MODEL = "X-Vertex-AI-Deployed-Model-Id";
  private static final String UNKNOWN_TYPE = "application/octet-stream";
  private static final int FIRST_ERROR = 300;

  private final HttpClient client;
  private final Supplier<CredentialsProvider> credentials;
  private final Map<Object, CompletableFuture<?>> inProgress = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /**
   * Creates the calls.
   *
   * @param credentials called for each request, because a token expires
   */
  public HttpCalls(VertexConfig config, Supplier<CredentialsProvider> credentials) {
    this.client = config.httpClient().orElseGet(StorageTransport::client);
    this.credentials = credentials;
  }

  /**
   * An answer.
   *
   * @param deployedModelId the deployed model that gave it; empty if the answer does not say
   */
  public record Answer<B>(B body, String contentType, String deployedModelId) {
    static <B> Answer<B> of(HttpResponse<?> response, B body) {
      return new Answer<>(
          body,
          response.headers().firstValue("Content-Type").orElse(UNKNOWN_TYPE),
          deployedModel(response));
    }
  }

  /**
   * {@return the answer to a request, as a whole}
   *
   * @throws HttpFailure if there is none, or if it is an error
   */
  public Answer<byte[]> post(URI uri, byte[] body, String contentType, Duration limit) {
    HttpResponse<byte[]> response = send(uri, body, contentType, limit, BodyHandlers.ofByteArray());
    if (response.statusCode() >= FIRST_ERROR) {
      throw refusal(response, response.body());
    }
    return Answer.of(response, response.body());
  }

  /**
   * {@return the answer to a request, whose body arrives in pieces}
   *
   * @throws HttpFailure if there is none, or if it is an error
   */
  public Answer<Flow.Publisher<List<ByteBuffer>>> stream(
      URI uri, byte[] body, String contentType, Duration limit) {
    Deadline deadline = Deadline.after(limit, TimeSource.system());
    HttpResponse<Flow.Publisher<List<ByteBuffer>>> response =
        send(uri, body, contentType, limit, BodyHandlers.ofPublisher());
    if (response.statusCode() >= FIRST_ERROR) {
      throw refusal(response, collected(response.body(), deadline.left()));
    }
    return Answer.of(response, response.body());
  }

  /** {@return the body of an error, or as much of it as arrives in time: its status is known already} */
  private byte[] collected(Flow.Publisher<List<ByteBuffer>> body, Duration limit) {
    Collector collector = Collector.of(body);
    try {
      return await(collector.whole(), limit);
    } catch (HttpFailure e) {
      if (e.stage() == Stage.CLOSED) {
        throw e;
      }
      return collector.soFar();
    } finally {
      collector.cancel();
    }
  }

  private <B> HttpResponse<B> send(
      URI uri, byte[] body, String contentType, Duration limit, BodyHandler<B> handler) {
    Deadline deadline = Deadline.after(limit, TimeSource.system());
    Map<String, List<String>> tokens = tokens(uri, limit);
    Duration left = deadline.left();
    if (left.isZero()) {
      throw HttpFailure.of(Stage.NO_TOKEN, "there was no token in time", null);
    }
    HttpRequest.Builder request = HttpRequest.newBuilder(uri)
        .header("Content-Type", contentType)
        .timeout(left)
        .POST(BodyPublishers.ofByteArray(body));
    tokens.forEach((name, values) -> values.forEach(value -> request.header(name, value)));
    return await(client.sendAsync(request.build(), handler), left);
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
      return await(tokens, limit);
    } catch (HttpFailure e) {
      throw switch (e.stage()) {
        case BROKEN, NOT_CONNECTED -> noToken(e.getCause());
        case OVERDUE -> HttpFailure.of(Stage.NO_TOKEN, "there was no token in time", e);
        default -> e;
      };
    }
  }

  private static HttpFailure noToken(@Nullable Throwable cause) {
    return HttpFailure.of(
        Stage.NO_TOKEN,
        "there is no token: " + (cause == null ? "no reason is given" : cause.getMessage()),
        cause);
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

  private <T> T await(CompletableFuture<T> answer, Duration limit) {
    Object key = new Object();
    inProgress.put(key, answer);
    try {
      // After it is in the map: either this sees the flag or close() sees the answer.
      if (closed) {
        answer.cancel(true);
      }
      return answer.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw HttpFailure.of(Stage.INTERRUPTED, "the thread was interrupted", e);
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw HttpFailure.of(Stage.OVERDUE, "no answer in time", e);
    } catch (CancellationException e) {
      throw closed(e);
    } catch (ExecutionException e) {
      throw closed ? closed(e) : broken(e.getCause());
    } finally {
      inProgress.remove(key);
    }
  }

  private static HttpFailure closed(Exception cause) {
    return HttpFailure.of(Stage.CLOSED, "the platform was closed: open it again", cause);
  }

  static HttpFailure broken(@Nullable Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    if (cause instanceof HttpTimeoutException) {
      return HttpFailure.of(Stage.OVERDUE, "no answer in time", cause);
    }
    boolean isUnreached =
        cause instanceof ConnectException || cause instanceof UnresolvedAddressException;
    return HttpFailure.of(
        isUnreached ? Stage.NOT_CONNECTED : Stage.BROKEN, String.valueOf(cause), cause);
  }

  private static String deployedModel(HttpResponse<?> response) {
    return response.headers().firstValue(DEPLOYED_MODEL).orElse("");
  }

  private static HttpFailure refusal(HttpResponse<?> response, byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8).strip();
    Struct error = google(text);
    String message =
        error.getFieldsOrDefault("message", Value.getDefaultInstance()).getStringValue();
    return HttpFailure.answered(
        response.statusCode(),
        error.getFieldsOrDefault("status", Value.getDefaultInstance()).getStringValue(),
        message.isEmpty() ? text : message,
        deployedModel(response),
        response
            .headers()
            .firstValue("Retry-After")
            .filter(seconds -> seconds.matches("[0-9]{1,6}"))
            .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)))
            .orElse(null));
  }

  /** {@return the error in a body of Google's own form, <code>{"error": {"status": ..., "message": ...}}</code>} */
  private static Struct google(String text) {
    Struct.Builder parsed = Struct.newBuilder();
    try {
      JsonFormat.parser().merge(text, parsed);
    } catch (InvalidProtocolBufferException e) {
      return Struct.getDefaultInstance();
    }
    return parsed.getFieldsOrDefault("error", Value.getDefaultInstance()).getStructValue();
  }

  /** Ends the requests in progress; the client stays open. */
  @Override
  public void close() {
    closed = true;
    inProgress.values().forEach(answer -> answer.cancel(true));
  }
}
