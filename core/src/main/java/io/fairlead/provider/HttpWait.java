package io.fairlead.provider;

import io.fairlead.provider.HttpFailure.Stage;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The wait of a thread for an answer, which others can end by an interrupt.
 *
 * <p>The client waits on the calling thread, because handing an answer from one thread to the next takes as long as a
 * small request.
 */
final class HttpWait {
  private final Thread thread = Thread.currentThread();
  private final ReentrantLock lock = new ReentrantLock();
  private boolean left;
  private @Nullable Stage ended;

  /** Ends the wait for a reason, if it goes on and has not been ended. */
  void end(Stage reason) {
    lock.lock();
    try {
      if (!left && ended == null) {
        ended = reason;
        thread.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Leaves the wait, and clears the interrupt that has ended it; idempotent.
   *
   * @return the reason for which it was ended; null if it was not
   */
  @Nullable
  Stage leave() {
    lock.lock();
    try {
      if (ended != null && !left) {
        // Nobody else's: it would interrupt what the thread does next.
        Thread.interrupted();
      }
      left = true;
      return ended;
    } finally {
      lock.unlock();
    }
  }
}
