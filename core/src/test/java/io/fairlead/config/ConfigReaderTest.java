package io.fairlead.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.config.ConfigNode.Group;
import io.fairlead.config.ConfigNode.Text;
import io.fairlead.config.StartSettings.OnFailure;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.ModelTask;
import io.fairlead.json.EveryType;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConfigReaderTest {
  private static final Map<String, Class<?>> PLATFORMS =
      Map.of("ends", EndpointPlatform.class, "functions", FunctionPlatform.class);

  @Test
  void endpointsAndFunctionsAreMadeFromTexts() {
    ConfigReader reader = reader("""
        endpoints.ask.model=s3://models/bert
        endpoints.ask.framework=huggingface
        endpoints.ask.framework-version=4.37
        endpoints.ask.task=embedding
        endpoints.ask.instances=2
        endpoints.ask.max=5
        endpoints.ask.instanceType=ml.m5.large
        endpoints.ask.environment.MODEL_ID=x
        endpoints.ask.labels.a.b=y
        endpoints.ask.packages.[1]=torch
        endpoints.ask.packages.[0]=numpy
        endpoints.ask.labels.team=search
        endpoints.ask.deploy-at-start=true
        functions.iris.model=./iris.onnx
        functions.iris.memory=64 MB
        functions.iris.timeout=500ms
        functions.iris.cold-start=EAGER
        """);

    List<Declared<?>> served = reader.served(PLATFORMS);

    reader.problems().throwIfAny();
    assertThat(served).hasSize(2);
    Endpoint ask = (Endpoint) served.get(0).value();
    assertThat(served.get(0).deployAtStart()).isTrue();
    assertThat(served.get(0).platform()).isEqualTo("ends");
    assertThat(ask.artifact().metadata().version()).contains("4.37");
    assertThat(ask.artifact().metadata().task()).contains(ModelTask.EMBEDDING);
    assertThat(ask.artifact().metadata().labels()).isEqualTo(Map.of("team", "search", "a.b", "y"));
    assertThat(ask.scaling().count()).isEqualTo(2);
    assertThat(ask.scaling().max()).isEqualTo(5);
    assertThat(ask.scaling().instanceType()).contains("ml.m5.large");
    assertThat(ask.container().dependencies().environment()).isEqualTo(Map.of("MODEL_ID", "x"));
    assertThat(ask.container().dependencies().packages()).containsExactly("numpy", "torch");
    ModelFunction iris = (ModelFunction) served.get(1).value();
    assertThat(iris.limits().memoryBytes()).contains(64L << 20);
    assertThat(iris.limits().timeout()).isEqualTo(Duration.ofMillis(500));
    assertThat(iris.limits().coldStart()).isEqualTo(ColdStart.EAGER);
  }

  @Test
  void optionsOfAPlatformAreReadByTheirNamesAndGoToTheirPartOfTheGrammar() {
    ConfigReader reader = reader("""
        endpoints.ask.model=s3://models/bert
        endpoints.ask.options.sample.every-type.text=t
        endpoints.ask.options.sample.every-type.number=1
        endpoints.ask.options.sample.every-type.big-number=5000000000
        endpoints.ask.options.sample.every-type.fraction=0.5
        endpoints.ask.options.sample.every-type.flag=true
        endpoints.ask.options.sample.every-type.shade=dark
        endpoints.ask.options.sample.every-type.uri=s3://x/y
        endpoints.ask.options.sample.every-type.duration=90s
        endpoints.ask.options.sample.every-type.list=a, b
        endpoints.ask.options.sample.every-type.map.k=v
        endpoints.ask.options.sample.every-type.inner.name=i
        endpoints.ask.options.sample.every-type.inners.[0].name=j
        endpoints.ask.options.sample.every-type.lists.l.[0]=7
        """);

    List<Declared<?>> served = reader.served(PLATFORMS);

    reader.problems().throwIfAny();
    Endpoint ask = (Endpoint) served.get(0).value();
    EveryType option = ask.container().runtime().options().find(EveryType.class).orElseThrow();
    assertThat(option.bigNumber()).isEqualTo(5_000_000_000L);
    assertThat(option.fraction()).isEqualTo(0.5);
    assertThat(option.shade()).isEqualTo(EveryType.Shade.DARK);
    assertThat(option.duration()).isEqualTo(Duration.ofSeconds(90));
    assertThat(option.list()).containsExactly("a", "b");
    assertThat(option.inners()).containsExactly(new EveryType.Inner("j"));
    assertThat(option.lists()).isEqualTo(Map.of("l", List.of(7)));
  }

  @Test
  void aMistakeInAnOptionNamesItsPathRuleAndPlace() {
    ConfigReader reader = reader("""
        endpoints.ask.model=s3://models/bert
        endpoints.ask.options.sample.every-typ.text=t
        endpoints.ask.options.smple.every-type.text=t
        functions.iris.model=./iris.onnx
        functions.iris.options.sample.every-type.text=t
        """);
    reader.served(PLATFORMS);

    assertThat(sentences(reader))
        .containsExactlyInAnyOrder(
            "fairlead.endpoints.ask.options.sample.every-typ is not an option: did you mean every-type?, in line 2",
            "fairlead.endpoints.ask.options.smple must be the id of a platform that has options and is on the class path:"
                + " did you mean sample?, in line 3",
            "fairlead.functions.iris.options.sample.every-type is an option of RuntimeSpec, and is given where there are"
                + " ModelMetadata only, in line 5");
  }

  @Test
  void whatIsWrongInAnOptionIsNamed() {
    ConfigReader reader = reader("""
        endpoints.ask.model=s3://models/bert
        endpoints.ask.options.sample.every-type.number=many
        endpoints.ask.options.sample.every-type.duration=5
        """);
    reader.served(PLATFORMS);

    assertThat(sentences(reader))
        .anySatisfy(each -> assertThat(each)
            .startsWith(
                "fairlead.endpoints.ask.options.sample.every-type.number must be a whole number")
            .endsWith("(got \"many\"), in line 2"))
        .anySatisfy(each -> assertThat(each)
            .isEqualTo(
                "fairlead.endpoints.ask.options.sample.every-type.duration must be a duration, such as 500ms, 30s, 10m or"
                    + " 2h (got \"5\"), in line 3"))
        .anySatisfy(each -> assertThat(each)
            .startsWith("fairlead.endpoints.ask.options.sample.every-type.big-number is missing"));
  }

  @Test
  void allMistakesAreFoundTogether() {
    ConfigReader reader = reader("""
        platforms.absent.settings.x=1
        endpoints.a.modle=s3://x
        endpoints.b.model=s3://x
        endpoints.b.platform=functions
        endpoints.b.min=3
        endpoints.b.max=2
        functions.f=text
        functions.g.model=x.onnx
        functions.g.memory=much
        functions.g.memory.below=1
        start.on-failure=explode
        health.limit=-1s
        observations.enabled=perhaps
        helth.limit=1s
        """);
    reader.platforms(Set.of());
    reader.served(PLATFORMS);
    reader.start();
    reader.health();
    reader.isObserved();

    assertThat(sentences(reader))
        .anySatisfy(each -> assertThat(each)
            .startsWith("fairlead.platforms.absent must be the id of a platform: No provider"))
        .anySatisfy(each -> assertThat(each)
            .isEqualTo(
                "fairlead.endpoints.a.modle is not a property: did you mean model?, in line 2"))
        .anySatisfy(each -> assertThat(each).startsWith("fairlead.endpoints.a.model must be given"))
        .anySatisfy(
            each -> assertThat(each)
                .startsWith(
                    "fairlead.endpoints.b.platform must be the name of a platform of type EndpointPlatform"))
        .anySatisfy(each -> assertThat(each)
            .startsWith("fairlead.endpoints.b.min must not be more than max, which is 2 (got 3)"))
        .anySatisfy(
            each -> assertThat(each)
                .isEqualTo(
                    "fairlead.functions.f must have properties below it, and no value of its own, in line 7"))
        .anySatisfy(each -> assertThat(each)
            .startsWith("fairlead.functions.g.model must be a location")
            .contains("\"x.onnx\""))
        .anySatisfy(
            each -> assertThat(each).startsWith("fairlead.functions.g.memory must be a size"))
        .anySatisfy(each -> assertThat(each)
            .startsWith("fairlead.start.on-failure must be one of fail, down (got \"explode\")"))
        .anySatisfy(each -> assertThat(each)
            .startsWith("fairlead.health.limit must be a duration")
            .contains("(got \"-1s\")"))
        .anySatisfy(each ->
            assertThat(each).startsWith("fairlead.observations.enabled must be true or false"))
        .anySatisfy(each ->
            assertThat(each).startsWith("fairlead.helth is not a property: did you mean health?"));
  }

  @Test
  void whatIsNotGivenHasItsDefault() {
    ConfigReader reader = reader("start.limit=5m\nstart.on-failure=DOWN\n");

    assertThat(reader.start()).isEqualTo(new StartSettings(Duration.ofMinutes(5), OnFailure.DOWN));
    assertThat(reader.health()).isEqualTo(HealthSettings.DEFAULT);
    assertThat(reader.isObserved()).isTrue();
    reader.problems().throwIfAny();
  }

  @Test
  void thePropertiesSayTheirDefaults() {
    assertThat(ConfigSchema.FUNCTIONS)
        .filteredOn(property -> property.name().equals("idle-timeout"))
        .extracting(Property::byDefault)
        .containsExactly("10m");
    List<Property> all = new ArrayList<>(ConfigSchema.ENDPOINTS);
    all.addAll(ConfigSchema.FUNCTIONS);
    assertThat(all).allSatisfy(property -> assertThat(property.meaning()).endsWith("."));
  }

  @Test
  void anUnknownNameOfTheEnvironmentIsNoMistakeAndAKnownOneWins() {
    Group environment = new ConfigNode.Builder()
        .put(List.of("home"), new Text("/opt", "env", true))
        .put(List.of("endpoints", "ask", "instancetype"), new Text("large", "env", true))
        .put(List.of("endpoints", "ask", "nonsense"), new Text("?", "env", true))
        .build();
    Group file = tree("""
        endpoints.ask.model=s3://x
        endpoints.ask.instance-type=small
        """);
    ConfigReader reader = new ConfigReader("fairlead", environment.orElse(file));

    List<Declared<?>> served = reader.served(PLATFORMS);

    reader.problems().throwIfAny();
    assertThat(((Endpoint) served.get(0).value()).scaling().instanceType()).contains("large");
  }

  @Test
  void ofTwoSourcesTheFirstWinsAndAListIsThatOfOneOfThem() {
    Group one = tree("endpoints.ask.packages.[0]=a\nendpoints.ask.environment.A_B=1\n");
    Group other = tree("""
        endpoints.ask.packages.[0]=b
        endpoints.ask.packages.[1]=c
        endpoints.ask.environment.AB=2
        endpoints.ask.model=s3://x
        """);
    ConfigReader reader = new ConfigReader("fairlead", one.orElse(other));

    Endpoint ask = (Endpoint) reader.served(PLATFORMS).get(0).value();

    assertThat(ask.container().dependencies().packages()).containsExactly("a");
    assertThat(ask.container().dependencies().environment())
        .isEqualTo(Map.of("A_B", "1", "AB", "2"));
  }

  @Test
  void twoSpellingsOfOneNameAreAMistake() {
    ConfigReader reader = reader(
        "endpoints.ask.model=s3://x\nendpoints.ask.instance-type=a\nendpoints.ask.instanceType=b\n");
    reader.served(PLATFORMS);

    assertThat(sentences(reader))
        .containsExactly(
            "fairlead.endpoints.ask.instanceType must be given once: it is there with hyphens and with capitals, in"
                + " line 3");
  }

  @Test
  void aSecretIsInNoText() {
    Text secret = new Text("s3cr3t", "here", false);
    DeclaredPlatform platform = new DeclaredPlatform(
        "platforms.x", "x", "x", EndpointPlatform.class, Map.of("token", "s3cr3t"));

    assertThat(secret.toString()).doesNotContain("s3cr3t");
    assertThat(new ConfigNode.Builder().put(List.of("a"), secret).build().toString())
        .doesNotContain("s3cr3t");
    assertThat(platform.toString()).contains("token").doesNotContain("s3cr3t");
  }

  private static ConfigReader reader(String properties) {
    return new ConfigReader("fairlead", tree(properties));
  }

  /** {@return a tree of lines {@code path=value}} */
  private static Group tree(String properties) {
    ConfigNode.Builder builder = new ConfigNode.Builder();
    int line = 0;
    for (String each : properties.lines().toList()) {
      line++;
      String[] parts = each.split("=", 2);
      builder.put(List.of(parts[0].split("\\.")), new Text(parts[1], "line " + line, false));
    }
    return builder.build();
  }

  private static List<String> sentences(ConfigReader reader) {
    return reader.problems().found().stream().map(ConfigProblem::toString).toList();
  }
}
