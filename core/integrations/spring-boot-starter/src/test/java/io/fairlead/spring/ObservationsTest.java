package io.fairlead.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
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
    context.withUserConfiguration(Applications.Observed.class).run(context -> {
      assertThat(context).hasNotFailed();
      MeterRegistry meters = context.getBean(MeterRegistry.class);

      use(context);

      assertThat(context.getBean(Applications.Spans.class).ended(3)).hasSize(3);
      assertThat(count(
              meters,
              "fairlead.operations",
              "platform",
              "local",
              "verb",
              "deploy",
              "name",
              "echo",
              "variant",
              "blue",
              "outcome",
              "success"))
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
  void aSpanHasTheSameKeysAndNothingOfARequestOrAnAnswer() {
    context.withUserConfiguration(Applications.Observed.class).run(context -> {
      use(context);

      List<Observation.Context> spans =
          context.getBean(Applications.Spans.class).ended(3);
      assertThat(spans)
          .extracting(Observation.Context::getContextualName)
          .containsExactly("deploy echo", "invoke echo", "invoke echo");
      Observation.Context failed = spans.get(2);
      assertThat(failed.getError())
          .isInstanceOf(ServingException.class)
          .hasMessage("model_failed")
          .hasNoCause();
      assertThat(failed.getAllKeyValues().stream().map(KeyValue::toString))
          .allSatisfy(key -> assertThat(key).doesNotContain("a payload", "asked to"));
    });
  }

  @Test
  void whatAnInvocationDoesIsBelowItsSpanAndItIsBelowTheCallers() {
    context.withUserConfiguration(Applications.Observed.class, Inner.class).run(context -> {
      ObservationRegistry registry = context.getBean(ObservationRegistry.class);
      Inner.current = registry::getCurrentObservation;
      EndpointPlatform own = context.getBean("own", EndpointPlatform.class);

      Observation outer = Observation.start("outer", registry);
      outer.scoped(() -> own.list(LIMIT));
      outer.scoped(() -> own.invoke(context.getBean(Endpoint.class), Request.json("[1]")));

      assertThat(Inner.seen).hasSize(1);
      assertThat(Inner.seen.get(0).getContextView().getName()).isEqualTo("fairlead.invocations");
      assertThat(Inner.seen.get(0).getContextView().getParentObservation()).isSameAs(outer);
      assertThat(registry.getCurrentObservation()).isNull();
    });
  }

  @Test
  void theApplicationsOwnConventionReplacesTheKeys() {
    context
        .withUserConfiguration(Applications.Observed.class)
        .withBean(PlatformObservationConvention.class, Teams::new)
        .run(context -> {
          use(context);

          assertThat(count(
                  context.getBean(MeterRegistry.class), "fairlead.invocations", "team", "search"))
              .isEqualTo(2);
        });
  }

  private static final class Teams extends PlatformObservationConvention {
    @Override
    public KeyValues getLowCardinalityKeyValues(PlatformObservationContext context) {
      return super.getLowCardinalityKeyValues(context).and("team", "search");
    }
  }

  @Test
  void theApplicationsOwnPlatformIsTimedToo() {
    context.withUserConfiguration(Applications.Observed.class, Own.class).run(context -> {
      use(context);

      assertThat(count(
              context.getBean(MeterRegistry.class), "fairlead.invocations", "outcome", "success"))
          .isEqualTo(1);
    });
  }

  @Test
  void anOperationThatIsRefusedIsTimedToo() {
    context.withUserConfiguration(Applications.Observed.class).run(context -> {
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
        .withUserConfiguration(Applications.Observed.class)
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

  /** A platform that notes which observation it is called in. */
  @Configuration(proxyBeanMethods = false)
  static class Inner {
    static final List<Observation> seen = new ArrayList<>();
    static Supplier<@Nullable Observation> current = () -> null;

    @Bean
    EndpointPlatform own() {
      return (EndpointPlatform) Proxy.newProxyInstance(
          EndpointPlatform.class.getClassLoader(),
          new Class<?>[] {EndpointPlatform.class},
          (proxy, method, arguments) -> {
            if (method.getName().equals("invoke")) {
              seen.add(current.get());
              return Response.json("[1]");
            }
            return method.getName().equals("list") ? List.of() : null;
          });
    }
  }
}
