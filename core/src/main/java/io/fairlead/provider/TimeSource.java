package io.fairlead.provider;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/** A source of time and pauses; tests have their own. */
public interface TimeSource {
  /** {@return the wall-clock time, which may jump; only to compare with times that platforms report} */
  Instant now();

  /** {@return the time since a fixed moment, by a monotonic clock} */
  Duration elapsed();

  /** Waits, at least this long. */
  void pause(Duration duration) throws InterruptedException;

  /** {@return this machine's clocks} */
  static TimeSource system() {
    return SystemTime.INSTANCE;
  }

  /** This machine's clocks. */
  enum SystemTime implements TimeSource {
    INSTANCE;

    @Override
    public Instant now() {
      return Instant.now();
    }

    @Override
    public Duration elapsed() {
      return Duration.ofNanos(System.nanoTime());
    }

    @Override
    public void pause(Duration duration) throws InterruptedException {
      TimeUnit.NANOSECONDS.sleep(duration.toNanos());
    }
  }
}
