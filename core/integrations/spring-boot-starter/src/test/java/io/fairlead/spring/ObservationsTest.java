package io.fairlead.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

class ObservationsTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final ApplicationContextRunner context = Applications.context(
      "fairlead.platforms.local.id=local",
      "fairlead.endpoints.echo.model=java:io.fairlead.spring.Echo");

  @Test
  void invocationsAndOperationsAreTimedByPlatformNameVariantAndOutcome() {
    context.withUserConfiguration(Applications.Metered.class).run(context -> {
      assertThat(context).hasNotFailed();
      MeterRegistry meters = context.getBean(MeterRegistry.class);

      use(context);

      assertThat(count(meters, "fairlead.operations", "verb", "deploy", "outcome", "success"))
          .isEqualTo(1);
      assertThat(count(
              meters,
              "fairlead.invocations",
              "platform",
              "local",
              "name",
              "echo",
              "variant",
              "blue",
              "outcome",
              "success"))
          .isEqualTo(1);
      assertThat(count(meters, "fairlead.invocations", "name", "echo", "outcome", "model_failed"))
          .isEqualTo(1);
      assertThat(meters.getMeters().stream()
              .map(Meter::getId)
              .map(Object::toString)
              .toList()
              .toString())
          .doesNotContain("a payload");
    });
  }

  @Test
  void theApplicationsOwnPlatformIsTimedToo() {
    context.withUserConfiguration(Applications.Metered.class, Own.class).run(context -> {
      use(context);

      assertThat(count(
              context.getBean(MeterRegistry.class), "fairlead.invocations", "outcome", "success"))
          .isEqualTo(1);
    });
  }

  @Test
  void anOperationThatIsRefusedIsTimedToo() {
    context.withUserConfiguration(Applications.Metered.class).run(context -> {
      EndpointPlatform local = context.getBean(EndpointPlatform.class);

      assertThatThrownBy(() -> local.sweep(Duration.ofSeconds(-1)))
          .isInstanceOf(IllegalArgumentException.class);

      assertThat(count(
              context.getBean(MeterRegistry.class),
              "fairlead.operations",
              "verb",
              "sweep",
              "outcome",
              "invalid"))
          .isEqualTo(1);
    });
  }

  @Test
  void withoutARegistryThePlatformWorksAsBefore() {
    context.run(ObservationsTest::use);
  }

  @Test
  void itCanBeTurnedOff() {
    context
        .withUserConfiguration(Applications.Metered.class)
        .withPropertyValues("fairlead.observations.enabled=false")
        .run(context -> {
          assertThat(Proxy.isProxyClass(context.getBean(EndpointPlatform.class).getClass()))
              .isFalse();
          use(context);
          assertThat(context.getBean(MeterRegistry.class).getMeters()).isEmpty();
        });
  }

  private static void use(ApplicationContext context) {
    EndpointPlatform local = context.getBean(EndpointPlatform.class);
    Endpoint echo = context.getBean(Endpoint.class);
    local.deploy(echo.container(), echo.scaling(), echo.routing()).await(LIMIT);
    assertThat(local.invoke(echo, Request.json("\"a payload\"")).text()).isEqualTo("\"a payload\"");
    assertThatThrownBy(() -> local.invoke(echo, Request.json("\"fail\"")))
        .isInstanceOf(ServingException.class);
    assertThat(Set.of(local)).contains(context.getBean("local", EndpointPlatform.class));
  }

  private static long count(MeterRegistry meters, String name, String... tags) {
    return meters.find(name).tags(tags).timers().stream()
        .mapToLong(Timer::count)
        .sum();
  }

  @Configuration(proxyBeanMethods = false)
  static class Own {
    @Bean
    EndpointPlatform local() {
      return new LocalProvider().open(LocalConfig.DEFAULT);
    }
  }
}
