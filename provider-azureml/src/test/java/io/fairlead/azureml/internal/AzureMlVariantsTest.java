package io.fairlead.azureml.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.azureml.Azure;
import io.fairlead.azureml.AzureMlArtifact;
import io.fairlead.azureml.AzureMlAutoscaling;
import io.fairlead.azureml.AzureMlContainer;
import io.fairlead.azureml.AzureMlDependencies;
import io.fairlead.azureml.AzureMlEndpoint;
import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.azureml.AzureMlProbe;
import io.fairlead.azureml.AzureMlRouting;
import io.fairlead.azureml.AzureMlRuntime;
import io.fairlead.azureml.AzureMlScaling;
import io.fairlead.azureml.CondaFile;
import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.Faults;
import io.fairlead.contract.ReadBack;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Location;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Azure ML alone knows of models, deployments and endpoints, in its documents and back. */
class AzureMlVariantsTest {
  private static final Duration LIMIT = Duration.ofHours(1);
  private static final JsonMapper JSON = new JsonMapper();
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");
  private static final Scaling ONE = Scaling.fixed("Standard_DS3_v2", 1);
  private static final AzureMlDependencies SCRIPT = AzureMlDependencies.entryScript("score.py");
  private static final URI CODE =
      URI.create("https://account.blob.core.windows.net/container/score/");

  private final Azure azure = new Azure(new VirtualTime());
  private final Workspace workspace = azure.workspace();
  private final EndpointPlatform platform = azure.open();

  @TempDir
  private Path folder;

  @AfterEach
  void close() {
    platform.close();
    azure.close();
  }

  // ---- documents ----

  @Test
  void aDeploymentIsWrittenAsAzureHasIt() {
    Container container = new Container(
        ModelArtifact.of(CODE, model("one").weights()),
        RuntimeSpec.of(Azure.IMAGE)
            .with(AzureMlContainer.DEFAULT
                .withServer(8080, "/predict", "/live", "/ready")
                .withModelMountPath("/var/models")
                .withLivenessProbe(new AzureMlProbe(
                    Duration.ofMinutes(2), Duration.ofSeconds(5), Duration.ofSeconds(3), 2, 9))
                .withoutEgress()),
        Dependencies.environment(Map.of("MODE", "full")).with(SCRIPT));
    Scaling scaling = Scaling.fixed("Standard_DS3_v2", 3)
        .with(AzureMlScaling.DEFAULT
            .withMaxConcurrentRequests(4)
            .withRequestTimeout(Duration.ofSeconds(90)));

    deploy(container, scaling, BLUE);

    ObjectNode sent = last("PUT deployments");
    assertThat(sent.path("properties"))
        .isEqualTo(json("""
        {"endpointComputeType": "Managed",
         "scaleSettings": {"scaleType": "Default"},
         "instanceType": "Standard_DS3_v2",
         "model": "%s",
         "environmentId": "%s",
         "codeConfiguration": {"codeId": "%s", "scoringScript": "score.py"},
         "environmentVariables": {"MODE": "full"},
         "livenessProbe": {"initialDelay": "PT2M", "period": "PT5S", "timeout": "PT3S",
                           "successThreshold": 2, "failureThreshold": 9},
         "readinessProbe": {"initialDelay": "PT10S", "period": "PT10S", "timeout": "PT2S",
                            "successThreshold": 1, "failureThreshold": 30},
         "egressPublicNetworkAccess": "Disabled",
         "modelMountPath": "/var/models",
         "requestSettings": {"maxConcurrentRequestsPerInstance": 4, "requestTimeout": "PT1M30S"}}
        """.formatted(id("model"), id("environment"), id("code"))));
    assertThat(sent.path("sku")).isEqualTo(json("{\"name\": \"Default\", \"capacity\": 3}"));
    assertThat(sent.path("location").asText()).isEqualTo(workspace.location());
    assertThat(sent.path("tags").path("fairlead-deployment").asText()).isEqualTo("bert");
    assertIsAsDeployed(container, scaling, BLUE);
  }

