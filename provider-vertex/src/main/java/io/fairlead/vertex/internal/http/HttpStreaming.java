package io.fairlead.vertex.internal.http;

import static java.util.Objects.requireNonNull;

import io.fairlead.provider.Deadline;
import io.fairlead.provider.PieceQueue;
import io.fairlead.provider.PieceQueues;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.internal.http.HttpCalls.Answer;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Passes on the bodies of streaming answers, such as server-sent events. */
public final class HttpStreaming implements AutoCloseable {
  private final HttpErrors errors;
  private final PieceQueues queues = new PieceQueues(VertexProvider.ID);

  /** Creates it without answers. */
  public HttpStreaming(HttpErrors errors) {
    this.errors = errors;
  }

  /**
   * Passes the pieces of an answer to a consumer, as the network has cut them.
   *
   * @param what the call, as the beginning of a sentence
   */
  public void handOn(
      String what,
      Deadline deadline,
      Answer<Flow.Publisher<List<ByteBuffer>>> answer,
      Consumer<? super ByteBuffer> pieces) {
    Body body = new Body();
    PieceQueue<List<ByteBuffer>> queue = queues.open(
        what,
        deadline,
        body,
        (failure, count) ->
            errors.failure(what + " (piece " + (count + 1) + ")", HttpCalls.broken(failure)));
    body.queue = queue;
    Throwable failure = queue.begin(() -> answer.body().subscribe(body));
    if (failure != null) {
      throw errors.failure(what, HttpCalls.broken(failure));
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

  /** Ends the answers in progress. */
  @Override
  public void close() {
    queues.close();
  }

  private static final class Body implements Flow.Subscriber<List<ByteBuffer>>, PieceQueues.Source {
    private volatile @Nullable PieceQueue<List<ByteBuffer>> queue;
    private volatile Flow.@Nullable Subscription subscription;
    private volatile boolean closed;

    private PieceQueue<List<ByteBuffer>> queue() {
      return requireNonNull(queue, "queue");
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      if (closed) {
        given.cancel();
        return;
      }
      queue().begun();
      given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> pieces) {
      queue().piece(pieces);
    }

    @Override
    public void onError(Throwable failure) {
      queue().failed(failure);
    }

    @Override
    public void onComplete() {
      queue().ended();
    }

    @Override
    public void request() {
      requireNonNull(subscription, "subscription").request(1);
    }

    @Override
    public void close() {
      closed = true;
      Flow.Subscription begun = subscription;
      if (begun != null) {
        begun.cancel();
      }
    }
  }
}
