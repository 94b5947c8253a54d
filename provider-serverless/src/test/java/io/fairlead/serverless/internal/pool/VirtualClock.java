package io.fairlead.serverless.internal.pool;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A clock that goes on when it is told to, and on its way does what is due, in order. For one thread. */
final class VirtualClock implements PoolClock {
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::time).thenComparingLong(Event::number));
  private long now;
  private long number;

  private record Event(long time, long number, Runnable action) {}

  @Override
  public long now() {
    return now;
  }

  @Override
  public Alarm at(long time, Runnable action) {
    Event event = new Event(Math.max(time, now), number++, action);
    events.add(event);
    return () -> events.remove(event);
  }

  /** Lets something happen a while from now. */
  void in(Duration delay, Runnable action) {
    at(now + delay.toNanos(), action);
  }

  /** Lets time pass. */
  void pass(Duration duration) {
    passUntil(now + duration.toNanos());
  }

  void passUntil(long time) {
    while (!events.isEmpty() && events.peek().time() <= time) {
      Event event = events.poll();
      now = event.time();
      event.action().run();
    }
    now = time;
  }

  /** {@return whether nothing is going to happen any more} */
  boolean isQuiet() {
    return events.isEmpty();
  }
}
