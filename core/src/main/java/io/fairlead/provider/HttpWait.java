package io.fairlead.provider;

import java.util.concurrent.locks.ReentrantLock;

/**
 * The wait of a thread for the headers of an answer, which others can end by an interrupt.
 *
 * <p>The client waits on the calling thread, because handing an answer from one thread to the next takes as long as a
 * small request.
 */
final class HttpWait {
  private final Thread thread = Thread.currentThread();
  private final ReentrantLock lock = new ReentrantLock();
  private boolean left;
  private boolean ended;

  /** Ends the wait, if it goes on. */
  void end() {
    lock.lock();
    try {
      if (!left) {
        ended = true;
        thread.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Leaves the wait, and clears the interrupt that has ended it; idempotent.
   *
   * @return whether it was ended
   */
  boolean leave() {
    lock.lock();
    try {
      if (ended && !left) {
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