  /** {@return the id of the only asset of a type} */
  private String id(String type) {
    String name = azure.remains().stream()
        .filter(one -> one.startsWith(type + " "))
        .findFirst()
        .orElseThrow()
        .substring(type.length() + 1);
    return workspace.resourceId() + "/" + type + "s/" + name.replace(":", "/versions/");
  }

  @Test
  void assetsAreWrittenAsAzureHasThem() {
    Container container = new Container(
        ModelArtifact.of(CODE, model("one").weights())
            .with(
                AzureMlArtifact.of(AzureMlArtifact.Type.CUSTOM_MODEL).withDescription("The first")),
        RuntimeSpec.of(Azure.IMAGE)
            .with(AzureMlRuntime.condaFile(CondaFile.of("python=3.11").withChannels("conda-forge")))
            .with(AzureMlContainer.DEFAULT.withServer(8080, "/predict", "/live", "/ready")),
        Dependencies.NONE.withPackages("torch").with(SCRIPT));

    deploy(container, ONE, BLUE);

    assertThat(withoutTags("PUT models/versions")).isEqualTo(json("""
        {"modelUri": "azureml://datastores/models/paths/one/", "modelType": "custom_model",
         "description": "The first"}"""));
    assertThat(withoutTags("PUT codes/versions"))
        .isEqualTo(json("{\"codeUri\": \"" + CODE + "\"}"));
    JsonNode environment = withoutTags("PUT environments/versions");
    assertThat(environment.path("inferenceConfig")).isEqualTo(json("""
        {"scoringRoute": {"port": 8080, "path": "/predict"},
         "livenessRoute": {"port": 8080, "path": "/live"},
         "readinessRoute": {"port": 8080, "path": "/ready"}}"""));
    assertThat(environment.path("image").asText()).isEqualTo(Azure.IMAGE);
    assertThat(environment.path("osType").asText()).isEqualTo("Linux");
    assertThat(environment.path("condaFile").asText()).contains("- \"python=3.11\"\n- \"pip\"\n");
    assertIsAsDeployed(container, ONE, BLUE);
  }

  private JsonNode withoutTags(String call) {
    ObjectNode properties = (ObjectNode) last(call).path("properties");
    assertThat(properties.remove("tags").path("fairlead-run").asText()).isNotEmpty();
    return properties;
  }

  // ---- models, environments and code ----

  @ParameterizedTest
  @ValueSource(strings = {"MLFLOW_MODEL", "TRITON_MODEL"})
  void aModelThatBringsItsEnvironmentIsDeployedWithoutOne(AzureMlArtifact.Type type) {
    Container container = new Container(
        model("one").with(AzureMlArtifact.of(type)), RuntimeSpec.NONE, Dependencies.NONE);

    deploy(container, ONE, BLUE);

    assertThat(last("PUT deployments").path("properties").has("environmentId")).isFalse();
    assertThat(azure.remains()).noneMatch(name -> name.startsWith("environment "));
    assertIsAsDeployed(container, ONE, BLUE);
  }

  @Test
  void anEnvironmentThatAzureMakesForAModelIsRight() {
    Container container = new Container(
        model("one").with(AzureMlArtifact.of(AzureMlArtifact.Type.MLFLOW_MODEL)),
        RuntimeSpec.NONE,
        Dependencies.NONE);
    deploy(container, ONE, BLUE);

    workspace.addEnvironment("c68e03c630c5", "fb674d0c", Azure.IMAGE);
    workspace.changeDeployment(
        "bert",
        "blue",
        document -> ((ObjectNode) document.path("properties"))
            .put(
                "environmentId",
                workspace.resourceId() + "/environments/c68e03c630c5/versions/fb674d0c"));

    assertIsAsDeployed(container, ONE, BLUE);
  }

