package io.fairlead.serverless.internal;

import io.fairlead.provider.PieceQueue;
import io.fairlead.provider.PieceQueues;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The hand-over of streamed pieces from a model on a thread of the platform to its caller, with backpressure.
 *
 * <p>A model computes one piece ahead of the caller, and no more.
 */
final class HandedPieces implements PieceQueues.Source, Consumer<ByteBuffer> {
  private final PieceQueue<ByteBuffer> queue;
  private final AbandonableRun run = new AbandonableRun();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock. The first piece is requested from the start.
  private int requested = 1;
  private boolean abandoned;

  /**
   * Creates the hand-over.
   *
   * @param open opens the queue of which this is the source
   */
  HandedPieces(Function<PieceQueues.Source, PieceQueue<ByteBuffer>> open) {
    this.queue = open.apply(this);
  }

  PieceQueue<ByteBuffer> queue() {
    return queue;
  }

  // ---- on the model's thread ----

  /** Runs a model that hands its pieces to this; it is interrupted when its caller has gone. */
  <T> T run(Supplier<T> work) {
    return run.run(work);
  }

  @Override
  public void accept(ByteBuffer piece) {
    lock.lock();
    try {
      while (requested == 0 && !abandoned) {
        changed.await();
      }
      if (abandoned) {
        throw AbandonableRun.gone();
      }
      requested--;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw AbandonableRun.gone();
    } finally {
      lock.unlock();
    }
    byte[] copy = new byte[piece.remaining()];
    piece.get(copy);
    queue.piece(ByteBuffer.wrap(copy));
  }

  // ---- on the caller's ----

  @Override
  public void request() {
    lock.lock();
    try {
      requested++;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      abandoned = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
    run.abandon();
  }
}
