package io.fairlead.spring;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.config.ConfigProblem;
import io.fairlead.config.InvalidConfigurationException;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platform;
import io.fairlead.serverless.ServerlessPlatform;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.core.io.support.SpringFactoriesLoader.FailureHandler;

class FairleadAutoConfigurationTest {
  private static final String ECHO = "java:io.fairlead.spring.Echo";

  @Test
  void theTestsRunWithTheVersionThatTheBuildSays() {
    assertThat(SpringBootVersion.getVersion()).isEqualTo(System.getProperty("spring-boot.version"));
  }

  @Test
  void withoutPropertiesThereIsNoPlatform() {
    Applications.context()
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(Platform.class));
  }

  @Test
  void aPlatformIsABeanOfItsName() {
    Applications.yaml("""
        fairlead:
          platforms:
            local:
            functions:
              id: serverless
              settings:
                memory: 1GB
                grace-period: 1s
        """).run(context -> {
      assertThat(context).hasNotFailed();
      assertThat(context.getBean("local", EndpointPlatform.class).id()).isEqualTo("local");
      assertThat(context.getBean(EndpointPlatform.class).id()).isEqualTo("local");
      assertThat(context.getBean(FunctionPlatform.class).id()).isEqualTo("serverless");
      assertThat(context.getBean("functions")).isInstanceOf(ServerlessPlatform.class);
    });
  }

  @Test
  void endpointsAndFunctionsAreBeansOfPlainValues() {
    Applications.yaml("""
        fairlead:
          platforms:
            local:
            serverless:
          endpoints:
            ask:
              model: sentence-transformers/all-MiniLM-L6-v2
              framework: huggingface
              framework-version: 4.37
              variant: green
              min: 1
              max: 3
              instance-type: ml.g5.xlarge
              image: registry/image:1
              environment:
                MODEL_ID: minilm
                NUM_SHARD: 1
          functions:
            echo:
              model: java:io.fairlead.spring.Echo
              memory: 64MB
              timeout: 5s
              max-concurrent: 7
              idle-timeout: 2m
              cold-start: eager
        """).run(context -> {
      assertThat(context).hasNotFailed();
      Endpoint ask = context.getBean("ask", Endpoint.class);
      assertThat(ask.artifact().weights())
          .hasToString("hf://sentence-transformers/all-MiniLM-L6-v2");
      assertThat(ask.artifact().metadata().version()).contains("4.37");
      assertThat(ask.routing().path()).isEqualTo("ask/green");
      assertThat(ask.scaling().min()).isEqualTo(1);
      assertThat(ask.scaling().max()).isEqualTo(3);
      assertThat(ask.scaling().instanceType()).contains("ml.g5.xlarge");
      assertThat(ask.container().runtime().image()).contains("registry/image:1");
      assertThat(ask.container().dependencies().environment())
          .isEqualTo(Map.of("MODEL_ID", "minilm", "NUM_SHARD", "1"));
      ModelFunction echo = context.getBean(ModelFunction.class);
      assertThat(echo.name()).isEqualTo("echo");
      assertThat(echo.limits().memoryBytes()).contains(64L << 20);
      assertThat(echo.limits().timeout()).isEqualTo(Duration.ofSeconds(5));
      assertThat(echo.limits().maxConcurrent()).isEqualTo(7);
      assertThat(echo.limits().idleTimeout()).isEqualTo(Duration.ofMinutes(2));
      assertThat(echo.limits().coldStart()).isEqualTo(ColdStart.EAGER);
    });
  }

  @Test
  void nothingIsDeployedUnlessItIsAskedFor() {
    Applications.context(
            "fairlead.platforms.local.id=local", "fairlead.endpoints.echo.model=" + ECHO)
        .run(context ->
            assertThat(context.getBean(EndpointPlatform.class).list()).isEmpty());
  }

  @Test
  void allMistakesAreReportedTogetherWithTheirPlaceAndTheNearestRightName() {
    Applications.yaml("""
        fairlead:
          platforms:
            servrless:
            local:
              settings:
                grace-perod: 1s
          endpoints:
            ask:
              platform: locl
              modle: s3://models/bert
              min: 3
              max: 2
            bad_name:
              platform: local
              model: iris.onnx
          functions:
            iris:
              timeout: soon
              memory: much
              cold-start: warm
            later:
              idle-timeout: 1m
          helth:
            limit: 1s
        """).run(context -> {
      assertThat(context).hasFailed();
      assertThat(failure(context.getStartupFailure()).problems().stream()
              .map(ConfigProblem::toString)
              .toList())
          .anySatisfy(each -> assertThat(each)
              .startsWith(
                  "fairlead.platforms.servrless must be the id of a platform: did you mean serverless?")
              .contains("(got \"servrless\")"))
          .anySatisfy(each -> assertThat(each)
              .startsWith("fairlead.platforms.local.settings.grace-perod is not a setting")
              .contains("did you mean gracePeriod?"))
          .anySatisfy(
              each -> assertThat(each)
                  .startsWith(
                      "fairlead.endpoints.ask.platform must be the name of a platform: did you mean local?"))
          .anySatisfy(each -> assertThat(each)
              .startsWith("fairlead.endpoints.ask.modle is not a property: did you mean model?")
              .contains("application.yml"))
          .anySatisfy(
              each -> assertThat(each).startsWith("fairlead.endpoints.ask.model must be given"))
          .anySatisfy(each -> assertThat(each)
              .startsWith(
                  "fairlead.endpoints.ask.min must not be more than max, which is 2 (got 3)"))
          .anySatisfy(
              each -> assertThat(each).startsWith("fairlead.endpoints.bad_name must be 1 to 63"))
          .anySatisfy(each -> assertThat(each)
              .startsWith("fairlead.endpoints.bad_name.model must be a location")
              .contains("iris.onnx"))
          .anySatisfy(each -> assertThat(each)
              .startsWith("fairlead.functions.iris.timeout must be a duration")
              .contains("(got \"soon\"), in Byte array resource [application.yml] - 18"))
          .anySatisfy(
              each -> assertThat(each).startsWith("fairlead.functions.iris.memory must be a size"))
          .anySatisfy(each -> assertThat(each)
              .startsWith("fairlead.functions.iris.cold-start must be one of eager, lazy"))
          .anySatisfy(
              each -> assertThat(each).startsWith("fairlead.functions.later.model must be given"))
          .anySatisfy(each -> assertThat(each)
              .startsWith("fairlead.helth is not a property: did you mean health?"));
    });
  }

  @Test
  void aPlatformThatIsNotOnTheClassPathIsRefusedWithTheModuleToAdd() {
    Applications.context("fairlead.platforms.cloud.id=sagemaker")
        .run(context -> assertThat(failure(context.getStartupFailure()))
            .hasMessageContaining("fairlead.platforms.cloud.id must be the id of a platform")
            .hasMessageContaining("io.fairlead:fairlead-provider-sagemaker"));
  }

  @Test
  void theFailureIsAnalyzedWithALineForEachMistake() {
    Applications.context("fairlead.platfrms.local.id=local", "fairlead.health.limit=x")
        .run(context -> {
          FailureAnalysis analysis =
              new InvalidConfigurationFailureAnalyzer().analyze(context.getStartupFailure());
          assertThat(analysis.getDescription())
              .contains("has 2 mistakes")
              .contains("  - fairlead.platfrms is not a property: did you mean platforms?")
              .contains("  - fairlead.health.limit must be a duration");
          assertThat(SpringFactoriesLoader.forDefaultResourceLocation()
                  .load(
                      FailureAnalyzer.class,
                      FailureHandler.handleMessage((message, failure) -> {})))
              .hasAtLeastOneElementOfType(InvalidConfigurationFailureAnalyzer.class)
              .hasAtLeastOneElementOfType(StartFailedFailureAnalyzer.class);
        });
  }

  @Test
  void aSettingIsCheckedAtTheStartThoughNothingUsesThePlatform() {
    Applications.context("fairlead.platforms.local.settings.cach=x")
        .run(context -> assertThat(failure(context.getStartupFailure()).problems())
            .singleElement()
            .satisfies(problem -> assertThat(problem.rule()).contains("did you mean cache?")));
  }

  @Test
  void aSettingIsCheckedAtTheStartThoughBeansAreInitializedLazily() {
    assertThatThrownBy(() -> Applications.started(
            Applications.Plain.class,
            "spring.main.lazy-initialization=true",
            "fairlead.platforms.local.settings.cach=x"))
        .hasStackTraceContaining("did you mean cache?");
  }

  @Test
  void aPlatformOfTheApplicationWithATypeOfItsOwnIsAnotherOne() {
    Special special = (Special) Proxy.newProxyInstance(
        getClass().getClassLoader(),
        new Class<?>[] {Special.class},
        (proxy, method, arguments) -> null);
    Applications.context("fairlead.platforms.local.id=local")
        .withBean("mine", Special.class, () -> special)
        .run(context -> assertThat(context.getBeanNamesForType(EndpointPlatform.class))
            .containsExactlyInAnyOrder("mine", "local"));
  }

  /** The platform of another provider. */
  interface Special extends EndpointPlatform {}

  @Test
  void ofTwoOfOneTypeNoneIsReplacedByTheApplicationsOwn() {
    Applications.context("fairlead.platforms.one.id=local", "fairlead.platforms.two.id=local")
        .withUserConfiguration(OwnByType.class)
        .run(context -> assertThat(context.getBeanNamesForType(EndpointPlatform.class))
            .containsExactlyInAnyOrder("mine", "one", "two"));
  }

  @Test
  void theApplicationsOwnEndpointWins() {
    Endpoint own = new Endpoint(
        new Container(
            ModelArtifact.of(URI.create("java:acme.Own")), RuntimeSpec.NONE, Dependencies.NONE),
        Scaling.fixed(1),
        new Routing("echo", "own"));
    Applications.context(
            "fairlead.platforms.local.id=local", "fairlead.endpoints.echo.model=" + ECHO)
        .withBean("echo", Endpoint.class, () -> own)
        .run(context -> {
          assertThat(context.getBean(Endpoint.class)).isSameAs(own);
          assertThat(context.getBean(FairleadRegistrar.Declarations.class).all())
              .singleElement()
              .satisfies(each -> assertThat(each.value()).isSameAs(own));
        });
  }

  @Test
  void aValueOfASettingIsNotShown() {
    Applications.context(
            "fairlead.platforms.serverless.settings.tokn=s3cr3t",
            "fairlead.platforms.serverless.settings.token=another")
        .run(context -> assertThat(failure(context.getStartupFailure()))
            .hasMessageContaining("settings.tokn")
            .hasMessageNotContainingAny("s3cr3t", "another"));
  }

  @Test
  void theSignatureInALocationIsNotShown() {
    Applications.context(
            "fairlead.platforms.local.id=local",
            "fairlead.endpoints.echo.model=https://host/a b?sig=s3cr3t-s3cr3t")
        .run(context -> assertThat(failure(context.getStartupFailure()))
            .hasMessageContaining("fairlead.endpoints.echo.model")
            .hasMessageNotContaining("s3cr3t"));
  }

  @Test
  void aPlatformOfAnotherTypeDoesNotServeAnEndpoint() {
    Applications.context(
            "fairlead.platforms.serverless.id=serverless",
            "fairlead.endpoints.echo.platform=serverless",
            "fairlead.endpoints.echo.model=" + ECHO)
        .run(context -> assertThat(failure(context.getStartupFailure()))
            .hasMessageContaining("must be the name of a platform of type EndpointPlatform"));
  }

  @Test
  void twoOfOneNameAreRefused() {
    Applications.context(
            "fairlead.platforms.local.id=local", "fairlead.endpoints.local.model=" + ECHO)
        .run(context -> assertThat(failure(context.getStartupFailure()))
            .hasMessageContaining("fairlead.endpoints.local must have another name"));
  }

  @Test
  void anEnvironmentVariableThatIsNotMeantIsNoMistake() {
    Applications.context()
        .withSystemProperties("fairlead.home=/opt/fairlead")
        .run(context -> assertThat(context).hasNotFailed());
  }

  @Test
  void theApplicationsOwnPlatformWinsByItsName() {
    Applications.context(
            "fairlead.platforms.local.settings.cache=/nowhere",
            "fairlead.endpoints.echo.model=" + ECHO)
        .withUserConfiguration(OwnByName.class)
        .run(context -> {
          assertThat(context).hasNotFailed().hasSingleBean(EndpointPlatform.class);
          assertThat(context.getBean(FairleadRegistrar.Declarations.class).all())
              .singleElement()
              .satisfies(echo -> assertThat(echo.platform()).isEqualTo("local"));
        });
  }

  @Test
  void theApplicationsOwnPlatformWinsByItsTypeAndHasTheNameToo() {
    Applications.context(
            "fairlead.platforms.local.id=local",
            "fairlead.endpoints.echo.platform=local",
            "fairlead.endpoints.echo.model=" + ECHO)
        .withUserConfiguration(OwnByType.class)
        .run(context -> {
          assertThat(context).hasNotFailed().hasSingleBean(EndpointPlatform.class);
          assertThat(context.getBean(EndpointPlatform.class))
              .isSameAs(context.getBean("mine"))
              .isSameAs(context.getBean("local"));
        });
  }

  @Test
  void platformsAreClosedAfterTheWebServerHasDrained() {
    AtomicReference<EndpointPlatform> platform = new AtomicReference<>();
    AtomicReference<String> atDrain = new AtomicReference<>("");
    Applications.context("fairlead.platforms.local.id=local")
        .withBean(
            Drain.class,
            () -> new Drain(() -> {
              atDrain.set(requireNonNull(platform.get()).list().toString());
            }))
        .run(context -> platform.set(context.getBean(EndpointPlatform.class)));

    assertThat(atDrain.get()).isEqualTo("[]");
    assertThatThrownBy(() -> requireNonNull(platform.get()).list())
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void aPlatformIsInjectedByItsQualifier() {
    Applications.context("fairlead.platforms.one.id=local", "fairlead.platforms.two.id=local")
        .withUserConfiguration(Caller.class)
        .run(context ->
            assertThat(context.getBean("called")).isEqualTo(List.of(context.getBean("two"))));
  }

  private static InvalidConfigurationException failure(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof InvalidConfigurationException found) {
        return found;
      }
    }
    throw new AssertionError(failure);
  }

  /** Stops when the web server stops to take requests. */
  private static final class Drain implements SmartLifecycle {
    private final Runnable stopped;
    private boolean running;

    Drain(Runnable stopped) {
      this.stopped = stopped;
    }

    @Override
    public void start() {
      running = true;
    }

    @Override
    public void stop() {
      running = false;
      stopped.run();
    }

    @Override
    public boolean isRunning() {
      return running;
    }

    @Override
    public int getPhase() {
      return SmartLifecycle.DEFAULT_PHASE - 2048;
    }
  }

  @Configuration(proxyBeanMethods = false)
  static class OwnByName {
    @Bean
    EndpointPlatform local() {
      return new LocalProvider().open(LocalConfig.DEFAULT);
    }
  }

  @Configuration(proxyBeanMethods = false)
  static class OwnByType {
    @Bean
    EndpointPlatform mine() {
      return new LocalProvider().open(LocalConfig.DEFAULT);
    }
  }

  @Configuration(proxyBeanMethods = false)
  static class Caller {
    @Bean
    List<EndpointPlatform> called(@Qualifier("two") EndpointPlatform platform) {
      return List.of(platform);
    }
  }
}
