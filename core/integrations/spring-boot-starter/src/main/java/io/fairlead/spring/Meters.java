package io.fairlead.spring;

import io.fairlead.platform.PlatformListener;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Timers of invocations and operations; requests and answers are in no meter. */
final class Meters implements PlatformListener {
  private final Supplier<@Nullable MeterRegistry> registry;

  Meters(Supplier<@Nullable MeterRegistry> registry) {
    this.registry = registry;
  }

  @Override
  public void invoked(Invocation invocation) {
    MeterRegistry meters = registry.get();
    if (meters != null) {
      Timer.builder("fairlead.invocations")
          .description("Invocations of models")
          .tag("platform", invocation.platform())
          .tag("name", invocation.name())
          .tag("variant", invocation.variant().orElse("none"))
          .tag("outcome", invocation.outcome())
          .register(meters)
          .record(invocation.duration());
    }
  }

  @Override
  public void operated(Operated operation) {
    MeterRegistry meters = registry.get();
    if (meters != null) {
      Timer.builder("fairlead.operations")
          .description("Operations on platforms, from their call to their end")
          .tag("platform", operation.platform())
          .tag("verb", operation.verb())
          .tag("outcome", operation.outcome())
          .register(meters)
          .record(operation.duration());
    }
  }
}
