package io.fairlead.examples;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.serverless.FunctionMetrics;
import io.fairlead.serverless.ServerlessPlatform;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Waiting for the state of a function's instances. */
final class Instances {
  private static final long PAUSE_NANOS = Duration.ofMillis(10).toNanos();

  private Instances() {}

  /**
   * Waits until a function has no instance.
   *
   * @param seen called with each status
   */
  static void awaitNone(
      ServerlessPlatform platform,
      ModelFunction function,
      Duration limit,
      Consumer<FunctionMetrics> seen) {
    long begin = System.nanoTime();
    for (FunctionMetrics status = platform.metrics(function);
        status.instances() > 0;
        status = platform.metrics(function)) {
      seen.accept(status);
      if (System.nanoTime() - begin > limit.toNanos() || Thread.currentThread().isInterrupted()) {
        throw new ServingException(
            platform.id(),
            ErrorKind.TIMEOUT,
            "Function '" + function.name() + "' still has " + status.instances()
                + " instances: another caller invokes it, or an invocation does not end.");
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
