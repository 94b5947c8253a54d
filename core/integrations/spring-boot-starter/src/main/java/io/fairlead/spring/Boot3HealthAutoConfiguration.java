package io.fairlead.spring;

import io.fairlead.config.PlatformHealth;
import io.fairlead.config.PlatformsHealth;
import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.actuate.health.CompositeHealthContributor;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthContributor;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

/** The health of the platforms, for the health endpoint of Spring Boot 3.5. */
@AutoConfiguration(after = FairleadAutoConfiguration.class)
@ConditionalOnClass(name = "org.springframework.boot.actuate.health.HealthContributor")
@ConditionalOnEnabledHealthIndicator("fairlead")
@Conditional(OnServed.class)
public class Boot3HealthAutoConfiguration {
  /** Creates the configuration; does nothing else. */
  public Boot3HealthAutoConfiguration() {}

  @Bean
  HealthContributor fairleadHealthContributor(PlatformsHealth platforms) {
    return CompositeHealthContributor.fromMap(
        platforms.byPlatform(), Boot3HealthAutoConfiguration::indicator);
  }

  private static HealthIndicator indicator(PlatformHealth platform) {
    return () -> {
      PlatformHealth.Health health = platform.health();
      return new Health.Builder()
          .status(health.state().name())
          .withDetails(health.details())
          .build();
    };
  }
}
