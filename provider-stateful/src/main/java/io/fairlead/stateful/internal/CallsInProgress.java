package io.fairlead.stateful.internal;

import io.fairlead.provider.Durations;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The calls of a model that are in progress, for who waits until there are none. */
final class CallsInProgress {
  private final AtomicInteger count = new AtomicInteger();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();

  void begin() {
    count.incrementAndGet();
  }

  void end() {
    if (count.decrementAndGet() == 0) {
      lock.lock();
      try {
        none.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  int count() {
    return count.get();
  }

  /** Waits until there are none, or the limit passes. */
  void awaitNone(Duration limit) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = Durations.nanos(limit);
      while (count.get() > 0 && left > 0) {
        left = none.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /** {@return whether a call began, which it does only while fewer than so many are in progress} */
  boolean tryBegin(int most) {
    while (true) {
      int now = count.get();
      if (now >= most) {
        return false;
      }
      if (count.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }
}
