package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import io.fairlead.config.ConfigNode;
import io.fairlead.config.ConfigSchema;
import io.fairlead.config.DeploymentReader;
import io.fairlead.config.DeploymentSchema;
import io.fairlead.config.Property;
import io.fairlead.yaml.YamlFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.ObjectMapper;

/**
 * The files of the examples and of docs/deployment-file.md, and the schema for editors, which this writes: {@code
 * -Dtest=DeploymentFilesTest -Dschema.write}.
 */
class DeploymentFilesTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path SCHEMA = ROOT.resolve("docs/deployment.schema.json");
  private static final Path PAGE = ROOT.resolve("docs/deployment-file.md");
  private static final Pattern YAML = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);
  private static final String RIGHT = """
      platform: sagemaker
      settings:
        region: eu-central-1
      endpoint:
        name: ask
        model: s3://models/bert.tar.gz
        instances: 2
        environment:
          A: b
        options:
          sagemaker:
            runtime:
              execution-role: arn:aws:iam::123456789012:role/serving
      limit: 30m
      """;

  private static final Schema VALIDATOR = SchemaRegistry.withDialect(Dialects.getDraft202012())
      .getSchema(DeploymentSchema.json(), InputFormat.JSON);

  @TempDir
  Path folder;

  private static List<Error> errors(String yaml) {
    Object value = new Load(LoadSettings.builder().build()).loadFromString(yaml);
    return VALIDATOR.validate(new ObjectMapper().writeValueAsString(value), InputFormat.JSON);
  }

  private List<String> mistakes(String yaml) throws IOException {
    return reader(yaml).problems().found().stream().map(Object::toString).toList();
  }

  private DeploymentReader reader(String yaml) throws IOException {
    Path file = Files.writeString(folder.resolve("file.yaml"), yaml);
    return YamlFile.deployment(file, name -> "100");
  }

  @Test
  void theSchemaOfTheDocumentationIsThatOfThisVersion() throws IOException {
    // Without the platform of a test.
    String schema = DeploymentSchema.json().replace("\"elsewhere\", ", "");
    // Without packaging, Maven puts the options of the core's own tests on the class path, too.
    assumeThat(schema).doesNotContain("\"sample\"");
    if (System.getProperty("schema.write") != null) {
      Files.writeString(SCHEMA, schema);
    }

    assertThat(Files.readString(SCHEMA))
        .as("write it anew: ./mvnw -pl examples -am -Dtest=DeploymentFilesTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -Dschema.write verify")
        .isEqualTo(schema)
        .doesNotContain("elsewhere");
  }

  static List<String> files() throws IOException {
    List<String> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(ROOT.resolve("examples/deployments"))) {
      for (Path file : files.sorted().toList()) {
        all.add(Files.readString(file));
      }
    }
    YAML.matcher(Files.readString(PAGE)).results().forEach(piece -> all.add(piece.group(1)));
    assertThat(all).hasSizeGreaterThan(8);
    return all;
  }

  @ParameterizedTest
  @MethodSource("files")
  void theFilesOfTheExamplesAndOfThePageAreRight(String yaml) throws IOException {
    assertThat(mistakes(yaml)).isEmpty();
    assertThat(errors(yaml)).isEmpty();
  }

  @Test
  void theFilesOfTheExamplesHaveTheSchemaForEditors() throws IOException {
    try (Stream<Path> files = Files.list(ROOT.resolve("examples/deployments"))) {
      assertThat(files).allSatisfy(file -> {
        Matcher line = Pattern.compile("# yaml-language-server: \\$schema=(\\S+)\n")
            .matcher(Files.readString(file));
        assertThat(line.lookingAt()).isTrue();
        assertThat(file.resolveSibling(line.group(1)).normalize()).isEqualTo(SCHEMA);
      });
    }
  }

  @Test
  void theFilesOfTheCloudsDifferInThreeKeys() {
    Map<String, String> sagemaker = withoutThree("sagemaker.yaml");

    assertThat(sagemaker).hasSize(3);
    assertThat(withoutThree("azureml.yaml")).isEqualTo(sagemaker);
    assertThat(withoutThree("vertex.yaml")).isEqualTo(sagemaker);
  }

  private static Map<String, String> withoutThree(String name) {
    Map<String, String> texts = new TreeMap<>();
    flatten("", YamlFile.read(ROOT.resolve("examples/deployments").resolve(name)), texts);
    texts
        .keySet()
        .removeIf(key -> key.equals("platform")
            || key.startsWith("settings.")
            || key.equals("endpoint.instance-type"));
    return texts;
  }

  private static void flatten(String path, ConfigNode node, Map<String, String> texts) {
    if (node instanceof ConfigNode.Group group) {
      group
          .members()
          .forEach(
              (name, member) -> flatten(path.isEmpty() ? name : path + "." + name, member, texts));
    } else {
      texts.put(path, ((ConfigNode.Text) node).value());
    }
  }

  static List<String> right() {
    return List.of(
        RIGHT,
        RIGHT.replace("instances: 2", "instances: \"2\""),
        RIGHT.replace("instances: 2", "instances: ${N}"),
        RIGHT.replace("instances: 2", "instances:"),
        RIGHT.replace("instances: 2", "framework: huggingface\n  framework-version: 4.37"),
        RIGHT.replace("instances: 2", "packages: [numpy, torch]"),
        RIGHT.replace("instances: 2", "packages: numpy, torch"),
        RIGHT.replace("A: b", "A: 5"),
        RIGHT.replace("limit: 30m", "limit: PT30M"),
        RIGHT.replace("limit: 30m", "limit: 90 s"),
        RIGHT.replace("region: eu-central-1", "tags: {a: b}"),
        "{platform: serverless, function: {name: a, model: ./a.onnx, memory: 1 gb, cold-start: lazy}}");
  }

  @ParameterizedTest
  @MethodSource("right")
  void whatIsRightIsSoForBoth(String yaml) throws IOException {
    assertThat(mistakes(yaml)).isEmpty();
    assertThat(errors(yaml)).isEmpty();
  }

  static List<String> wrong() {
    return List.of(
        "{}",
        RIGHT.replace("platform: sagemaker", "platform: sagemakr"),
        RIGHT.replace("platform: sagemaker\n", ""),
        RIGHT.replace("platform: sagemaker", "platform: serverless"),
        RIGHT.replace("platform: sagemaker", "platform: stateful"),
        RIGHT.replace("limit: 30m", "limits: 30m"),
        RIGHT.replace("limit: 30m", "limit: 30"),
        RIGHT.replace("limit: 30m", "limit: 30 minutes"),
        RIGHT.replace("limit: 30m", "limit: [30m]"),
        RIGHT.replace("limit: 30m", "function: {name: ask, model: ./ask.onnx}"),
        RIGHT.replace("endpoint:", "function:"),
        RIGHT.replace("  name: ask\n", ""),
        RIGHT.replace("  name: ask\n", "  name:\n"),
        RIGHT.replace("  model: s3://models/bert.tar.gz\n", ""),
        RIGHT.replace("instances: 2", "instance: 2"),
        RIGHT.replace("instances: 2", "instances: two"),
        RIGHT.replace("instances: 2", "instances: 2.5"),
        RIGHT.replace("instances: 2", "instances: [2]"),
        RIGHT.replace("instances: 2", "traffic: 101"),
        RIGHT.replace("instances: 2", "traffic: -1"),
        RIGHT.replace("instances: 2", "packages: {a: b}"),
        RIGHT.replace("instances: 2", "deploy-at-start: true"),
        RIGHT.replace("instances: 2", "platform: sagemaker"),
        RIGHT.replace("A: b", "A: [b]"),
        RIGHT.replace("    sagemaker:", "    sagemakr:"),
        RIGHT.replace("      runtime:", "      runtim:"),
        RIGHT.replace("execution-role", "execution-rol"),
        "{platform: serverless, function: {name: a, model: ./a.onnx, memory: 1}}",
        "{platform: serverless, function: {name: a, model: ./a.onnx, memory: 1 gigabyte}}",
        "{platform: serverless, function: {name: a, model: ./a.onnx, cold-start: later}}",
        "{platform: serverless, function: {name: a, model: ./a.onnx, variant: blue}}",
        "{platform: serverless, function: {name: a, model: ./a.onnx, traffic: 10}}");
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void whatIsWrongIsSoForBoth(String yaml) throws IOException {
    assertThat(mistakes(yaml)).isNotEmpty();
    assertThat(errors(yaml)).isNotEmpty();
  }

  @Test
  void thePageHasARowForEachPropertyAndForNoOther() throws IOException {
    List<String> expected = new ArrayList<>();
    expected.addAll(rows("", ConfigSchema.DEPLOYMENT));
    expected.addAll(rows("endpoint.", ConfigSchema.DEPLOYMENT_ENDPOINT));
    expected.addAll(rows("function.", ConfigSchema.DEPLOYMENT_FUNCTION));

    String page = Files.readString(PAGE);
    String section =
        page.substring(page.indexOf("## What is in the file"), page.indexOf("## On this"));
    assertThat(section.lines().filter(line -> line.startsWith("| `")))
        .containsExactlyElementsOf(expected);
  }

  private static List<String> rows(String path, List<Property> properties) {
    return properties.stream()
        .map(property -> "| `" + path + property.name() + "` | " + property.meaning()
            + (property.names().isEmpty()
                ? ""
                : " One of " + String.join(", ", property.names()) + ".")
            + (property.byDefault().isEmpty() ? "" : " By default " + property.byDefault() + ".")
            + " |")
        .toList();
  }
}
