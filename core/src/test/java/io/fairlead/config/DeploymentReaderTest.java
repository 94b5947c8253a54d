package io.fairlead.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.config.ConfigNode.Text;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platform;
import io.fairlead.platform.StatefulPlatform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeploymentReaderTest {
  private static final Map<String, Class<? extends Platform<?>>> TYPES = Map.of(
      "cloud", EndpointPlatform.class,
      "functions", FunctionPlatform.class,
      "cached", StatefulPlatform.class);

  @TempDir
  Path folder;

  @Test
  void anEndpointIsReadWithItsPlatform() {
    DeploymentFile file = reader("""
            platform=cloud
            settings.region=r
            settings.retry.limit=5
            endpoint.name=ask
            endpoint.variant=green
            endpoint.model=s3://models/bert
            endpoint.instances=2
            endpoint.traffic=10
            limit=5m
            """).read();

    assertThat(file.platform().id()).isEqualTo("cloud");
    assertThat(file.platform().settings()).isEqualTo(Map.of("region", "r", "retry.limit", "5"));
    assertThat(file.traffic()).contains(TrafficWeight.percent(10));
    assertThat(file.limit()).isEqualTo(Duration.ofMinutes(5));
    Endpoint ask = (Endpoint) file.value();
    assertThat(ask.routing().name() + "/" + ask.routing().variant()).isEqualTo("ask/green");
    assertThat(ask.scaling().count()).isEqualTo(2);
  }

  @Test
  void aFunctionIsReadWithTheDefaultLimit() {
    DeploymentFile file = reader("""
            platform=functions
            function.name=iris
            function.model=./iris.onnx
            function.memory=64MB
            """).read();

    assertThat(file.value().name()).isEqualTo("iris");
    assertThat(((ModelFunction) file.value()).limits().memoryBytes()).contains(64L << 20);
    assertThat(file.traffic()).isEmpty();
    assertThat(file.limit()).isEqualTo(DeploymentFile.DEFAULT_LIMIT);
  }

  @Test
  void theNearestPlatformNeedNotBeOnTheClassPath() {
    assertThat(sentences(reader("platform=sagemakr\nendpoint.name=a\nendpoint.model=s3://x\n")))
        .singleElement()
        .asString()
        .startsWith("platform must be the id of a platform that serves endpoints or functions: did"
            + " you mean sagemaker? (got \"sagemakr\")");
    assertThat(sentences(reader("platform=sagemaker\nendpoint.name=a\nendpoint.model=s3://x\n")))
        .singleElement()
        .asString()
        .contains("Add the module that has it: io.fairlead:fairlead-provider-sagemaker");
  }

  @Test
  void aPlatformThatServesNeitherIsNotSaidToBeAbsent() {
    assertThat(sentences(reader("platform=cached\nendpoint.name=a\nendpoint.model=s3://x\n")))
        .singleElement()
        .asString()
        .startsWith(
            "platform must be the id of a platform that serves endpoints or functions, which"
                + " this one does not (got \"cached\")");
  }

  @Test
  void whatIsNoGroupIsOneMistake() {
    assertThat(sentences(reader("platform=cloud\nendpoint=ask\n")))
        .singleElement()
        .asString()
        .startsWith("endpoint must have properties below it, and no value of its own");
  }

  @Test
  void aRelativePathIsRelativeToTheFile() throws IOException {
    Path models = Files.createDirectories(folder.resolve("models"));
    Files.createFile(models.resolve("iris.onnx"));
    String endpoint = "platform=cloud\nendpoint.name=iris\nendpoint.model=";

    assertThat(reader(endpoint + "../iris.onnx").read().value().artifact().weights())
        .isEqualTo(folder.resolveSibling("iris.onnx").toUri());
    assertThat(reader(endpoint + "./models/iris.onnx").read().value().artifact().weights())
        .isEqualTo(models.resolve("iris.onnx").toUri());
    // It looks like a model of the hub.
    assertThat(sentences(reader(endpoint + "models/iris.onnx")))
        .singleElement()
        .asString()
        .startsWith("endpoint.model must start with ./ if it is the file beside this one, and with"
            + " hf://")
        .endsWith("in line 3");
    assertThat(
            reader(endpoint + "hf://models/iris.onnx").read().value().artifact().weights())
        .hasToString("hf://models/iris.onnx");
  }

  @Test
  void allMistakesAreFoundAtOnceWithTheirPlaces() {
    DeploymentReader reader = reader("""
        platform=clod
        limt=5m
        endpoint.modle=s3://x
        endpoint.instances=two
        endpoint.traffic=101
        """);

    assertThat(reader.deployment()).isEmpty();
    assertThat(sentences(reader))
        .containsExactlyInAnyOrder(
            "limt is not a property: did you mean limit?, in line 2",
            "platform must be the id of a platform that serves endpoints or functions: did you mean"
                + " cloud? (got \"clod\"), in line 1",
            "endpoint.modle is not a property: did you mean model?, in line 3",
            "endpoint.name must be given: it is the public name, by which it is invoked, in line 3",
            "endpoint.model must be given: it " + ServedReader.MODEL_RULE + ", in line 3",
            "endpoint.instances must be a whole number (got \"two\"), in line 4",
            "endpoint.traffic must be 0 to 100 (got 101), in line 5");
    assertThatThrownBy(reader::read).isInstanceOf(InvalidConfigurationException.class);
  }

  @Test
  void thePlatformDecidesWhetherItIsAnEndpointOrAFunction() {
    assertThat(sentences(reader("platform=cloud\nfunction.name=a\nfunction.model=s3://x")))
        .containsExactly(
            "function must not be given, because cloud serves endpoints: write endpoint in its"
                + " place, in line 2");
    assertThat(sentences(reader("""
            platform=functions
            function.name=a
            function.model=s3://x
            endpoint.name=a
            endpoint.model=s3://x
            """)))
        .containsExactly(
            "endpoint must not be given, because functions serves functions: write function only,"
                + " in line 4");
    assertThat(sentences(reader("platform=functions\n")))
        .containsExactly("function must be given, because functions serves functions, in line 1");
    assertThat(sentences(reader("limit=5m")))
        .containsExactly(
            "platform must be given: it is the id of a platform, such as local; there are: cloud,"
                + " functions, in line 1",
            "There must be either endpoint or function, in line 1");
    assertThat(sentences(reader("platform=cached\nendpoint.name=a\nendpoint.model=s3://x")))
        .singleElement()
        .asString()
        .startsWith("platform must be the id of a platform that serves endpoints or functions");
    assertThat(sentences(reader("platform=functions\nfunction.name=a\nfunction.model=s3://x\n"
            + "function.traffic=10")))
        .singleElement()
        .asString()
        .startsWith("function.traffic is not a property");
  }

  @Test
  void aReferenceIsTheValueOfTheVariable() {
    Endpoint ask = (Endpoint) reader("""
            platform=cloud
            endpoint.name=ask
            endpoint.model=s3://${BUCKET}/${MODEL}.tar.gz
            endpoint.instances=${INSTANCES}
            endpoint.environment.PRICE=5$ to $${NONE}
            endpoint.packages.[0]=${MODEL}
            """).read().value();

    assertThat(ask.artifact().weights()).hasToString("s3://models/bert.tar.gz");
    assertThat(ask.scaling().count()).isEqualTo(3);
    assertThat(ask.container().dependencies().environment())
        .isEqualTo(Map.of("PRICE", "5$ to ${NONE}"));
    assertThat(ask.container().dependencies().packages()).containsExactly("bert");
  }

  @Test
  void aVariableThatIsNotSetIsOneMistakeThatNamesIt() {
    assertThat(sentences(reader("""
            platform=cloud
            endpoint.name=ask
            endpoint.model=s3://x
            endpoint.instances=${NOBODY}
            endpoint.environment.TOKEN=${ALSO_NOBODY}
            endpoint.image=${not a name}
            endpoint.code=s3://${open
            """)))
        .containsExactly(
            "endpoint.instances refers to the environment variable NOBODY, which is not set, in"
                + " line 4",
            "endpoint.environment.TOKEN refers to the environment variable ALSO_NOBODY, which is"
                + " not set, in line 5",
            "endpoint.image must refer to an environment variable as ${NAME}, of letters, digits"
                + " and _; a ${ that is meant as it is is written $${, in line 6",
            "endpoint.code must refer to an environment variable as ${NAME}, of letters, digits"
                + " and _; a ${ that is meant as it is is written $${, in line 7");
  }

  @Test
  void theValueOfAVariableIsInNoMessage() {
    DeploymentReader reader = reader("""
        platform=${SECRET}
        limit=${SECRET}
        endpoint.name=${SECRET}
        endpoint.model=${SECRET}
        endpoint.instances=${SHORT}
        """);

    assertThat(sentences(reader))
        .hasSizeGreaterThanOrEqualTo(4)
        .allSatisfy(sentence -> assertThat(sentence).doesNotContain("s3cr3t", "(got \"7x\")"))
        .anySatisfy(sentence -> assertThat(sentence)
            .isEqualTo("limit must be a duration, such as 500ms, 30s, 10m or 2h (got"
                + " \"${SECRET}\"), in line 2"))
        .anySatisfy(sentence -> assertThat(sentence)
            .isEqualTo("endpoint.instances must be a whole number (got \"${SHORT}\"), in line 5"));
  }

  @Test
  void whatAPlatformRefusesIsAtTheProperty() {
    DeploymentReader reader = reader("""
        platform=cloud
        endpoint.name=ask
        endpoint.model=s3://x
        endpoint.framework=onnx
        endpoint.framework-version=1
        endpoint.instances=2
        endpoint.environment.A=b
        """);
    reader.read();
    InvalidValueException refused = catchThrowableOfType(
        InvalidValueException.class,
        () -> Problems.in("endpoint")
            .check(false, "routing.name", "must be 3 letters", "ask")
            .check(false, "container.artifact.weights", "must be .tar.gz")
            .check(false, "artifact.metadata.version", "is not known", "1")
            .check(false, "scaling.count", "must be 1", 2)
            .check(false, "scaling.instanceType", "must be given")
            .check(false, "container.dependencies.environment.A", "is reserved")
            .throwIfAny());

    assertThat(reader.located(refused).problems())
        .extracting(ConfigProblem::toString)
        .containsExactly(
            "endpoint.name must be 3 letters (got \"ask\"), in line 2",
            "endpoint.model must be .tar.gz, in line 3",
            "endpoint.framework-version is not known (got \"1\"), in line 5",
            "endpoint.instances must be 1 (got 2), in line 6",
            "endpoint.instance-type must be given, in line 2",
            "endpoint.environment.A is reserved, in line 7");
    assertThat(reader.problems().any()).isFalse();
  }

  private DeploymentReader reader(String properties) {
    ConfigNode.Builder builder = new ConfigNode.Builder();
    int line = 0;
    for (String each : properties.lines().toList()) {
      line++;
      String[] parts = each.split("=", 2);
      builder.put(List.of(parts[0].split("\\.")), new Text(parts[1], "line " + line, false));
    }
    Map<String, String> environment = Map.of(
        "BUCKET", "models", "MODEL", "bert", "INSTANCES", "3", "SECRET", "s3cr3t ", "SHORT", "7x");
    return new DeploymentReader(builder.build(), folder, environment::get, TYPES);
  }

  private static List<String> sentences(DeploymentReader reader) {
    return reader.problems().found().stream().map(ConfigProblem::toString).toList();
  }
}
