package io.fairlead.quarkus.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.config.ConfigProblem;
import io.fairlead.config.ConfigReader;
import io.fairlead.config.Declared;
import io.fairlead.config.DeclaredPlatform;
import io.fairlead.config.InvalidConfigurationException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelFunction;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.source.yaml.YamlConfigSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
  @TempDir
  Path folder;

  private ConfigSource properties(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("application.properties"), text);
    return new PropertiesConfigSource(file.toUri().toURL(), 250);
  }

  private ConfigSource yaml(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("application.yaml"), text);
    return new YamlConfigSource(file.toUri().toURL(), 255);
  }

  private static SmallRyeConfig config(ConfigSource... sources) {
    return new SmallRyeConfigBuilder()
        .addDefaultInterceptors()
        .withProfile("dev")
        .withSources(sources)
        .build();
  }

  private static ConfigSource environment(String... pairs) {
    Map<String, String> variables = new TreeMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      variables.put(pairs[i], pairs[i + 1]);
    }
    return new EnvConfigSource(variables, 300);
  }

  private static List<String> mistakes(ConfigReader reader) {
    Map<String, Class<?>> types = new TreeMap<>();
    reader.platforms(Set.of()).forEach((name, platform) -> types.put(name, platform.type()));
    reader.served(types);
    reader.start();
    reader.health();
    reader.isObserved();
    return reader.problems().found().stream().map(ConfigProblem::toString).toList();
  }

  @Test
  void aFileOfPropertiesIsReadWithTheProfileAndWhatItRefersTo() throws IOException {
    ConfigReader reader = Configuration.read(config(properties("""
        models=/opt/models
        fairlead.platforms.local.id=local
        fairlead.endpoints.ask.model=${models}/ask.onnx
        fairlead.endpoints.ask.instances=1
        %dev.fairlead.endpoints.ask.instances=2
        %prod.fairlead.endpoints.other.model=/other.onnx
        fairlead.endpoints.ask.packages[0]=numpy>=1,<2
        fairlead.endpoints.ask.packages[1]=scipy
        fairlead.endpoints.ask.labels."team.name"=search
        """)));
    Map<String, DeclaredPlatform> platforms = reader.platforms(Set.of());

    List<Declared<?>> served =
        reader.served(Map.of("local", platforms.get("local").type()));

    assertThat(served).singleElement().satisfies(each -> {
      Endpoint ask = (Endpoint) each.value();
      assertThat(ask.artifact().weights()).hasToString("file:///opt/models/ask.onnx");
      assertThat(ask.scaling().count()).isEqualTo(2);
      assertThat(ask.container().dependencies().packages()).containsExactly("numpy>=1,<2", "scipy");
      assertThat(ask.artifact().metadata().labels()).isEqualTo(Map.of("team.name", "search"));
    });
    assertThat(reader.problems().found()).isEmpty();
  }

  @Test
  void eachMistakeHasItsFileAndLine() throws IOException {
    assertThat(mistakes(Configuration.read(config(properties("""
                fairlead.platforms.local.id=local

                fairlead.endpoints.ask.modle=/ask.onnx
                fairlead.endpoints.ask.image=${nowhere}
                """), yaml("""
                fairlead:
                  helth:
                    limit: 1s
                  functions:
                    iris:
                      model: /iris.onnx
                      timeout: soon
                """)))))
        .anySatisfy(each -> assertThat(each)
            .isEqualTo("fairlead.endpoints.ask.modle is not a property: did you mean model?,"
                + " in application.properties:3"))
        .anySatisfy(each -> assertThat(each)
            .startsWith("fairlead.endpoints.ask.image cannot be resolved: ")
            .endsWith("in application.properties:4"))
        .anySatisfy(each -> assertThat(each)
            .isEqualTo("fairlead.helth is not a property: did you mean health?,"
                + " in application.yaml:3"))
        .anySatisfy(each -> assertThat(each)
            .startsWith("fairlead.functions.iris.timeout must be a duration")
            .endsWith("(got \"soon\"), in application.yaml:7"));
  }

  @Test
  void anEnvironmentVariableIsReadByTheNameOfItsProperty() throws IOException {
    ConfigReader reader = Configuration.read(config(
        properties("""
            fairlead.platforms.my-local.id=local
            fairlead.endpoints.ask.model=/ask.onnx
            fairlead.endpoints.ask.environment.TOP_K=3
            fairlead.functions.iris.model=/iris.onnx
            """),
        environment(
            "FAIRLEAD_PLATFORMS_MY_LOCAL_SETTINGS_GRACE_PERIOD", "3s",
            "FAIRLEAD_ENDPOINTS_ASK_MODEL", "/other.onnx",
            "FAIRLEAD_ENDPOINTS_ASK_INSTANCE_TYPE", "large",
            "FAIRLEAD_ENDPOINTS_ASK_ENVIRONMENT_MODEL_ID", "minilm",
            "FAIRLEAD_START_LIMIT", "7m",
            "FAIRLEAD_ENDPOINTS_ASK_HOME", "is not meant for this library",
            "FAIRLEAD_HOME", "/opt/fairlead")));

    DeclaredPlatform local = reader.platforms(Set.of()).get("my-local");
    Endpoint ask = reader
        .served(Map.of(
            "my-local", local.type(), "functions", io.fairlead.platform.FunctionPlatform.class))
        .stream()
        .map(Declared::value)
        .filter(Endpoint.class::isInstance)
        .map(Endpoint.class::cast)
        .findFirst()
        .orElseThrow();

    assertThat(local.settings()).isEqualTo(Map.of("grace-period", "3s"));
    assertThat(ask.artifact().weights()).hasToString("file:///other.onnx");
    assertThat(ask.scaling().instanceType()).contains("large");
    assertThat(ask.container().dependencies().environment())
        .isEqualTo(Map.of("TOP_K", "3", "MODEL_ID", "minilm"));
    assertThat(reader.start().limit()).hasMinutes(7);
    assertThat(reader.problems().found()).isEmpty();
  }

  @Test
  void whatHasToBeKnownAtTheBuildNeedsNoValueThatIsOnlyThereAtRunTime() throws IOException {
    ConfigReader reader = Configuration.readNames(config(properties("""
        fairlead.platforms.local=
        fairlead.platforms.calls.id=serverless
        fairlead.platforms.calls.settings.token=${TOKEN}
        fairlead.endpoints.ask.model=${MODEL}
        fairlead.functions.iris.model=${MODEL}
        """)));

    assertThat(reader.platforms(Set.of())).containsOnlyKeys("local", "calls");
    assertThat(reader.endpointNames()).containsExactly("ask");
    assertThat(reader.functionNames()).containsExactly("iris");
    assertThat(reader.problems().found()).isEmpty();
  }

  @Test
  void whatTheApplicationWasNotBuiltForIsAMistakeBeforeAnythingIsOpened() throws IOException {
    BuiltFor built = new BuiltFor(
        Map.of(
            "models", "io.fairlead.serverless.ServerlessPlatform",
            "gone", "io.fairlead.platform.EndpointPlatform"),
        List.of("absent"),
        List.of(),
        Map.of(),
        Map.of(),
        false);
    ConfigReader reader = Configuration.read(config(properties("""
        fairlead.platforms.models.id=local
        fairlead.platforms.late.id=local
        fairlead.platforms.late.settings.cach=x
        fairlead.endpoints.ask.model=/ask.onnx
        fairlead.endpoints.ask.platform=late
        """)));

    assertThatThrownBy(() -> new Application(reader, built))
        .isInstanceOfSatisfying(
            InvalidConfigurationException.class,
            e -> assertThat(e.problems().stream().map(ConfigProblem::toString).toList())
                .anySatisfy(each -> assertThat(each)
                    .startsWith("fairlead.platforms.models.id must be the id of a platform of type"
                        + " io.fairlead.serverless.ServerlessPlatform")
                    .endsWith("(got \"local\"), in application.properties:1"))
                .anySatisfy(each -> assertThat(each)
                    .startsWith("fairlead.platforms.late must be in the configuration when"))
                .anySatisfy(each -> assertThat(each)
                    .startsWith("fairlead.platforms.gone must be in the configuration: "))
                .anySatisfy(each -> assertThat(each)
                    .startsWith("fairlead.endpoints.ask must be in the configuration when"))
                .anySatisfy(each -> assertThat(each)
                    .startsWith("fairlead.endpoints.absent must be in the configuration: "))
                .anySatisfy(each -> assertThat(each)
                    .startsWith("fairlead.platforms.late.settings.cach is not a setting: did you"
                        + " mean cache?"))
                .hasSize(6));
  }

  @Test
  void aPlatformMayBeAnotherOneOfTheTypeThatTheApplicationWasBuiltFor() throws IOException {
    BuiltFor built = new BuiltFor(
        Map.of("models", "io.fairlead.platform.Platform"),
        List.of(),
        List.of("echo"),
        Map.of(),
        Map.of(),
        false);
    try (Application application =
        new Application(Configuration.read(config(properties("""
            fairlead.platforms.models.id=serverless
            fairlead.functions.echo.model=java:acme.Absent
            """))), built)) {
      assertThat(application.platform("models").id()).isEqualTo("serverless");
      assertThat(application.value("echo")).isInstanceOf(ModelFunction.class);
    }
  }
}
