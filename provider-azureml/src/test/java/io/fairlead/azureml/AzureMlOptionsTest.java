package io.fairlead.azureml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AzureMlOptionsTest {
  private static final AzureMlArtifact ARTIFACT = AzureMlArtifact.of(
          AzureMlArtifact.Type.CUSTOM_MODEL)
      .withDescription("HuggingFace model from Model Hub")
      .fromRegistry("HuggingFace");

  private static final AzureMlRuntime RUNTIME = AzureMlRuntime.condaFile(
      CondaFile.of("python=3.11", "pip", "pytorch").withChannels("conda-forge", "pytorch"));

  private static final AzureMlRouting ROUTING =
      AzureMlRouting.evaluationRules(Map.of("latency", "p95 < 200ms", "errors", "< 1%"));

  private static final Endpoint BERT = new Endpoint(
      new Container(
          ModelArtifact.huggingFace("google-bert/bert-base-uncased")
              .withMetadata(
                  ModelMetadata.of("huggingface", "4.37").withName("hf-model").with(ARTIFACT)),
          RuntimeSpec.of("mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04").with(RUNTIME),
          Dependencies.environment(Map.of("MODEL_ID", "bert")).withPackages("transformers")),
      new Scaling(Optional.of("Standard_DS3_v2"), 1, 1, 3, Options.none()),
      new Routing("hf-ep", "blue").with(ROUTING));

  @Test
  void anEndpointThatCarriesThemAllIsReadBackEqual() {
    String json = GrammarJson.write(BERT);

    assertThat(json)
        .contains("\"azureml.AzureMlArtifact\":{\"description\":"
            + "\"HuggingFace model from Model Hub\",\"registry\":\"HuggingFace\"}")
        .contains(
            "\"azureml.AzureMlRuntime\":{\"condaFile\":{\"channels\":[\"conda-forge\",\"pytorch\"],"
                + "\"dependencies\":[\"python=3.11\",\"pip\",\"pytorch\"]}}")
        .contains(
            "\"azureml.AzureMlRouting\":{\"evaluationRules\":{\"errors\":\"< 1%\",\"latency\":"
                + "\"p95 < 200ms\"}}");
    assertThat(GrammarJson.read(json, Endpoint.class)).isEqualTo(BERT);
  }

  @Test
  void eachIsForAzureMl() {
    assertThat(BERT.artifact().metadata().options().forPlatform("azureml"))
        .containsExactly(ARTIFACT);
    assertThat(BERT.container().runtime().options().forPlatform("azureml"))
        .containsExactly(RUNTIME);
    assertThat(BERT.routing().options().forPlatform("azureml")).containsExactly(ROUTING);
    assertThat(BERT.routing().options().forPlatform("vertex")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "Hugging Face", "azureml://registries/HuggingFace"})
  void aRegistryIsItsName(String registry) {
    assertThatThrownBy(() -> ARTIFACT.fromRegistry(registry))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "AzureMlArtifact: registry must be the name of a registry, without spaces and slashes"
                + " (got \"" + registry + "\")");
  }

  @Test
  void everyLineOfACondaFileThatIsWrongIsReportedAtOnce() {
    assertThatThrownBy(() -> CondaFile.of("python=3.11", "pip\nprefix: /").withChannels(" "))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "CondaFile: dependencies must hold one name on one line each (got \"pip\nprefix: /\")");
    assertThatThrownBy(() -> new CondaFile(List.of(" "), List.of("")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("CondaFile: channels must hold one name on one line each (got \" \"); "
            + "dependencies must hold one name on one line each (got \"\")");
  }

  @Test
  void aCondaFileIsACopyInItsOrder() {
    List<String> channels = new ArrayList<>(List.of("pytorch", "conda-forge"));
    CondaFile condaFile = new CondaFile(channels, List.of("pip"));

    channels.clear();

    assertThat(condaFile.channels()).containsExactly("pytorch", "conda-forge");
  }

  @Test
  void evaluationRulesAreACopySortedByNameAndNamed() {
    Map<String, String> rules = new HashMap<>(Map.of("b", "2", "a", "1"));
    AzureMlRouting routing = AzureMlRouting.evaluationRules(rules);

    rules.clear();

    assertThat(routing.evaluationRules()).containsExactly(Map.entry("a", "1"), Map.entry("b", "2"));
    assertThatThrownBy(() -> AzureMlRouting.evaluationRules(Map.of(" ", "1")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("AzureMlRouting: evaluationRules must not have a blank name (got \" \")");
  }

  @Test
  void whatIsWrongInJsonIsToldByItsPath() {
    String json =
        GrammarJson.write(BERT).replace("\"registry\":", "\"type\":\"custom_model\",\"registry\":");

    assertThatThrownBy(() -> GrammarJson.read(json, Endpoint.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "Endpoint: container.artifact.metadata.options.azureml.AzureMlArtifact.type must be one of "
                + "CUSTOM_MODEL, MLFLOW_MODEL, TRITON_MODEL (got \"custom_model\")");
  }

  // ---- ranges ----

  @ParameterizedTest
  @ValueSource(ints = {-1, 51})
  void atMostHalfOfTheRequestsIsMirrored(int percent) {
    assertThatThrownBy(() -> AzureMlRouting.mirror(percent))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("mirrorPercent must be 0 to 50")
        .hasMessageContaining("(got " + percent + ")");
    assertThat(AzureMlRouting.mirror(50).mirrorPercent()).isEqualTo(50);
  }

  @Test
  void anEvaluationRuleSaysSomething() {
    assertThatThrownBy(() -> AzureMlRouting.evaluationRules(Map.of("latency", " ")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("AzureMlRouting: evaluationRules must not have a blank rule (got \"latency\")");
  }

  @Test
  void aRequestTakesThreeMinutesAtMost() {
    assertThat(AzureMlScaling.DEFAULT.withRequestTimeout(Duration.ofMinutes(3)).requestTimeout())
        .contains(Duration.ofMinutes(3));
    for (Duration wrong : List.of(Duration.ZERO, Duration.ofMillis(180_001))) {
      assertThatThrownBy(() -> AzureMlScaling.DEFAULT.withRequestTimeout(wrong))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining(
              "requestTimeout must be whole milliseconds, 1 or more, and at most 3 minutes");
    }
    assertThatThrownBy(() -> AzureMlScaling.DEFAULT.withMaxConcurrentRequests(0))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("maxConcurrentRequests must be 1 or more");
  }

  @Test
  void allThatIsWrongWithAProbeIsToldAtOnce() {
    assertThatThrownBy(
            () -> new AzureMlProbe(Duration.ZERO, Duration.ofMillis(1500), Duration.ZERO, 0, 0))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("successThreshold must be 1 or more")
        .hasMessageContaining("failureThreshold must be 1 or more")
        .hasMessageContaining("initialDelay must be whole seconds, 1 or more")
        .hasMessageContaining("period must be whole seconds, 1 or more")
        .hasMessageContaining("timeout must be whole seconds, 1 or more");
  }

  @Test
  void aServerHasAPortAndPaths() {
    assertThatThrownBy(() -> AzureMlContainer.DEFAULT.withServer(0, "predict", "/a b", ""))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("port must be 1 to 65535")
        .hasMessageContaining("scoringPath must be a path that begins with a slash")
        .hasMessageContaining("livenessPath must be")
        .hasMessageContaining("readinessPath must be");
    assertThatThrownBy(() -> AzureMlContainer.DEFAULT.withModelMountPath("models"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("modelMountPath must be an absolute path");
  }

  @Test
  void rulesForTheLoadLeaveRoomBetweenThem() {
    assertThatThrownBy(() -> AzureMlAutoscaling.cpu(100, 100))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("addAbove must be less than 100 percent")
        .hasMessageContaining("removeBelow must be 0 or more, and less than addAbove");
    assertThatThrownBy(() -> AzureMlAutoscaling.DEFAULT.withWindow(Duration.ofMinutes(4)))
        .hasMessageContaining("window must be 5 minutes to 12 hours");
    assertThatThrownBy(() -> AzureMlAutoscaling.DEFAULT.withCooldown(Duration.ofDays(8)))
        .hasMessageContaining("cooldown must be 1 minute to 7 days");
    assertThat(AzureMlAutoscaling.requestLatency(5000, 100).addAbove()).isEqualTo(5000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"score", "/score.py", "../score.py", "a/../score.py", "a b.py"})
  void aScriptIsAPathInTheCode(String script) {
    assertThatThrownBy(() -> AzureMlDependencies.entryScript(script))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("entryScript must be the path of a Python script");
  }

  @Test
  void anIdentityIsAFullIdInAnyCaseOfLetters() {
    String id =
        "/subscriptions/1/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/i";

    assertThat(AzureMlEndpoint.DEFAULT.withIdentities(id).identities()).containsExactly(id);
    assertThatThrownBy(() -> AzureMlEndpoint.DEFAULT.withIdentities("i", "/subscriptions/1"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("identities must be the full id of a user-assigned identity");
  }

  @Test
  void aVersionIsThatOfARegistry() {
    assertThatThrownBy(() -> AzureMlArtifact.DEFAULT.fromRegistry("HuggingFace", "1/2"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("registryVersion must be the version of a model");
    assertThat(AzureMlArtifact.DEFAULT
            .fromRegistry("HuggingFace", "1")
            .fromRegistry("HuggingFace")
            .registryVersion())
        .isEmpty();
  }
}
