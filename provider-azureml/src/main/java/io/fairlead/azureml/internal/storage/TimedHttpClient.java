package io.fairlead.azureml.internal.storage;

import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A client each of whose requests has a deadline, which grows with the size of its body, and ends at once if its thread
 * is interrupted.
 *
 * <p>The deadline includes the body of the answer. The SDK's own timeouts keep threads of their own, and lose
 * interrupts.
 */
final class TimedHttpClient implements HttpClient {
  private static final int SLOWEST_BYTES_PER_SECOND = 50_000;

  /** The limit of a client itself, which is a minute otherwise, is above the deadline. */
  private static final String RESPONSE_TIMEOUT = "azure-response-timeout";

  private final HttpClient client;
  private final Duration timeout;

  TimedHttpClient(HttpClient client, Duration timeout) {
    this.client = client;
    this.timeout = timeout;
  }

  private static Duration limit(Duration timeout, long bytes) {
    return timeout.plusSeconds(bytes / SLOWEST_BYTES_PER_SECOND);
  }

  @Override
  public Mono<HttpResponse> send(HttpRequest request) {
    return send(request, Context.NONE);
  }

  /** {@return the answer, for which the thread that subscribes waits} */
  @Override
  public Mono<HttpResponse> send(HttpRequest request, Context context) {
    return Mono.fromCallable(() -> sendSync(request, context));
  }

  @Override
  public HttpResponse sendSync(HttpRequest request, Context context) {
    if (Thread.currentThread().isInterrupted()) {
      throw new UncheckedIOException(new InterruptedIOException("interrupted"));
    }
    Duration limit = limit(timeout, length(request));
    CompletableFuture<HttpResponse> answer = client
        .send(request, context.addData(RESPONSE_TIMEOUT, limit.plus(timeout)))
        .flatMap(TimedHttpClient::whole)
        .toFuture();
    try {
      return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("interrupted");
      interrupted.initCause(e);
      throw new UncheckedIOException(interrupted);
    } catch (TimeoutException e) {
      answer.cancel(true);
      HttpTimeoutException late = new HttpTimeoutException("no answer within " + limit);
      late.initCause(e);
      throw new UncheckedIOException(late);
    } catch (ExecutionException e) {
      throw unchecked(e.getCause());
    }
  }

  private static RuntimeException unchecked(@Nullable Throwable cause) {
    if (cause instanceof RuntimeException unchecked) {
      return unchecked;
    }
    return cause instanceof IOException broken
        ? new UncheckedIOException(broken)
        : new IllegalStateException(String.valueOf(cause), cause);
  }

  private static long length(HttpRequest request) {
    BinaryData body = request.getBodyAsBinaryData();
    Long length = body == null ? null : body.getLength();
    return length == null ? 0 : length;
  }

  private static Mono<HttpResponse> whole(HttpResponse answer) {
    return answer
        .getBodyAsByteArray()
        .defaultIfEmpty(new byte[0])
        .map(body -> new WholeAnswer(answer, body));
  }
}
