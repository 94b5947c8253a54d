package io.fairlead.serverless.internal;

import io.fairlead.serverless.internal.pool.PoolClock;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.locks.ReentrantLock;

/** A clock that goes on when a test tells it to, for any number of threads. */
final class MovedClock implements PoolClock {
  private final ReentrantLock lock = new ReentrantLock();
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::time).thenComparingLong(Event::number));
  private long now;
  private long number;

  private record Event(long time, long number, Runnable action) {}

  @Override
  public long now() {
    lock.lock();
    try {
      return now;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Alarm at(long time, Runnable action) {
    lock.lock();
    try {
      Event event = new Event(time, number++, action);
      events.add(event);
      return () -> remove(event);
    } finally {
      lock.unlock();
    }
  }

  private void remove(Event event) {
    lock.lock();
    try {
      events.remove(event);
    } finally {
      lock.unlock();
    }
  }

  /** Lets time pass, and does what is due in it. */
  void pass(Duration duration) {
    long end = now() + duration.toNanos();
    for (Runnable due = next(end); due != null; due = next(end)) {
      due.run();
    }
  }

  private Runnable next(long end) {
    lock.lock();
    try {
      Event event = events.peek();
      if (event == null || event.time() > end) {
        now = Math.max(now, end);
        return null;
      }
      events.remove();
      now = Math.max(now, event.time());
      return event.action();
    } finally {
      lock.unlock();
    }
  }
}
