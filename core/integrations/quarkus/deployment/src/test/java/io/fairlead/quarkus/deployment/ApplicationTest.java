package io.fairlead.quarkus.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Request;
import io.fairlead.serverless.ServerlessPlatform;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.test.QuarkusUnitTest;
import io.quarkus.test.common.http.TestHTTPResource;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An application with two platforms of one type and one of another, some of whose models are deployed at start. */
class ApplicationTest {
  @RegisterExtension
  static final QuarkusUnitTest APPLICATION = new QuarkusUnitTest()
      .withApplicationRoot(jar -> jar.addClasses(Echo.class, Own.class))
      .overrideConfigKey("quarkus.http.test-port", "0")
      .overrideConfigKey("fairlead.platforms.one.id", "local")
      .overrideConfigKey("fairlead.platforms.two.id", "local")
      .overrideConfigKey("fairlead.platforms.calls.id", "serverless")
      .overrideConfigKey("fairlead.endpoints.echo.platform", "two")
      .overrideConfigKey("fairlead.endpoints.echo.model", "java:" + Echo.class.getName())
      .overrideConfigKey("fairlead.endpoints.echo.deploy-at-start", "true")
      .overrideConfigKey("fairlead.endpoints.later.platform", "one")
      .overrideConfigKey("fairlead.endpoints.later.model", "java:" + Echo.class.getName())
      .overrideConfigKey("fairlead.functions.call.model", "java:" + Echo.class.getName())
      .overrideConfigKey("fairlead.functions.call.deploy-at-start", "true")
      .setAfterUndeployListener(() -> {
        String atShutdown = System.clearProperty("fairlead.test.at-shutdown");
        assertThat(atShutdown).isEqualTo("[3]");
      });

  @Inject
  @Named("one")
  EndpointPlatform one;

  @Inject
  @Named("two")
  EndpointPlatform two;

  @Inject
  ServerlessPlatform calls;

  @Inject
  ModelFunction call;

  @Inject
  @Named("echo")
  Endpoint echo;

  @Inject
  @Any
  Instance<Platform<?>> all;

  @Inject
  Own own;

  @Inject
  MeterRegistry meters;

  @TestHTTPResource("/q/health/ready")
  URI ready;

  @Test
  void theOnlyOneOfATypeIsInjectedByItAndOneOfSeveralByItsName() {
    assertThat(one.id()).isEqualTo("local");
    assertThat(one).isNotSameAs(two);
    assertThat(calls.id()).isEqualTo("serverless");
    assertThat(all.stream().map(Platform::id))
        .containsExactlyInAnyOrder("local", "local", "serverless");
    assertThat(echo.artifact().weights()).hasToString("java:" + Echo.class.getName());
    assertThat(call.name()).isEqualTo("call");
  }

  @Test
  void whatIsDeployedAtStartAnswersTheApplicationsOwnStartAndNothingElseIsDeployed() {
    assertThat(own.atStart()).containsExactly("[1]", "[2]");
    assertThat(one.list()).isEmpty();
    assertThat(two.list()).hasSize(1);
  }

  @Test
  void invocationsAndOperationsAreTimed() {
    two.invoke(echo, Request.json("[4]"));

    assertThat(meters
            .get("fairlead.invocations")
            .tags("platform", "two", "name", "echo", "variant", "blue", "outcome", "success")
            .timer()
            .count())
        .isPositive();
    assertThat(meters
            .get("fairlead.operations")
            .tags("platform", "calls", "verb", "deploy", "name", "call", "outcome", "success")
            .timer()
            .count())
        .isEqualTo(1);
  }

  @Test
  void theReadinessHasEachPlatformAndASentenceForWhatIsNotDeployed() throws Exception {
    HttpResponse<String> answer = HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(ready).build(), BodyHandlers.ofString());

    JsonNode fairlead = new ObjectMapper().readTree(answer.body()).at("/checks/0");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(fairlead.path("name").asText()).isEqualTo("Fairlead");
    assertThat(fairlead.path("status").asText()).isEqualTo("DOWN");
    assertThat(fairlead.at("/data/one").asText()).isEqualTo("DOWN");
    assertThat(fairlead.at("/data/one.later").asText()).isEqualTo("is not deployed");
    assertThat(fairlead.at("/data/two").asText()).isEqualTo("UP");
    assertThat(fairlead.at("/data/two.echo").asText()).contains("READY");
    assertThat(fairlead.at("/data/calls").asText()).isEqualTo("UP");
  }

  /** The application's own beans. */
  @ApplicationScoped
  static class Own {
    private final List<String> atStart = new ArrayList<>();

    @Inject
    @Named("two")
    EndpointPlatform two;

    @Inject
    FunctionPlatform calls;

    @Inject
    @Named("echo")
    Endpoint echo;

    @Inject
    ModelFunction call;

    @Produces
    @Singleton
    MeterRegistry registry() {
      return new SimpleMeterRegistry();
    }

    List<String> atStart() {
      return atStart;
    }

    void start(@Observes StartupEvent event) {
      atStart.add(two.invoke(echo, Request.json("[1]")).text());
      atStart.add(calls.invoke(call, Request.json("[2]")).text());
    }

    /** A platform is open until the application's own beans have ended. */
    void stop(@Observes ShutdownEvent event) {
      System.setProperty(
          "fairlead.test.at-shutdown", two.invoke(echo, Request.json("[3]")).text());
    }
  }
}
