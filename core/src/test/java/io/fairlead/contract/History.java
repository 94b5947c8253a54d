package io.fairlead.contract;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * All that was done to a stand-in of a service, and when.
 *
 * <p>Doing it again to an empty one makes a copy, in which nothing can be forgotten that was done, nor what is still to
 * happen of it. What is kept may not hold on to the stand-in that it was done to, nor to anything in it that changes.
 *
 * @param <P> what it was done to
 */
public final class History<P> {
  private final Queue<Event<P>> events = new ConcurrentLinkedQueue<>();

  private record Event<P>(Duration at, Consumer<? super P> action) {}

  /** Makes an empty one. */
  public History() {}

  /** Keeps what is done now, by the stand-in's clock. */
  public void add(VirtualTime now, Consumer<? super P> action) {
    events.add(new Event<>(now.elapsed(), action));
  }

  /**
   * Does all again, each at its time.
   *
   * @param copy empty
   * @param history the copy's own, which becomes as long as this one
   * @param clock the clock of the copy, on which no time has passed
   * @param now the clock of what is copied, as which the copy's stands in the end
   */
  public void repeat(P copy, History<P> history, VirtualTime clock, VirtualTime now) {
    for (Event<P> event : events) {
      clock.pass(event.at().minus(clock.elapsed()));
      event.action().accept(copy);
      history.events.add(event);
    }
    clock.pass(now.elapsed().minus(clock.elapsed()));
  }
}
