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
  private static final String NONE = "none";

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
  public Running started(Call call) {
    return new Running() {
      @Override
      public void ended(Ended end) {
        record(() -> timer(call, end).register(Metrics.globalRegistry).record(end.duration()));
      }
    };
  }

  private static Timer.Builder timer(Call call, Ended end) {
    Timer.Builder timer = call.isInvocation()
        ? Timer.builder("fairlead.invocations").description("Invocations of models")
        : Timer.builder("fairlead.operations")
            .description("Operations on platforms, from their call to their end")
            .tag("verb", call.verb());
    return timer
        .tag("platform", call.platform())
        .tag("name", call.name().isEmpty() ? NONE : call.name())
        .tag("variant", end.variant().orElse(NONE))
        .tag("outcome", end.outcome());
  }
}
