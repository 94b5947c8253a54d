package io.fairlead.contract;

import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** Time that passes only when somebody waits, and then at once. */
public final class VirtualTime implements TimeSource {
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  private final ReentrantLock lock = new ReentrantLock();
  private final List<Event> events = new ArrayList<>();
  private Instant date = BEGIN;
  private Duration elapsed = Duration.ofDays(1);
  private int pauses;

  private record Event(Duration at, Runnable action) {}

  /** Makes a clock. */
  public VirtualTime() {}

  /** {@return another clock that stands as this one does now} */
  public VirtualTime copy() {
    lock.lock();
    try {
      if (!events.isEmpty()) {
        throw new IllegalStateException("what is to happen later cannot be copied");
      }
      VirtualTime copy = new VirtualTime();
      copy.date = date;
      copy.elapsed = elapsed;
      return copy;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Instant now() {
    lock.lock();
    try {
      return date;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Duration elapsed() {
    lock.lock();
    try {
      return elapsed;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void pause(Duration duration) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    lock.lock();
    try {
      pauses++;
    } finally {
      lock.unlock();
    }
    pass(duration);
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }

  /** Lets time pass, and what was to happen in it happen. */
  public void pass(Duration duration) {
    Duration end = elapsed().plus(duration);
    for (Event due = nextUntil(end); due != null; due = nextUntil(end)) {
      advanceTo(due.at());
      due.action().run();
    }
    advanceTo(end);
  }

  private Event nextUntil(Duration end) {
    lock.lock();
    try {
      Event next = null;
      for (Event event : events) {
        if (event.at().compareTo(end) <= 0
            && (next == null || event.at().compareTo(next.at()) < 0)) {
          next = event;
        }
      }
      events.remove(next);
      return next;
    } finally {
      lock.unlock();
    }
  }

  /** Never back, because others may have waited for longer meanwhile. */
  private void advanceTo(Duration to) {
    lock.lock();
    try {
      if (to.compareTo(elapsed) > 0) {
        date = date.plus(to.minus(elapsed));
        elapsed = to;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Lets something happen when this much time has passed, on the thread that waits then. */
  public void in(Duration duration, Runnable action) {
    lock.lock();
    try {
      events.add(new Event(elapsed.plus(duration), action));
    } finally {
      lock.unlock();
    }
  }

  /** Jumps the clock that nobody sets, as a machine does that slept; negative to go back, as a broken one does. */
  public void jump(Duration by) {
    lock.lock();
    try {
      elapsed = elapsed.plus(by);
    } finally {
      lock.unlock();
    }
  }

  /** Sets the date, and no other clock. */
  public void setDate(Instant newDate) {
    lock.lock();
    try {
      date = newDate;
    } finally {
      lock.unlock();
    }
  }

  /** {@return how often somebody waited} */
  public int pauses() {
    lock.lock();
    try {
      return pauses;
    } finally {
      lock.unlock();
    }
  }
}
