package io.fairlead.serverless.internal.pool;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The failures of starts since the last one that succeeded, and the exponential backoff after them.
 *
 * <p>Not thread safe. Times are in nanoseconds, of the pool's clock.
 */
final class StartFailures {
  /** How many starts may fail in a row before invocations are refused. */
  static final int MAX_FAILURES = 5;

  static final long INITIAL_BACKOFF = Duration.ofMillis(100).toNanos();
  static final long MAX_BACKOFF = Duration.ofSeconds(10).toNanos();
  private static final int MAX_DOUBLINGS = 20;

  private int count;
  private boolean permanent;
  private @Nullable Throwable last;
  private long retryAt;

  /** Notes a failed start. */
  void add(Throwable cause, boolean retryable, long now) {
    count++;
    permanent |= !retryable;
    last = cause;
    retryAt = now + Math.min(MAX_BACKOFF, INITIAL_BACKOFF << Math.min(count - 1, MAX_DOUBLINGS));
  }

  /** Ends the backoff: a start has succeeded, or someone asks for another attempt. */
  void reset() {
    count = 0;
    permanent = false;
    last = null;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** {@return whether invocations are refused rather than kept waiting for another start} */
  boolean isFailing() {
    return permanent || count >= MAX_FAILURES;
  }

  /** {@return whether no start is attempted yet} */
  boolean isBackingOff(long now) {
    return count > 0 && now < retryAt;
  }

  /** {@return the time of the next attempt} */
  long retryAt() {
    return retryAt;
  }

  /** {@return the time until the next attempt} */
  Duration retryAfter(long now) {
    return Duration.ofNanos(Math.max(0, retryAt - now));
  }

  /** {@return the last failure; null if there is none} */
  @Nullable
  Throwable last() {
    return last;
  }
}
