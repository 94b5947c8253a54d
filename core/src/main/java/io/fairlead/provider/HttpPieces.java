package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Passes the body of a streaming answer to its queue, as the network has cut it. */
final class HttpPieces implements Flow.Subscriber<List<ByteBuffer>>, PieceQueues.Source {
  private volatile @Nullable PieceQueue<List<ByteBuffer>> queue;
  private volatile Flow.@Nullable Subscription subscription;
  private volatile boolean closed;

  void passTo(PieceQueue<List<ByteBuffer>> newQueue) {
    queue = newQueue;
  }

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
