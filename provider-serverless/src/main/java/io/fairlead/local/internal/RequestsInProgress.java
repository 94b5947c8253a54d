package io.fairlead.local.internal;

import io.fairlead.provider.Durations;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The requests in progress, those that wait for an instance included; a close waits for their end. */
final class RequestsInProgress {
  private final AtomicLong count = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private volatile boolean isAwaited;

  /** Counts a request; {@link #end} has to follow. */
  void begin() {
    count.incrementAndGet();
  }

  void end() {
    if (count.decrementAndGet() == 0 && isAwaited) {
      lock.lock();
      try {
        ended.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits until none is in progress, the time is over, or the thread is interrupted, whose flag then stays set. */
  void awaitEnd(Duration limit) {
    isAwaited = true;
    lock.lock();
    try {
      long left = Durations.nanos(limit);
      while (count.get() > 0 && left > 0) {
        left = ended.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }
}
