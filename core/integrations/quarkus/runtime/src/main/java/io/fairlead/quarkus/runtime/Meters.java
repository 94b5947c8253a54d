package io.fairlead.quarkus.runtime;

import io.fairlead.platform.PlatformListener;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Timers of invocations and operations; requests and answers are in no meter.
 *
 * <p>What is timed before the application's registries are there is kept for them: they are made while the application
 * starts, and so may be what is deployed then.
 */
final class Meters implements PlatformListener {
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Runnable> early = new ArrayList<>();
  private boolean ready;

  /** Says that the registries are there. */
  void ready() {
    lock.lock();
    try {
      ready = true;
      early.forEach(Runnable::run);
      early.clear();
    } finally {
      lock.unlock();
    }
  }

  private void record(Runnable timed) {
    lock.lock();
    try {
      if (!ready) {
        early.add(timed);
        return;
      }
    } finally {
      lock.unlock();
    }
    timed.run();
  }

  @Override
  public void invoked(Invocation invocation) {
    record(() -> Timer.builder("fairlead.invocations")
        .description("Invocations of models")
        .tag("platform", invocation.platform())
        .tag("name", invocation.name())
        .tag("variant", invocation.variant().orElse("none"))
        .tag("outcome", invocation.outcome())
        .register(Metrics.globalRegistry)
        .record(invocation.duration()));
  }

  @Override
  public void operated(Operated operation) {
    record(() -> Timer.builder("fairlead.operations")
        .description("Operations on platforms, from their call to their end")
        .tag("platform", operation.platform())
        .tag("verb", operation.verb())
        .tag("outcome", operation.outcome())
        .register(Metrics.globalRegistry)
        .record(operation.duration()));
  }
}
