package io.fairlead.quarkus.runtime;

import static java.util.Objects.requireNonNull;

import io.fairlead.config.ApplicationPlatforms;
import io.fairlead.config.ConfigReader;
import io.fairlead.config.Declared;
import io.fairlead.config.HealthSettings;
import io.fairlead.config.OpenPlatforms;
import io.fairlead.config.PlatformsHealth;
import io.fairlead.config.StartDeployments;
import io.fairlead.config.StartSettings;
import io.fairlead.grammar.Served;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Platforms;
import io.quarkus.arc.Arc;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running application's platforms, endpoints and functions. */
public final class Application implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Application.class);

  private final BuiltFor built;
  private final Map<String, String> replaced;
  private final OpenPlatforms open;
  private final Map<String, Platform<?>> platforms = new TreeMap<>();
  private final Map<String, Declared<?>> declared = new TreeMap<>();
  private final @Nullable Meters meters;
  private final StartDeployments deployments;
  private final PlatformsHealth health;

  /**
   * Reads a configuration and opens its platforms.
   *
   * @param reader the configuration
   * @param built what the application was built for
   * @throws io.fairlead.config.InvalidConfigurationException if there is a mistake, with all of them
   */
  Application(ConfigReader reader, BuiltFor built) {
    this.built = built;
    ApplicationPlatforms all = ApplicationPlatforms.of(reader, built.ownTypes());
    this.replaced = all.replaced();
    reader.served(all.types()).forEach(each -> declared.put(each.name(), each));
    StartSettings start = reader.start();
    HealthSettings settings = reader.health();
    this.meters = reader.isObserved() && built.metered() ? new Meters() : null;
    built.check(reader, all);
    this.open = new OpenPlatforms(all.declared().values(), reader.problems());
    for (String name : all.declared().keySet()) {
      Platform<?> platform = open.get(name);
      platforms.put(
          name,
          meters == null ? platform : Platforms.observed(platform, name, meters, Platform.class));
    }
    replaced.forEach((name, own) -> LOG.info(
        "Platform {} of the configuration is the application's own bean {}, of the same type.",
        name,
        own));
    List<Declared<?>> served = List.copyOf(declared.values());
    this.deployments = new StartDeployments(served, start, this::platform);
    this.health =
        new PlatformsHealth(served, deployments, settings, this::platform, System::nanoTime);
  }

  /** {@return the platform of a name: one of the configuration, or the application's own} */
  Platform<?> platform(String name) {
    Platform<?> platform = platforms.get(name);
    if (platform != null) {
      return platform;
    }
    String bean = built.beans().get(replaced.getOrDefault(name, name));
    return (Platform<?>) Arc.container().instance(Arc.container().bean(bean)).get();
  }

  /** {@return an endpoint or function of the configuration} */
  Served value(String name) {
    return requireNonNull(declared.get(name), name).value();
  }

  /** {@return the health of the platforms} */
  PlatformsHealth health() {
    return health;
  }

  /** Says that the registries of meters are there. */
  void metersAreReady() {
    if (meters != null) {
      meters.ready();
    }
  }

  /** Deploys what is to be deployed at start, and waits until it is. */
  void deploy() {
    deployments.run();
  }

  @Override
  public void close() {
    health.close();
    open.close();
  }
}
