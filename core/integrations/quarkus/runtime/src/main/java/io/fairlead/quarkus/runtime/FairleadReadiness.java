package io.fairlead.quarkus.runtime;

import io.fairlead.config.PlatformHealth;
import io.fairlead.config.PlatformHealth.Health;
import io.fairlead.config.PlatformHealth.State;
import io.fairlead.config.PlatformsHealth;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/** The readiness of what the configuration declares: UP if all of it answers requests. */
@Readiness
@ApplicationScoped
public class FairleadReadiness implements HealthCheck {
  private final PlatformsHealth platforms;

  public FairleadReadiness(PlatformsHealth platforms) {
    this.platforms = platforms;
  }

  /** {@return the worst state, with that of each platform, and a sentence for each endpoint and function} */
  @Override
  public HealthCheckResponse call() {
    HealthCheckResponseBuilder response = HealthCheckResponse.named("Fairlead");
    boolean up = true;
    for (Map.Entry<String, PlatformHealth> each : platforms.byPlatform().entrySet()) {
      Health health = each.getValue().health();
      up &= health.state() == State.UP;
      response.withData(each.getKey(), health.state().name());
      health
          .details()
          .forEach((name, detail) -> response.withData(each.getKey() + "." + name, detail));
    }
    return response.status(up).build();
  }
}
