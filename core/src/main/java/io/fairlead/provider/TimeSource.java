package io.fairlead.provider;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/** Where time comes from and how it is waited for; tests bring their own. */
public interface TimeSource {
  /** {@return the date, which may jump; only to compare with dates that platforms tell} */
  Instant now();

  /** {@return the time since a fixed moment, by a clock that nobody sets} */
  Duration elapsed();

  /** Waits. */
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
