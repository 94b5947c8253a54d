package io.fairlead.serverless.internal;

import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The run of a model on a thread of the platform, which is interrupted when its caller has gone. */
final class AbandonableRun {
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private boolean abandoned;
  private @Nullable Thread thread;

  /** Runs a model on this thread, unless its caller has gone already. */
  <T> T run(Supplier<T> work) {
    lock.lock();
    try {
      if (abandoned) {
        throw gone();
      }
      thread = Thread.currentThread();
    } finally {
      lock.unlock();
    }
    try {
      return work.get();
    } finally {
      lock.lock();
      try {
        thread = null;
        if (abandoned) {
          // The interrupt was for this response; the next task of the thread must not see it.
          Thread.interrupted();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** Notes that the caller has gone, and interrupts the model if it runs. Idempotent. */
  void abandon() {
    lock.lock();
    try {
      if (!abandoned) {
        abandoned = true;
        if (thread != null) {
          thread.interrupt();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  static CancellationException gone() {
    return new CancellationException("the caller of this invocation has gone");
  }
}
