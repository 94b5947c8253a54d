package io.fairlead.stateful.internal.persistence;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A wait for what another process does. */
public final class Until {
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);

  private Until() {}

  public static void holds(BooleanSupplier condition) {
    long begin = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - begin > LIMIT_NANOS) {
        throw new AssertionError("it did not come to hold");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }
}
