package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.provider.HttpFailure.Stage;
import io.fairlead.provider.RefusedCalls.Refusals;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Requests over HTTP, with a whole or a streaming answer.
 *
 * <p>Each is sent once, within one limit for connection, headers and body. The thread that waits can be interrupted,
 * and closing this ends the requests in progress, though the client belongs to the caller and stays open.
 */
public final class HttpCalls implements AutoCloseable {
  private final HttpClient client;
  private final PieceQueues queues;
  /** What ends each request in progress. */
  private final Set<Runnable> inProgress = ConcurrentHashMap.newKeySet();

  private final HttpLimits limits = new HttpLimits();
  private volatile boolean closed;

  /**
   * Creates calls without any in progress.
   *
   * @param platform the id of the platform, for messages
   * @param client stays open
   */
  public HttpCalls(String platform, HttpClient client) {
    this.queues = new PieceQueues(platform);
    this.client = requireNonNull(client, "client");
  }

  /**
   * {@return the answer to a request, as a whole}
   *
   * @param limit more than 0
   * @throws HttpFailure if there is none, or if it is an error
   */
  public HttpAnswer<byte[]> send(HttpRequest.Builder request, Duration limit) {
    HttpWait wait = new HttpWait();
    HttpBody body = new HttpBody(limits, wait, Deadline.after(limit, TimeSource.system()));
    HttpResponse<byte[]> response;
    try {
      response = sent(wait, request, limit, body);
    } catch (HttpFailure e) {
      HttpFailure known = e.stage() == Stage.OVERDUE ? body.known() : null;
      throw known == null ? e : known;
    } finally {
      limits.forget(body);
    }
    if (HttpBody.isError(response.statusCode())) {
      throw HttpFailure.answered(response.statusCode(), response.headers(), response.body());
    }
    return HttpAnswer.of(response, response.body());
  }

  /**
   * {@return the answer to a request, whose body arrives in pieces, for {@link #handOn}}
   *
   * @param limit more than 0
   * @throws HttpFailure if there is none, or if it is an error
   */
  public HttpAnswer<Flow.Publisher<List<ByteBuffer>>> stream(
      HttpRequest.Builder request, Duration limit) {
    Deadline deadline = Deadline.after(limit, TimeSource.system());
    HttpResponse<Flow.Publisher<List<ByteBuffer>>> response =
        sent(new HttpWait(), request, limit, BodyHandlers.ofPublisher());
    if (HttpBody.isError(response.statusCode())) {
      HttpErrorBody error = new HttpErrorBody();
      response.body().subscribe(error);
      throw HttpFailure.answered(
          response.statusCode(), response.headers(), collected(error, deadline));
    }
    return HttpAnswer.of(response, response.body());
  }

  /** {@return the body of an error, or as much of it as arrives in time: its status is known already} */
  private byte[] collected(HttpErrorBody error, Deadline deadline) {
    try {
      return await(error.whole(), deadline.left());
    } catch (HttpFailure e) {
      if (e.stage() == Stage.CLOSED) {
        throw e;
      }
      return error.soFar();
    } finally {
      error.cancel();
    }
  }

  /** {@return the answer to a request, for which this thread waits} */
  private <B> HttpResponse<B> sent(
      HttpWait wait, HttpRequest.Builder request, Duration limit, BodyHandler<B> handler) {
    Runnable close = () -> wait.end(Stage.CLOSED);
    inProgress.add(close);
    try {
      // After it is in the set: either this sees the flag or close() sees the wait.
      if (closed) {
        throw closed(null);
      }
      return client.send(request.timeout(limit).build(), handler);
    } catch (InterruptedException | IOException e) {
      throw ended(wait.leave(), e);
    } catch (IllegalArgumentException e) {
      throw e.getCause() instanceof UnresolvedAddressException
          ? HttpFailure.broken(e.getCause())
          : e;
    } finally {
      inProgress.remove(close);
      wait.leave();
    }
  }

  private HttpFailure ended(@Nullable Stage reason, Exception cause) {
    if (closed || reason == Stage.CLOSED) {
      return closed(cause);
    }
    if (reason == Stage.OVERDUE) {
      return overdue(cause);
    }
    if (cause.getCause() instanceof Error error) {
      throw error;
    }
    // An interrupt breaks a connection that is written to.
    return cause instanceof InterruptedException || Thread.currentThread().isInterrupted()
        ? interrupted(cause)
        : HttpFailure.broken(cause);
  }

  /**
   * Passes the pieces of a streaming answer to a consumer, as the network has cut them.
   *
   * @param what the call, as the beginning of a sentence
   * @param deadline the limit on the whole answer
   * @param pieces receives them, read-only; what it throws ends the answer and is thrown here
   * @throws io.fairlead.error.ServingException if the answer is not complete
   */
  public void handOn(
      String what,
      Deadline deadline,
      HttpAnswer<Flow.Publisher<List<ByteBuffer>>> answer,
      Refusals<HttpFailure> errors,
      Consumer<? super ByteBuffer> pieces) {
    HttpPieces body = new HttpPieces();
    PieceQueue<List<ByteBuffer>> queue = queues.open(
        what,
        deadline,
        body,
        (failure, count) ->
            errors.failure(what + " (piece " + (count + 1) + ")", HttpFailure.broken(failure)));
    body.passTo(queue);
    Throwable failure = queue.begin(() -> answer.body().subscribe(body));
    if (failure != null) {
      throw errors.failure(what, HttpFailure.broken(failure));
    }
    queue.handOn(several -> {
      for (ByteBuffer piece : several) {
        // The queue looks at the limit before the first of them only.
        if (deadline.hasPassed()) {
          throw queue.overdue(null);
        }
        if (piece.hasRemaining()) {
          pieces.accept(piece.asReadOnlyBuffer());
        }
      }
    });
  }

  /**
   * Waits for what a request needs before it is sent, such as a token, as for its answer; it is cancelled at the end of
   * the limit, and by an interrupt and close.
   *
   * @throws HttpFailure if it fails or does not come
   */
  public <T> T await(CompletableFuture<T> answer, Duration limit) {
    Runnable end = () -> answer.cancel(true);
    inProgress.add(end);
    try {
      // After it is in the set: either this sees the flag or close() sees the answer.
      if (closed) {
        end.run();
      }
      return answer.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      end.run();
      throw interrupted(e);
    } catch (TimeoutException e) {
      end.run();
      throw overdue(e);
    } catch (CancellationException e) {
      throw closed(e);
    } catch (ExecutionException e) {
      throw closed ? closed(e) : HttpFailure.broken(e.getCause());
    } finally {
      inProgress.remove(end);
    }
  }

  private static HttpFailure overdue(Exception cause) {
    return HttpFailure.of(Stage.OVERDUE, "no answer in time", cause);
  }

  private static HttpFailure interrupted(Exception cause) {
    Thread.currentThread().interrupt();
    return HttpFailure.of(Stage.INTERRUPTED, "the thread was interrupted", cause);
  }

  private static HttpFailure closed(@Nullable Exception cause) {
    return HttpFailure.of(Stage.CLOSED, "the platform was closed: open it again", cause);
  }

  /** Ends the requests in progress; the client stays open. */
  @Override
  public void close() {
    closed = true;
    inProgress.forEach(Runnable::run);
    limits.close();
    queues.close();
  }
}
