package io.fairlead.serverless.internal;

import io.fairlead.provider.PieceQueue;
import io.fairlead.provider.PieceQueues;
import java.nio.ByteBuffer;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pieces from a model on a thread of the platform's, each kept back until the caller has asked for it.
 *
 * <p>A model computes its next piece while the caller is at the last one, and no more.
 */
final class HandedPieces implements PieceQueues.Source, Consumer<ByteBuffer> {
  private final PieceQueue<ByteBuffer> queue;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock. The first piece needs no asking.
  private int asked = 1;
  private boolean givenUp;
  private @Nullable Thread model;

  /**
   * Makes a way from a model to its caller.
   *
   * @param open makes the queue that this is the source of
   */
  HandedPieces(Function<PieceQueues.Source, PieceQueue<ByteBuffer>> open) {
    this.queue = open.apply(this);
  }

  PieceQueue<ByteBuffer> queue() {
    return queue;
  }

  // ---- on the model's thread ----

  /** Runs a model that gives its pieces to this; it is interrupted when its caller has gone. */
  <T> T run(Supplier<T> work) {
    lock.lock();
    try {
      checkNotGivenUp();
      model = Thread.currentThread();
    } finally {
      lock.unlock();
    }
    try {
      return work.get();
    } finally {
      lock.lock();
      try {
        model = null;
        if (givenUp) {
          // The interrupt was this answer's; the thread's next work must not see it.
          Thread.interrupted();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  @Override
  public void accept(ByteBuffer piece) {
    lock.lock();
    try {
      while (asked == 0 && !givenUp) {
        changed.await();
      }
      checkNotGivenUp();
      asked--;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw gone();
    } finally {
      lock.unlock();
    }
    byte[] copy = new byte[piece.remaining()];
    piece.get(copy);
    queue.piece(ByteBuffer.wrap(copy));
  }

  private void checkNotGivenUp() {
    if (givenUp) {
      throw gone();
    }
  }

  private static CancellationException gone() {
    return new CancellationException("the caller of this answer has gone");
  }

  // ---- on the caller's ----

  @Override
  public void request() {
    lock.lock();
    try {
      asked++;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      givenUp = true;
      changed.signal();
      if (model != null) {
        model.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }
}
