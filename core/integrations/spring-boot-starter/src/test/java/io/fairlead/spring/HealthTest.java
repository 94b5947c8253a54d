package io.fairlead.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.config.PlatformHealth.State;
import io.fairlead.config.PlatformsHealth;
import org.junit.jupiter.api.Test;
import org.springframework.boot.DefaultApplicationArguments;

class HealthTest {
  @Test
  void whatIsDeployedAtStartIsOutOfServiceUntilItIsDeployed() {
    Applications.context(
            "fairlead.platforms.local.id=local",
            "fairlead.endpoints.echo.model=java:io.fairlead.spring.Echo",
            "fairlead.endpoints.echo.deploy-at-start=true")
        .run(context -> {
          PlatformsHealth health = context.getBean(PlatformsHealth.class);
          assertThat(health.byPlatform().get("local").health().state())
              .isEqualTo(State.OUT_OF_SERVICE);

          context.getBean(DeployAtStart.class).run(new DefaultApplicationArguments());

          assertThat(health.byPlatform().get("local").health().state()).isEqualTo(State.UP);
        });
  }

  /** With the classes of the version of Spring Boot that the test runs with. */
  @Test
  void eachPlatformHasAContributor() {
    Applications.context(
            "fairlead.platforms.local.id=local",
            "fairlead.endpoints.echo.model=java:io.fairlead.spring.Echo")
        .run(context -> {
          assertThat(context).hasNotFailed();
          Object contributor = context.getBean("fairleadHealthContributor");
          assertThat(
                  System.getProperty("spring-boot.version").startsWith("3.")
                      ? Boot3.health(contributor)
                      : Boot4.health(contributor))
              .contains("DOWN")
              .contains("echo=is not deployed");
        });
  }

  @Test
  void withoutEndpointsAndFunctionsThereIsNoContributor() {
    Applications.context("fairlead.platforms.local.id=local")
        .run(context -> assertThat(context).doesNotHaveBean("fairleadHealthContributor"));
  }

  @Test
  void theHealthCanBeTurnedOff() {
    Applications.context(
            "management.health.fairlead.enabled=false",
            "fairlead.platforms.local.id=local",
            "fairlead.endpoints.echo.model=java:io.fairlead.spring.Echo")
        .run(context ->
            assertThat(context).hasNotFailed().doesNotHaveBean("fairleadHealthContributor"));
  }

  private static final class Boot3 {
    static String health(Object contributor) {
      return ((org.springframework.boot.actuate.health.HealthIndicator)
              ((org.springframework.boot.actuate.health.CompositeHealthContributor) contributor)
                  .getContributor("local"))
          .health()
          .toString();
    }
  }

  private static final class Boot4 {
    static String health(Object contributor) {
      return String.valueOf(((org.springframework.boot.health.contributor.HealthIndicator)
              ((org.springframework.boot.health.contributor.CompositeHealthContributor) contributor)
                  .getContributor("local"))
          .health());
    }
  }
}
