package io.fairlead.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.config.PlatformHealth;
import io.fairlead.config.PlatformsHealth;
import io.fairlead.config.StartFailedException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

class DeployAtStartTest {
  private static final String ECHO = "java:io.fairlead.spring.Echo";

  @Test
  void theApplicationIsReadyWhenWhatIsDeployedAtStartAnswers() {
    try (ConfigurableApplicationContext context = Applications.started(
        Watching.class,
        "fairlead.platforms.local.id=local",
        "fairlead.platforms.serverless.id=serverless",
        "fairlead.endpoints.echo.model=" + ECHO,
        "fairlead.endpoints.echo.deploy-at-start=true",
        "fairlead.endpoints.later.model=" + ECHO,
        "fairlead.functions.call.model=" + ECHO,
        "fairlead.functions.call.deploy-at-start=true")) {
      ApplicationAvailability availability = context.getBean(ApplicationAvailability.class);
      assertThat(availability.getReadinessState()).isEqualTo(ReadinessState.ACCEPTING_TRAFFIC);
      // What it was when the application's own runner ran, by when all is deployed.
      assertThat(context.getBean(Watching.class).seen).containsExactly("REFUSING_TRAFFIC");
      EndpointPlatform local = context.getBean(EndpointPlatform.class);
      assertThat(local.list()).extracting(Deployment::name).containsExactly("echo");
      assertThat(local
              .invoke(context.getBean("echo", Endpoint.class), Request.json("[1]"))
              .text())
          .isEqualTo("[1]");
      assertThat(context
              .getBean(FunctionPlatform.class)
              .invoke(context.getBean(ModelFunction.class), Request.json("[2]"))
              .text())
          .isEqualTo("[2]");
    }
  }

  @Test
  void whatCannotBeDeployedFailsTheStartWithTheReasonOfEach() {
    assertThatThrownBy(() -> Applications.started(
            Applications.Plain.class,
            "fairlead.platforms.local.id=local",
            "fairlead.endpoints.one.model=classpath:absent.onnx",
            "fairlead.endpoints.one.deploy-at-start=true",
            "fairlead.endpoints.two.model=java:acme.Absent",
            "fairlead.endpoints.two.deploy-at-start=true"))
        .isInstanceOfSatisfying(StartFailedException.class, failed -> {
          assertThat(failed.sentences()).hasSize(2);
          assertThat(failed.sentences().get(0))
              .startsWith("one could not be deployed at start: ")
              .contains("absent.onnx");
          assertThat(failed.sentences().get(1)).contains("acme.Absent");
          assertThat(new StartFailedFailureAnalyzer().analyze(failed).getDescription())
              .contains("absent.onnx")
              .contains("acme.Absent");
        });
  }

  @Test
  void ifItIsSetSoTheApplicationStartsAndItsHealthIsDownWithTheReason() {
    try (ConfigurableApplicationContext context = Applications.started(
        Applications.Plain.class,
        "fairlead.platforms.local.id=local",
        "fairlead.start.on-failure=down",
        "fairlead.endpoints.one.model=classpath:absent.onnx",
        "fairlead.endpoints.one.deploy-at-start=true")) {
      PlatformHealth.Health health =
          context.getBean(PlatformsHealth.class).byPlatform().get("local").health();
      assertThat(health.state()).isEqualTo(PlatformHealth.State.DOWN);
      assertThat(health.details().get("one"))
          .startsWith("one could not be deployed at start")
          .contains("absent.onnx");
    }
  }

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Watching {
    final List<String> seen = new ArrayList<>();

    @Bean
    ApplicationRunner own(
        ApplicationAvailability availability, EndpointPlatform local, Endpoint[] endpoints) {
      return arguments -> {
        assertThat(local.status(endpoints[0], Duration.ofSeconds(5))).isPresent();
        seen.add(String.valueOf(availability.getReadinessState()));
      };
    }
  }
}
