package io.fairlead.quarkus.runtime;

import io.fairlead.config.InvalidConfigurationException;
import io.quarkus.runtime.RuntimeValue;
import io.quarkus.runtime.ShutdownContext;
import io.quarkus.runtime.annotations.Recorder;
import io.quarkus.runtime.metrics.MetricsFactory;
import io.smallrye.config.SmallRyeConfig;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.ConfigProvider;

/** What happens to platforms, endpoints and functions when the application starts. */
@Recorder
public class FairleadRecorder {
  /**
   * Reads the configuration and opens the platforms.
   *
   * @param built what the application was built for
   * @throws io.quarkus.runtime.configuration.ConfigurationException if there is a mistake, with all of them
   */
  public RuntimeValue<Application> open(BuiltFor built, ShutdownContext shutdown) {
    SmallRyeConfig config = ConfigProvider.getConfig().unwrap(SmallRyeConfig.class);
    try {
      Application application = new Application(Configuration.read(config), built);
      // After all else: a request in progress, and a bean that is destroyed, may still invoke.
      shutdown.addLastShutdownTask(application::close);
      return new RuntimeValue<>(application);
    } catch (InvalidConfigurationException e) {
      throw Mistakes.of(e);
    }
  }

  /** {@return a platform of the configuration} */
  public Supplier<?> platform(RuntimeValue<Application> application, String name) {
    return () -> application.getValue().platform(name);
  }

  /** {@return an endpoint or function of the configuration} */
  public Supplier<?> value(RuntimeValue<Application> application, String name) {
    return () -> application.getValue().value(name);
  }

  /** {@return the health of the platforms} */
  public Supplier<?> health(RuntimeValue<Application> application) {
    return () -> application.getValue().health();
  }

  /** {@return what is called when the registries of meters are there} */
  public Consumer<MetricsFactory> metersAreReady(RuntimeValue<Application> application) {
    return factory -> application.getValue().metersAreReady();
  }

  /** Deploys what is to be deployed at start. */
  public void deploy(RuntimeValue<Application> application) {
    application.getValue().deploy();
  }
}