  @Test
  void whatIsRegisteredIsUsedAndNeverRemoved() {
    workspace.addModel("sentiment", "3", "azureml://datastores/models/paths/three/");
    workspace.addEnvironment("serving", "4", Azure.IMAGE);
    Container container = new Container(
        ModelArtifact.of(URI.create("azureml:sentiment:3")),
        RuntimeSpec.of("azureml:serving:4"),
        Dependencies.NONE);

    deploy(container, ONE, BLUE);

    JsonNode properties = workspace.deployment("bert", "blue").path("properties");
    assertThat(properties.path("model").asText())
        .isEqualTo(workspace.resourceId() + "/models/sentiment/versions/3");
    assertThat(properties.path("environmentId").asText())
        .isEqualTo(workspace.resourceId() + "/environments/serving/versions/4");
    assertIsAsDeployed(container, ONE, BLUE);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).containsExactly("environment serving:4", "model sentiment:3");
  }

  @Test
  void aModelOfARegistryIsDeployedByItsReference() {
    Container newest = new Container(
        ModelArtifact.huggingFace("org/name", ModelTask.EMBEDDING),
        RuntimeSpec.NONE,
        Dependencies.NONE);
    String location = "azureml://registries/azureml/models/llama/versions/7";
    Container other = new Container(
        ModelArtifact.of(URI.create(location)),
        RuntimeSpec.of("azureml://registries/azureml/environments/vllm/labels/latest"),
        Dependencies.NONE);

    deploy(newest, ONE, BLUE);
    deploy(other, ONE, GREEN);

    assertThat(workspace
            .deployment("bert", "blue")
            .path("properties")
            .path("model")
            .asText())
        .isEqualTo("azureml://registries/HuggingFace/models/org-name/labels/latest");
    assertThat(workspace
            .deployment("bert", "green")
            .path("properties")
            .path("model")
            .asText())
        .isEqualTo(location);
    assertIsAsDeployed(newest, ONE, BLUE);
    assertIsAsDeployed(other, ONE, GREEN);
  }

  /** Azure may tell which version the newest was. */
  @Test
  void theNewestVersionIsWhicheverItWasThen() {
    Container newest = new Container(
        ModelArtifact.huggingFace("org/name", ModelTask.EMBEDDING),
        RuntimeSpec.NONE,
        Dependencies.NONE);
    deploy(newest, ONE, BLUE);

    workspace.changeDeployment(
        "bert",
        "blue",
        document -> ((ObjectNode) document.path("properties"))
            .put("model", "azureml://registries/HuggingFace/models/org-name/versions/12"));

    assertIsAsDeployed(newest, ONE, BLUE);
  }

  @Test
  void codeAndWeightsOfThisMachineAreReadBackAsTheirUploads() throws IOException {
    Path weights = Files.createDirectory(folder.resolve("weights"));
    Files.writeString(weights.resolve("model.bin"), "weights");
    Path code = Files.createDirectory(folder.resolve("code"));
    Files.writeString(code.resolve("score.py"), "def init(): pass");
    Container container = new Container(
        ModelArtifact.of(code.toUri(), weights.toUri()),
        RuntimeSpec.of(Azure.IMAGE),
        Dependencies.NONE.with(SCRIPT));

    deploy(container, ONE, BLUE);

    assertThat(azure.remains()).filteredOn(name -> name.startsWith("blob ")).hasSize(2);
    assertIsAsDeployed(container, ONE, BLUE);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void theVariablesThatAzureSetsAreNotTakenForTheUsers() {
    Container container = new Container(
        ModelArtifact.of(CODE, model("one").weights()),
        RuntimeSpec.of(Azure.IMAGE),
        Dependencies.environment(Map.of("MODE", "full")).with(SCRIPT));

    deploy(container, ONE, BLUE);

    JsonNode told = workspace.deployment("bert", "blue").path("properties");
    assertThat(told.path("environmentVariables").size()).isEqualTo(4);
    assertThat(ReadBack.assertChangesNothing(platform, "bert", "blue")
            .container()
            .dependencies()
            .environment())
        .containsExactly(Map.entry("MODE", "full"));
  }

  @Test
  void idsAreReadInAnyCaseOfLetters() {
    Container container = new Container(
        ModelArtifact.of(CODE, model("one").weights()),
        RuntimeSpec.of(Azure.IMAGE),
        Dependencies.NONE.with(SCRIPT));
    Routing identified = BLUE.with(AzureMlEndpoint.DEFAULT.withIdentities(identity("reader")));
    workspace.tellsIdsInLowerCase(true);

    deploy(container, ONE, identified);

    assertIsAsDeployed(container, ONE, identified);
  }

  // ---- instances ----

  @Test
  void anAutoscaleSettingIsWrittenAsAzureMonitorHasIt() {
    Scaling scaling = new Scaling(Optional.of("Standard_DS3_v2"), 3, 2, 5, Options.none())
        .with(AzureMlAutoscaling.requestLatency(800, 100)
            .withWindow(Duration.ofMinutes(10))
            .withCooldown(Duration.ofMinutes(7)));

    deploy(container("one"), scaling, BLUE);

    ObjectNode sent = last("PUT autoscalesettings");
    assertThat(sent.path("properties"))
        .isEqualTo(json("""
        {"targetResourceUri": "%1$s/deployments/blue",
         "enabled": true,
         "profiles": [{"name": "load",
           "capacity": {"minimum": "2", "maximum": "5", "default": "2"},
           "rules": [
             {"metricTrigger": {"metricName": "RequestLatency", "metricResourceUri": "%1$s",
                "timeGrain": "PT1M", "statistic": "Average", "timeWindow": "PT10M",
                "timeAggregation": "Average", "operator": "GreaterThan", "threshold": 800},
              "scaleAction": {"direction": "Increase", "type": "ChangeCount", "value": "1",
                "cooldown": "PT7M"}},
             {"metricTrigger": {"metricName": "RequestLatency", "metricResourceUri": "%1$s",
                "timeGrain": "PT1M", "statistic": "Average", "timeWindow": "PT10M",
                "timeAggregation": "Average", "operator": "LessThan", "threshold": 100},
              "scaleAction": {"direction": "Decrease", "type": "ChangeCount", "value": "1",
                "cooldown": "PT7M"}}]}]}
        """.formatted(workspace.resourceId() + "/onlineEndpoints/bert")));
    assertThat(last("PUT deployments").path("sku").path("capacity").asInt()).isEqualTo(3);
    assertIsAsDeployed(container("one"), scaling, BLUE);
  }

  @ParameterizedTest
  @CsvSource({"CPU, CpuUtilizationPercentage", "GPU, GpuUtilizationPercentage"})
  void aUtilizationIsThatOfTheDeployment(AzureMlAutoscaling.Metric metric, String name) {
    AzureMlAutoscaling rules = metric == AzureMlAutoscaling.Metric.CPU
        ? AzureMlAutoscaling.cpu(80, 20)
        : AzureMlAutoscaling.gpu(80, 20);
    Scaling scaling = Scaling.between("Standard_NC24ads_A100_v4", 1, 2).with(rules);

    deploy(container("one"), scaling, BLUE);

    JsonNode trigger =
        last("PUT autoscalesettings").at("/properties/profiles/0/rules/0/metricTrigger");
    assertThat(trigger.path("metricName").asText()).isEqualTo(name);
    assertThat(trigger.path("metricResourceUri").asText()).endsWith("/bert/deployments/blue");
    assertIsAsDeployed(container("one"), scaling, BLUE);
  }

  @Test
  void fromAutomaticToFixedAndBackTheSettingIsThereOnlyWhileTheLoadRules() {
    Scaling automatic = Scaling.between("Standard_DS3_v2", 2, 5);
    Endpoint blue = deploy(container("one"), automatic, BLUE);
    workspace.forgetCalls();

    platform.scale(blue, Scaling.fixed("Standard_DS3_v2", 1)).await(LIMIT);

    assertThat(workspace.calls())
        .containsSubsequence("DELETE autoscalesettings", "PATCH deployments");
    assertThat(capacity()).isEqualTo(1);
    assertIsAsDeployed(container("one"), Scaling.fixed("Standard_DS3_v2", 1), BLUE);

    workspace.forgetCalls();
    platform.scale(blue, automatic).await(LIMIT);
    assertThat(workspace.calls())
        .contains("PUT autoscalesettings")
        .doesNotContain("PATCH deployments");
    azure.pass(Duration.ofMinutes(5));
    assertThat(capacity()).as("which Azure Monitor brings into the range").isEqualTo(2);
    assertIsAsDeployed(container("one"), automatic, BLUE);
  }

  @Test
  void otherRulesAreChangedInPlaceWithoutTheDeployment() {
    Scaling before = Scaling.between("Standard_DS3_v2", 1, 5);
    Scaling after = before.with(AzureMlAutoscaling.cpu(90, 10));
    Endpoint blue = deploy(container("one"), before, BLUE);
    workspace.forgetCalls();

    platform.scale(blue, after).await(LIMIT);

    assertThat(workspace.calls())
        .containsOnlyOnce("PUT autoscalesettings")
        .noneMatch(call -> call.matches("(PUT|PATCH|DELETE) (deployments|onlineEndpoints)"));
    assertIsAsDeployed(container("one"), after, BLUE);
  }

  @Test
  void aRangeThatOthersHaveChangedIsNoneOfOursAndIsWrittenAgain() {
    Scaling scaling = Scaling.between("Standard_DS3_v2", 1, 5);
    deploy(container("one"), scaling, BLUE);
    try (AzureMlClients clients =
        new AzureMlClients(azure.config().withHttpClient(workspace.client(Faults.none())))) {
      String setting = new AzureMlNames(azure.config()).autoscale("bert/blue");
      Document there = clients.workspace().autoscale(setting).orElseThrow();
      Document profile = there.all("properties", "profiles").get(0);
      clients
          .workspace()
          .putAutoscale(
              setting,
              there.with(
                  List.of(profile, profile.with("night", "name")), "properties", "profiles"));
    }

    Description<Endpoint> description = platform.describe("bert", "blue", LIMIT).orElseThrow();

    assertThat(description.value()).isEmpty();
    deploy(container("one"), scaling, BLUE);
    assertIsAsDeployed(container("one"), scaling, BLUE);
  }

  @Test
  void settingsThatOthersHaveMadeAndTheOptionsDoNotAllowAreNoException() {
    deploy(container("one"), ONE, BLUE);
    workspace.changeDeployment("bert", "blue", document -> {
      ObjectNode properties = (ObjectNode) document.path("properties");
      ((ObjectNode) properties.path("livenessProbe")).put("timeout", "PT0.5S");
      properties.put("modelMountPath", "models");
    });

    Description<Endpoint> description = platform.describe("bert", "blue", LIMIT).orElseThrow();

    assertThat(description.value()).isEmpty();
    assertThat(fails(() -> deploy(container("one"), ONE, BLUE)))
        .hasMessageContaining("has another container settings");
  }

  private int capacity() {
    return workspace.deployment("bert", "blue").path("sku").path("capacity").asInt();
  }

  // ---- two variants ----

  @Test
  void twoVariantsShareAnEndpointAndAnEnvironmentAndHaveAllElseForThemselves() {
    Scaling automatic = Scaling.between("Standard_F4s_v2", 1, 3);
    deploy(container("one"), ONE, BLUE.with(AzureMlEndpoint.authMode(AuthMode.ENTRA)));
    deploy(container("two"), automatic, GREEN);

    assertThat(azure.remains())
        .filteredOn(name -> name.startsWith("environment "))
        .hasSize(1);
    assertThat(workspace.endpoint("bert").path("properties").path("authMode").asText())
        .as("of which the second variant says nothing")
        .isEqualTo("AADToken");
    assertIsAsDeployed(container("two"), automatic, GREEN);
    assertIsAsDeployed(container("one"), ONE, BLUE.with(AzureMlEndpoint.authMode(AuthMode.ENTRA)));
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void theTwentyFirstDeploymentIsRefusedBeforeAnyChange() {
    for (int i = 1; i <= 20; i++) {
      deploy(container("one"), ONE, new Routing("bert", "variant-" + i));
    }
    workspace.forgetCalls();

    ServingException refusal = fails(() -> deploy(container("one"), ONE, BLUE));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal)
        .hasMessageContaining("an endpoint of Azure ML has at most 20 deployments")
        .hasMessageContaining("undeploy one of bert first");
    assertThat(workspace.calls()).noneMatch(call -> call.matches("(PUT|PATCH|DELETE) .*"));
  }

  // ---- mirrors ----

  @Test
  void aMirrorIsSetChangedAndTakenAway() {
    deploy(container("one"), ONE, BLUE);
    Routing mirrored = GREEN.with(AzureMlRouting.mirror(20));

    deploy(container("two"), ONE, mirrored);
    assertThat(mirror()).isEqualTo(json("{\"green\": 20}"));
    assertIsAsDeployed(container("two"), ONE, mirrored);

    deploy(container("two"), ONE, GREEN.with(AzureMlRouting.mirror(50)));
    assertThat(mirror()).isEqualTo(json("{\"green\": 50}"));

    deploy(container("two"), ONE, GREEN);
    assertThat(mirror()).as("who says nothing leaves it").isEqualTo(json("{\"green\": 50}"));

    deploy(container("two"), ONE, GREEN.with(AzureMlRouting.mirror(0)));
    assertThat(mirror().path("green").asInt()).isZero();
    assertIsAsDeployed(container("two"), ONE, GREEN);
  }

  @Test
  void aMirrorEndsWhenItsVariantGetsRequestsOfItsOwn() {
    Endpoint blue = deploy(container("one"), ONE, BLUE);
    Routing mirrored = GREEN.with(AzureMlRouting.mirror(20));
    Endpoint green = deploy(container("two"), ONE, mirrored);

    platform.route(blue.at(100), green.at(0), new TrafficWeight(10)).await(LIMIT);

    assertThat(mirror().path("green").asInt()).isZero();
    assertIsAsDeployed(container("two"), ONE, GREEN);
    assertThat(fails(() -> deploy(container("two"), ONE, mirrored)))
        .hasMessageContaining("gets requests itself, and cannot get copies of others, too");
  }

  @Test
  void aMirrorNeedsRequestsOfAnotherVariant() {
    ServingException refusal =
        fails(() -> deploy(container("one"), ONE, BLUE.with(AzureMlRouting.mirror(20))));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal).hasMessageContaining("has no requests to copy");
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void aSecondMirrorIsRefusedWithTheNameOfTheFirst() {
    deploy(container("one"), ONE, BLUE);
    deploy(container("two"), ONE, GREEN.with(AzureMlRouting.mirror(20)));

    assertThat(fails(() -> deploy(
            container("two"), ONE, new Routing("bert", "red").with(AzureMlRouting.mirror(20)))))
        .hasMessageContaining("Azure ML mirrors to one variant, which is green");
  }

  private JsonNode mirror() {
    return workspace.endpoint("bert").path("properties").path("mirrorTraffic");
  }

  // ---- tags ----

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void evaluationRulesAreChangedInPlaceWhetherTagsAreMergedOrReplaced(boolean areMerged) {
    workspace.patchMergesTags(areMerged);
    Routing first = BLUE.with(
        AzureMlRouting.evaluationRules(Map.of("latency", "p95 < 200ms", "errors", "< 1%")));
    Routing second = BLUE.with(AzureMlRouting.evaluationRules(Map.of("latency", "p95 < 100ms")));
    deploy(container("one"), ONE, first);
    assertIsAsDeployed(container("one"), ONE, first);
    workspace.forgetCalls();

    deploy(container("one"), ONE, second);

    assertThat(workspace.calls()).contains("PATCH deployments").doesNotContain("PUT deployments");
    assertIsAsDeployed(container("one"), ONE, second);
    deploy(container("one"), ONE, BLUE);
    assertIsAsDeployed(container("one"), ONE, BLUE);
  }

  @Test
  void aTagThatChangesIsChangedWhereItIsAndNothingIsReplaced() {
    Scaling scaling = Scaling.between("Standard_DS3_v2", 1, 2);
    try (EndpointPlatform before = openWith(Map.of("stage", "test"))) {
      before.deploy(container("one"), scaling, BLUE).await(LIMIT);
    }
    workspace.forgetCalls();

    try (EndpointPlatform after = openWith(Map.of("stage", "prod"))) {
      after.deploy(container("one"), scaling, BLUE).await(LIMIT);

      assertThat(after.preview(p -> p.deploy(container("one"), scaling, BLUE)).isEmpty())
          .isTrue();
      ReadBack.assertChangesNothing(after, "bert", "blue");
    }
    assertThat(workspace.calls())
        .contains(
            "PUT models/versions",
            "PUT environments/versions",
            "PATCH onlineEndpoints",
            "PATCH deployments",
            "PUT autoscalesettings")
        .doesNotContain("PUT deployments", "PUT onlineEndpoints");
    assertThat(workspace.endpoint("bert").at("/tags/stage").asText()).isEqualTo("prod");
    assertThat(workspace.deployment("bert", "blue").at("/tags/stage").asText()).isEqualTo("prod");
  }

  @Test
  void aTagThatIsNotASettingAnyMoreStaysAsALabel() {
    try (EndpointPlatform before = openWith(Map.of("stage", "test"))) {
      before.deploy(container("one"), ONE, BLUE).await(LIMIT);
    }

    Endpoint there = ReadBack.assertChangesNothing(platform, "bert", "blue");

    assertThat(there.artifact().metadata().labels()).containsExactly(Map.entry("stage", "test"));
    assertIsAsDeployed(container("one"), ONE, BLUE);
  }

  @Test
  void aSharedModelHasTheTagsOfAllItsVariants() {
    Container first = labelled(Map.of("stage", "prod"));
    Container second = labelled(Map.of("owner", "ada"));
    deploy(first, ONE, BLUE);
    deploy(second, ONE, GREEN);

    JsonNode tags = last("PUT models/versions").at("/properties/tags");
    assertThat(tags.path("stage").asText()).isEqualTo("prod");
    assertThat(tags.path("owner").asText()).isEqualTo("ada");
    assertIsAsDeployed(first, ONE, BLUE);
    assertIsAsDeployed(second, ONE, GREEN);
  }

  private EndpointPlatform openWith(Map<String, String> tags) {
    return azure.open(azure.config().withTags(tags), Faults.none());
  }

  private static Container labelled(Map<String, String> labels) {
    return new Container(
        model("one").withMetadata(ModelMetadata.of("sklearn", "1.5").withLabels(labels)),
        RuntimeSpec.of(Azure.IMAGE),
        Dependencies.NONE);
  }

  // ---- endpoints ----

  @Test
  void anEndpointIsWrittenAsAzureHasIt() {
    Routing closed = BLUE.with(AzureMlEndpoint.authMode(AuthMode.AML_TOKEN)
        .withoutPublicNetworkAccess()
        .withIdentities(identity("reader"), identity("writer")));

    deploy(container("one"), ONE, closed);

    ObjectNode sent = workspace.requests("PUT onlineEndpoints").get(0);
    assertThat(sent.path("properties"))
        .isEqualTo(json("{\"authMode\": \"AMLToken\", \"publicNetworkAccess\": \"Disabled\"}"));
    assertThat(sent.path("identity"))
        .isEqualTo(json("{\"type\": \"UserAssigned\", \"userAssignedIdentities\": {\""
            + identity("reader") + "\": {}, \"" + identity("writer") + "\": {}}}"));
    assertIsAsDeployed(container("one"), ONE, closed);
    assertIsAsDeployed(
        container("one"),
        ONE,
        BLUE.with(AzureMlEndpoint.authMode(AuthMode.AML_TOKEN)
            .withoutPublicNetworkAccess()
            .withIdentities(identity("writer"), identity("reader"))));
  }

  @Test
  void whoMayCallIsChangedInPlace() {
    deploy(container("one"), ONE, BLUE.with(AzureMlEndpoint.authMode(AuthMode.ENTRA)));
    Routing other = BLUE.with(AzureMlEndpoint.authMode(AuthMode.KEY));

    deploy(container("one"), ONE, other);

    ObjectNode there = workspace.endpoint("bert");
    assertThat(there.at("/properties/authMode").asText()).isEqualTo("Key");
    assertThat(there.at("/properties/traffic")).isEqualTo(json("{\"blue\": 100}"));
    assertIsAsDeployed(container("one"), ONE, other);
  }

  @Test
  void asWhomItActsIsForGood() {
    Routing reader = BLUE.with(AzureMlEndpoint.DEFAULT.withIdentities(identity("reader")));
    deploy(container("one"), ONE, reader);

    assertThat(fails(() -> deploy(
            container("one"),
            ONE,
            BLUE.with(AzureMlEndpoint.DEFAULT.withIdentities(identity("writer"))))))
        .hasMessageContaining("has another identity, which Azure ML never changes");

    deploy(container("one"), ONE, BLUE);
    assertThat(workspace.endpoint("bert").at("/identity/type").asText()).isEqualTo("UserAssigned");
    assertIsAsDeployed(container("one"), ONE, reader);
  }

  private static String identity(String name) {
    return "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/models/providers"
        + "/Microsoft.ManagedIdentity/userAssignedIdentities/" + name;
  }

  @Test
  void whatCannotBeChangedInPlaceIsRefusedWithTheWayToGo() {
    Endpoint blue = deploy(container("one"), ONE, BLUE);

    ServingException refusal =
        fails(() -> platform.scale(blue, Scaling.fixed("Standard_F8s_v2", 1)).await(LIMIT));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal)
        .hasMessageContaining("has another instance type")
        .hasMessageContaining("deploy a second version under another variant");
    assertThat(fails(() -> deploy(
            container("two"), ONE.with(AzureMlScaling.DEFAULT.withMaxConcurrentRequests(2)), BLUE)))
        .hasMessageContaining("has another model, another request settings");
  }

  @Test
  void whereItIsIsToldAsAzureNamesItAndForPeople() {
    deploy(container("one"), ONE, BLUE);

    Location location = platform.describe("bert", "blue", LIMIT).orElseThrow().location();

    assertThat(location.id())
        .isEqualTo(workspace.resourceId() + "/onlineEndpoints/bert/deployments/blue");
    assertThat(location.url().orElseThrow().toString()).endsWith("/bert/score");
    assertThat(location.console().orElseThrow())
        .hasToString(
            "https://ml.azure.com/endpoints/realtime/bert/detail?wsid=" + workspace.resourceId());
  }

  // ---- words ----

  private static ModelArtifact model(String name) {
    return ModelArtifact.of(URI.create("azureml://datastores/models/paths/" + name + "/"));
  }

  private static Container container(String name) {
    return new Container(model(name), RuntimeSpec.of(Azure.IMAGE), Dependencies.NONE);
  }

  private Endpoint deploy(Container container, Scaling scaling, Routing routing) {
    return platform.deploy(container, scaling, routing).await(LIMIT);
  }

  private void assertIsAsDeployed(Container container, Scaling scaling, Routing routing) {
    assertThat(platform.preview(p -> p.deploy(container, scaling, routing)).changes())
        .allMatch(change -> change.action() == Plan.Action.KEEP);
    ReadBack.assertChangesNothing(platform, routing.name(), routing.variant());
  }

  private ObjectNode last(String call) {
    List<ObjectNode> all = workspace.requests(call);
    return all.get(all.size() - 1);
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  private static ServingException fails(ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }
}
