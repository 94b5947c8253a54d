package io.fairlead.spring;

import io.fairlead.error.ServingException;
import io.fairlead.platform.PlatformListener;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Observes invocations and operations, from which Micrometer makes timers and spans; requests and answers are in none.
 */
final class Observations implements PlatformListener {
  private final Supplier<@Nullable ObservationRegistry> registry;
  private final Supplier<PlatformObservationConvention> convention;

  Observations(
      Supplier<@Nullable ObservationRegistry> registry,
      Supplier<PlatformObservationConvention> convention) {
    this.registry = registry;
    this.convention = convention;
  }

  @Override
  public Running started(Call call) {
    ObservationRegistry observations = registry.get();
    if (observations == null) {
      return Running.IGNORED;
    }
    PlatformObservationContext context = new PlatformObservationContext(call);
    Observation observation = Observation.createNotStarted(
            call.isInvocation() ? "fairlead.invocations" : "fairlead.operations",
            () -> context,
            observations)
        .observationConvention(convention.get())
        .start();
    Observation.Scope scope = observation.openScope();
    return new Running() {
      @Override
      public void returned() {
        scope.close();
      }

      @Override
      public void ended(Ended end) {
        context.ended(end);
        // Not what was thrown: the message of a model's failure may quote the request.
        end.failure()
            .ifPresent(kind ->
                observation.error(new ServingException(call.platform(), kind, end.outcome())));
        observation.stop();
      }
    };
  }
}
