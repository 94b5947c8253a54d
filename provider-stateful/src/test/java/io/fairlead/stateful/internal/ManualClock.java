package io.fairlead.stateful.internal;

import io.fairlead.contract.VirtualTime;
import io.fairlead.provider.TimeSource;
import java.time.Duration;

/** A clock that tests move: what is due in the time that passes is done when it has. */
final class ManualClock implements StateClock {
  private final VirtualTime time = new VirtualTime();

  @Override
  public TimeSource time() {
    return time;
  }

  @Override
  public long nanos() {
    return time.elapsed().toNanos();
  }

  @Override
  public long millis(long nanos) {
    return time.now().toEpochMilli();
  }

  @Override
  public Timer every(Duration interval, Runnable action) {
    Repeated repeated = new Repeated(interval, action);
    repeated.schedule();
    return repeated;
  }

  @Override
  public void soon(Runnable action) {
    action.run();
  }

  private final class Repeated implements Timer {
    private final Duration interval;
    private final Runnable action;
    private volatile boolean cancelled;

    Repeated(Duration interval, Runnable action) {
      this.interval = interval;
      this.action = action;
    }

    void schedule() {
      time.in(interval, () -> {
        if (!cancelled) {
          action.run();
          schedule();
        }
      });
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  void pass(Duration duration) {
    time.pass(duration);
  }

  @Override
  public void close() {
    // It has no threads.
  }
}
