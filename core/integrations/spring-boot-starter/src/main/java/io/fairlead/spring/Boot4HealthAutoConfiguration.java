package io.fairlead.spring;

import io.fairlead.config.PlatformHealth;
import io.fairlead.config.PlatformsHealth;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

/** The health of the platforms, for the health endpoint of Spring Boot 4. */
@AutoConfiguration(after = FairleadAutoConfiguration.class)
@ConditionalOnClass(name = "org.springframework.boot.health.contributor.HealthContributor")
@ConditionalOnEnabledHealthIndicator("fairlead")
@Conditional(OnServed.class)
public class Boot4HealthAutoConfiguration {
  /** Creates the configuration; does nothing else. */
  public Boot4HealthAutoConfiguration() {}

  @Bean
  HealthContributor fairleadHealthContributor(PlatformsHealth platforms) {
    return CompositeHealthContributor.fromMap(
        platforms.byPlatform(), Boot4HealthAutoConfiguration::indicator);
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
