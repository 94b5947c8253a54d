package io.fairlead.memory.attic;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Response;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.Invoker;
import io.fairlead.reconcile.ReconciledEndpointPlatform;
import io.fairlead.reconcile.Reconciler;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.random.RandomGenerator;

// guide: provider
/**
 * Opens the platform {@code attic}.
 *
 * <p>Settings: {@code region}, which is required, and {@code callTimeout}, such as {@code 30s}.
 */
public final class AtticProvider implements PlatformProvider<EndpointPlatform> {
  /** The platform's id. */
  public static final String ID = "attic";

  /** Creates a provider; does nothing else. */
  public AtticProvider() {}

  @Override
  public String id() {
    return ID;
  }

  @Override
  public Class<EndpointPlatform> type() {
    return EndpointPlatform.class;
  }

  @Override
  public Capabilities capabilities() {
    return Capabilities.of(type())
        .with(
            Capability.PINNED_REQUESTS,
            Capability.AUTOSCALING,
            Capability.INSTANCE_TYPE,
            Capability.ENVIRONMENT)
        .without(Capability.IMAGE, "the attic has one image")
        .without(Capability.SCALE_TO_ZERO, "a box does not go to zero");
  }

  @Override
  public EndpointPlatform open(PlatformConfig settings) {
    String region = settings.requiredText("region", "the region to serve in");
    Optional<Duration> callTimeout = settings.duration("callTimeout");
    settings.done();
    AtticConfig config = AtticConfig.of(region);
    return open(callTimeout.map(config::withCallTimeout).orElse(config));
  }

  /** Opens the platform with settings from code. */
  EndpointPlatform open(AtticConfig config) {
    TimeSource time = TimeSource.system();
    Attic attic =
        config.client().orElseGet(() -> new Attic(time, config.region(), config.callTimeout()));
    Runnable onClose = config.client().isPresent() ? () -> {} : attic::close;
    return open(AtticKinds.of(attic), attic, time, new Random(), onClose);
  }

  static EndpointPlatform open(
      AtticKinds kinds, Attic attic, TimeSource time, RandomGenerator random, Runnable onClose) {
    Reconciler reconciler = Reconciler.builder(ID, kinds.all())
        .traffic(kinds.traffic())
        .time(time)
        .random(random)
        .build();
    return new ReconciledEndpointPlatform(reconciler, new AtticMapper(), invoker(attic), onClose);
  }

  // guide end

  // guide: invoker
  private static Invoker<Endpoint> invoker(Attic attic) {
    return (endpoint, request) -> {
      String variant = request.variant().orElse(null);
      Attic.Answer answer = AtticErrors.call(
          "invoke " + endpoint.name(),
          () -> attic.ask(endpoint.name(), variant, request.text(), request.timeout()));
      return Response.json(answer.text()).servedBy(answer.box());
    };
  }
  // guide end
}
