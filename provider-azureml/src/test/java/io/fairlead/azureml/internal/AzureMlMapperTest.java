package io.fairlead.azureml.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.azureml.AzureMlArtifact;
import io.fairlead.azureml.AzureMlAutoscaling;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlContainer;
import io.fairlead.azureml.AzureMlDependencies;
import io.fairlead.azureml.AzureMlEndpoint;
import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.azureml.AzureMlProbe;
import io.fairlead.azureml.AzureMlRouting;
import io.fairlead.azureml.AzureMlRuntime;
import io.fairlead.azureml.AzureMlScaling;
import io.fairlead.azureml.CondaFile;
import io.fairlead.azureml.internal.MirrorKind.Mirror;
import io.fairlead.azureml.internal.storage.Uploads;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.provider.LocalModel;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Mapping;
import io.fairlead.reconcile.Resource;
import io.fairlead.reconcile.Resource.Goal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What values come to: plain data, found without a client. */
class AzureMlMapperTest {
  private static final String SUBSCRIPTION = "00000000-0000-0000-0000-000000000000";
  private static final AzureMlConfig CONFIG = AzureMlConfig.of(SUBSCRIPTION, "models", "workspace");
  private static final String UPLOADS = "azureml://subscriptions/" + SUBSCRIPTION
      + "/resourcegroups/models/workspaces/workspace/datastores/workspaceblobstore/paths/fairlead/";
  private static final List<String> HASHES =
      List.of("0123456789abcdef".repeat(4), "fedcba9876543210".repeat(4));
  private static final String WEIGHTS_KEY = "0123456789abcdef".repeat(2);
  private static final String CODE_KEY = "fedcba9876543210".repeat(2);

  private static final URI FILES = URI.create("azureml://datastores/models/paths/bert/");
  private static final URI CODE =
      URI.create("https://account.blob.core.windows.net/container/score/");
  private static final String IMAGE = "example.azurecr.io/team/server:1.2";
  private static final String ENVIRONMENT = "fairlead-server-0:1";
  private static final AzureMlDependencies SCRIPT = AzureMlDependencies.entryScript("score.py");
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Scaling ONE = Scaling.fixed("Standard_DS3_v2", 1);

  private final AzureMlMapper mapper = new AzureMlMapper(CONFIG, Uploads::of);

  // ---- models ----

  @ParameterizedTest
  @CsvSource({
    "azureml://datastores/models/paths/bert/, fairlead-bert-0:1",
    "azureml://jobs/eager-fox/outputs/artifacts/paths/model/, fairlead-model-0:1",
    "https://account.blob.core.windows.net/container/iris.onnx, fairlead-iris-onnx-0:1"
  })
  void filesBecomeAModelThatIsNamedByTheirLocation(URI location, String name) {
    Mapping mapping = mapper.container(container(location));

    assertThat(names(mapping)).containsExactly("model " + name, "environment " + ENVIRONMENT);
    assertThat(desired(mapping, ModelSpec.KIND))
        .isEqualTo(new ModelSpec(
            location.toString(),
            AzureMlArtifact.Type.CUSTOM_MODEL,
            Optional.empty(),
            new TreeMap<>()));
    assertThat(mapping.warnings()).isEmpty();
  }

  @Test
  void localFilesBecomeTheVersionOfAModelThatHasTheirHash() {
    Container local = container(Path.of("/models/bert").toUri());

    assertThat(mapper.localModels(local))
        .containsExactly(
            new LocalModel.Source(Path.of("/models/bert"), Optional.empty(), Uploads.RULES));
    Mapping mapping = mapper.container(mapper.uploaded(local, HASHES.subList(0, 1)));

    assertThat(names(mapping))
        .containsExactly(
            "upload fairlead/" + WEIGHTS_KEY,
            "model fairlead-bert-0:" + WEIGHTS_KEY,
            "environment " + ENVIRONMENT);
    assertThat(mapping.resources().get(0).goal()).isEqualTo(Goal.REQUIRED);
    assertThat(desired(mapping, ModelSpec.KIND).location()).isEqualTo(UPLOADS + WEIGHTS_KEY + "/");
  }

  @Test
  void aDescriptionAndATypeAreThoseOfTheModelAndOnlyTheTypeIsInItsName() {
    Container plain = container(FILES);
    Container described = with(
        plain,
        AzureMlArtifact.of(AzureMlArtifact.Type.MLFLOW_MODEL)
            .withDescription("The model of the search"));

    Mapping mapping = mapper.container(described);

    assertThat(desired(mapping, ModelSpec.KIND))
        .isEqualTo(new ModelSpec(
            FILES.toString(),
            AzureMlArtifact.Type.MLFLOW_MODEL,
            Optional.of("The model of the search"),
            new TreeMap<>()));
    assertThat(name(
            mapper.container(with(plain, AzureMlArtifact.of(AzureMlArtifact.Type.MLFLOW_MODEL)))))
        .isEqualTo(name(mapping))
        .isNotEqualTo(name(mapper.container(plain)));
  }

  @ParameterizedTest
  @CsvSource({
    "azureml:sentiment:3, sentiment:3",
    "azureml:sentiment/3, sentiment:3",
    "azureml://registries/azureml/models/Llama-3/versions/7, azureml://registries/azureml/models/Llama-3/versions/7",
  })
  void aRegisteredModelIsReferredToAndNotManaged(URI location, String reference) {
    Mapping mapping = mapper.endpoint(endpoint(container(location)));

    assertThat(names(mapping)).doesNotContain("model " + reference);
    assertThat(mapping.resources()).noneMatch(resource -> resource.kind().equals(ModelSpec.KIND));
    assertThat(deployment(mapping).model()).isEqualTo(reference);
    assertThat(mapping.warnings()).isEmpty();
  }

  @Test
  void aModelOfTheHubIsThatOfTheRegistryWithoutAnEnvironment() {
    ModelArtifact hub = ModelArtifact.huggingFace("Meta_Llama/Llama-3.1_8B");

    Mapping newest = mapper.endpoint(endpoint(bare(hub.forTask(ModelTask.EMBEDDING))));
    Mapping third = mapper.endpoint(endpoint(bare(hub.with(
        AzureMlArtifact.of(AzureMlArtifact.Type.CUSTOM_MODEL).fromRegistry("HuggingFace", "3")))));

    assertThat(deployment(newest).model())
        .isEqualTo("azureml://registries/HuggingFace/models/meta-llama-llama-3.1-8b/labels/latest");
    assertThat(newest.warnings())
        .singleElement()
        .asString()
        .contains("the model is the newest in its registry when it is deployed");
    assertThat(deployment(third).model())
        .isEqualTo("azureml://registries/HuggingFace/models/meta-llama-llama-3.1-8b/versions/3");
    assertThat(deployment(third).environment()).isEmpty();
    assertThat(third.warnings()).isEmpty();
  }

  @Test
  void anotherRegistryMayHaveModelsOfTheHub() {
    ModelArtifact hub = ModelArtifact.huggingFace("org/name")
        .with(AzureMlArtifact.of(AzureMlArtifact.Type.CUSTOM_MODEL).fromRegistry("mirror"));

    assertThat(deployment(mapper.endpoint(endpoint(bare(hub)))).model())
        .isEqualTo("azureml://registries/mirror/models/org-name/labels/latest");
  }

  // ---- code ----

  @Test
  void codeApartFromTheWeightsIsAnAssetOfItsOwn() {
    Mapping mapping = mapper.endpoint(endpoint(new Container(
        ModelArtifact.of(CODE, FILES), RuntimeSpec.of(IMAGE), Dependencies.NONE.with(SCRIPT))));

    assertThat(names(mapping)).contains("code fairlead-bert-0:1");
    assertThat(desired(mapping, CodeSpec.KIND))
        .isEqualTo(new CodeSpec(CODE.toString(), new TreeMap<>()));
    assertThat(deployment(mapping).code()).startsWith("fairlead-bert-");
    assertThat(deployment(mapping).entryScript()).isEqualTo("score.py");
  }

  @Test
  void codeAndWeightsOnThisMachineAreTwoUploads() {
    Container local = new Container(
        ModelArtifact.of(
            Path.of("/models/score").toUri(), Path.of("/models/bert").toUri()),
        RuntimeSpec.of(IMAGE),
        Dependencies.NONE.with(SCRIPT));

    assertThat(mapper.localModels(local))
        .extracting(LocalModel.Source::weights)
        .containsExactly(Path.of("/models/bert"), Path.of("/models/score"));
    Mapping mapping = mapper.container(mapper.uploaded(local, HASHES));

    assertThat(names(mapping))
        .containsExactly(
            "upload fairlead/" + WEIGHTS_KEY,
            "model fairlead-bert-0:" + WEIGHTS_KEY,
            "environment " + ENVIRONMENT,
            "upload fairlead/" + CODE_KEY,
            "code fairlead-bert-0:" + CODE_KEY);
  }

  @Test
  void oneOfCodeAndWeightsMayBeOnThisMachine() {
    ModelArtifact localCode = ModelArtifact.of(Path.of("/models/score").toUri(), FILES);
    ModelArtifact localWeights = ModelArtifact.of(CODE, Path.of("/models/bert").toUri());

    assertThat(uploaded(localCode))
        .isEqualTo(
            ModelArtifact.of(URI.create(UPLOADS + WEIGHTS_KEY + "/"), FILES).named("bert"));
    assertThat(uploaded(localWeights))
        .isEqualTo(
            ModelArtifact.of(CODE, URI.create(UPLOADS + WEIGHTS_KEY + "/")).named("bert"));
  }

  private ModelArtifact uploaded(ModelArtifact artifact) {
    Container container =
        new Container(artifact, RuntimeSpec.of(IMAGE), Dependencies.NONE.with(SCRIPT));
    assertThat(mapper.localModels(container)).hasSize(1);
    return mapper.uploaded(container, HASHES.subList(0, 1)).artifact();
  }

  @Test
  void aScriptBesideTheWeightsIsInTheSameUpload() {
    Container local = new Container(
        ModelArtifact.of(Path.of("/models/bert")),
        RuntimeSpec.of(IMAGE),
        Dependencies.NONE.with(SCRIPT));

    assertThat(mapper.localModels(local)).hasSize(1);
    Mapping mapping = mapper.container(mapper.uploaded(local, HASHES.subList(0, 1)));

    assertThat(names(mapping))
        .containsExactly(
            "upload fairlead/" + WEIGHTS_KEY,
            "model fairlead-bert-0:" + WEIGHTS_KEY,
            "environment " + ENVIRONMENT,
            "code fairlead-bert-0:" + WEIGHTS_KEY);
  }

  // ---- environments ----

  @Test
  void anImageWithPackagesIsAnEnvironment() {
    Container container = new Container(
        ModelArtifact.of(FILES),
        RuntimeSpec.of(IMAGE)
            .with(
                AzureMlRuntime.condaFile(CondaFile.of("python=3.11").withChannels("conda-forge"))),
        Dependencies.NONE.withPackages("torch==2.4", "numpy"));

    EnvironmentSpec environment = desired(mapper.container(container), EnvironmentSpec.KIND);

    assertThat(environment.image()).isEqualTo(IMAGE);
    assertThat(environment.condaFile()).isEqualTo("""
            channels:
            - "conda-forge"
            dependencies:
            - "python=3.11"
            - "pip"
            - pip:
              - "torch==2.4"
              - "numpy"
            """);
    assertThat(environment.server()).isEmpty();
  }

  @Test
  void aServerOfOnesOwnIsAPartOfTheEnvironmentAndOfItsName() {
    RuntimeSpec plain = RuntimeSpec.of(IMAGE);
    RuntimeSpec served =
        plain.with(AzureMlContainer.DEFAULT.withServer(8080, "/predict", "/live", "/ready"));

    Mapping mapping = mapper.container(container(served));

    assertThat(desired(mapping, EnvironmentSpec.KIND).server())
        .contains(new AzureMlContainer.Server(8080, "/predict", "/live", "/ready"));
    assertThat(resource(mapping, EnvironmentSpec.KIND).name())
        .isNotEqualTo(
            resource(mapper.container(container(plain)), EnvironmentSpec.KIND).name());
  }

  @ParameterizedTest
  @CsvSource({
    "azureml:serving:4, serving:4",
    "azureml://registries/azureml/environments/sklearn-1.5/versions/2, "
        + "azureml://registries/azureml/environments/sklearn-1.5/versions/2"
  })
  void aRegisteredEnvironmentIsReferredToAndNotManaged(String image, String reference) {
    Mapping mapping = mapper.endpoint(endpoint(container(RuntimeSpec.of(image))));

    assertThat(mapping.resources())
        .noneMatch(resource -> resource.kind().equals(EnvironmentSpec.KIND));
    assertThat(deployment(mapping).environment()).isEqualTo(reference);
    assertThat(mapping.warnings()).isEmpty();
  }

  @Test
  void theNewestEnvironmentIsAnotherOneEachTime() {
    String newest = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest";

    assertThat(mapper.endpoint(endpoint(container(RuntimeSpec.of(newest)))).warnings())
        .singleElement()
        .asString()
        .contains("the environment is the newest in its registry when it is deployed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"MLFLOW_MODEL", "TRITON_MODEL"})
  void aModelOfAKnownLayoutNeedsNoEnvironment(AzureMlArtifact.Type type) {
    Mapping mapping =
        mapper.endpoint(endpoint(bare(ModelArtifact.of(FILES).with(AzureMlArtifact.of(type)))));

    assertThat(deployment(mapping).environment()).isEmpty();
  }

  // ---- deployments ----

  @Test
  void howAContainerIsRunIsTheDeployments() {
    AzureMlProbe slow = AzureMlProbe.DEFAULT.withInitialDelay(Duration.ofMinutes(2));
    AzureMlContainer options = AzureMlContainer.DEFAULT
        .withModelMountPath("/var/models")
        .withLivenessProbe(slow)
        .withReadinessProbe(AzureMlProbe.DEFAULT.every(Duration.ofSeconds(5)))
        .withoutEgress();
    Container container = new Container(
        ModelArtifact.of(FILES),
        RuntimeSpec.of(IMAGE).with(options.withServer(8080, "/predict", "/live", "/ready")),
        Dependencies.environment(Map.of("MODE", "full")));
    AzureMlScaling requests = AzureMlScaling.DEFAULT
        .withMaxConcurrentRequests(4)
        .withRequestTimeout(Duration.ofSeconds(90));

    Mapping mapping = mapper.endpoint(new Endpoint(container, ONE.with(requests), BLUE));

    DeploymentSpec deployment = deployment(mapping);
    assertThat(deployment.container()).isEqualTo(options);
    assertThat(deployment.requests()).isEqualTo(requests);
    assertThat(deployment.instanceType()).isEqualTo("Standard_DS3_v2");
    assertThat(deployment.environmentVariables().environment())
        .containsExactly(Map.entry("MODE", "full"));
    assertThat(mapping.warnings()).isEmpty();
  }

  @Test
  void theResourcesOfAnEndpointAreInTheOrderInWhichTheyNeedEachOther() {
    Mapping mapping = mapper.endpoint(endpoint(container(FILES)));

    assertThat(names(mapping))
        .containsExactly(
            "model fairlead-bert-0:1",
            "environment " + ENVIRONMENT,
            "endpoint bert",
            "no autoscale bert/blue",
            "deployment bert/blue");
    assertThat(deployment(mapping).instances()).isEqualTo(new DeploymentSpec.Instances(1, false));
  }

  @Test
  void instancesThatFollowTheLoadHaveASettingThatComesAfterThem() {
    Scaling scaling = new Scaling(Optional.of("Standard_DS3_v2"), 2, 1, 5, ONE.options())
        .with(AzureMlAutoscaling.requestLatency(800, 100));

    Mapping mapping = mapper.endpoint(new Endpoint(container(FILES), scaling, BLUE));

    assertThat(names(mapping)).containsSubsequence("deployment bert/blue", "autoscale bert/blue");
    AutoscaleSpec setting = desired(mapping, AutoscaleSpec.KIND);
    assertThat(setting.min()).isEqualTo(1);
    assertThat(setting.max()).isEqualTo(5);
    assertThat(setting.rules()).isEqualTo(AzureMlAutoscaling.requestLatency(800, 100));
    assertThat(deployment(mapping).instances()).isEqualTo(new DeploymentSpec.Instances(2, true));
  }

  @Test
  void aMirrorIsAPartOfItsVariantAndEvaluationRulesAreTags() {
    Routing routing = BLUE.with(
        AzureMlRouting.evaluationRules(Map.of("latency", "p95 < 200ms")).withMirror(20));

    Mapping mapping = mapper.endpoint(new Endpoint(container(FILES), ONE, routing));

    assertThat(names(mapping)).contains("mirror bert/blue");
    assertThat(desired(mapping, Mirror.KIND)).isEqualTo(new Mirror(20));
    assertThat(deployment(mapping).allTags())
        .containsExactly(Map.entry("evaluation-latency", "p95 < 200ms"));
    assertThat(mapping.warnings())
        .singleElement()
        .asString()
        .contains("Azure ML evaluates no rules");
  }

  // ---- endpoints ----

  @Test
  void whoMayCallAnEndpointIsKeptWhereAVariantSaysNothing() {
    AzureMlEndpoint options = AzureMlEndpoint.authMode(AuthMode.ENTRA)
        .withoutPublicNetworkAccess()
        .withIdentities(
            "/subscriptions/" + SUBSCRIPTION
                + "/resourceGroups/models/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader");
    EndpointSpec there = endpointSpec(BLUE.with(options), Optional.empty());

    assertThat(there.options()).isEqualTo(options);
    assertThat(endpointSpec(BLUE, Optional.of(there)).options()).isEqualTo(options);
    assertThat(endpointSpec(BLUE, Optional.empty()).options()).isEqualTo(AzureMlEndpoint.DEFAULT);
  }

  private EndpointSpec endpointSpec(Routing routing, Optional<EndpointSpec> actual) {
    Mapping mapping = mapper.endpoint(new Endpoint(container(FILES), ONE, routing));
    return resource(mapping, EndpointSpec.KIND).desired().orElseThrow().from(actual);
  }

  @Test
  void theEndpointRemembersWhatEachVariantUses() {
    Mapping mapping = mapper.endpoint(endpoint(container(FILES)));

    assertThat(desired(mapping, EndpointSpec.KIND).tags())
        .hasEntrySatisfying(
            "fairlead-uses-blue",
            uses -> assertThat(uses)
                .matches("1 m=fairlead-bert-[0-9a-f]{16}:1 e=fairlead-server-[0-9a-f]{16}:1"));
  }

  /** Azure's tags have at most 256 characters. */
  @Test
  void whatAVariantUsesFitsIntoOneTagHoweverLongItsNamesAre() {
    Container local = new Container(
        ModelArtifact.of(
                Path.of("/models/score").toUri(), Path.of("/models/bert").toUri())
            .named("n".repeat(63)),
        RuntimeSpec.of("example.azurecr.io/" + "i".repeat(100) + ":1"),
        Dependencies.NONE.with(SCRIPT));

    Mapping mapping = mapper.endpoint(endpoint(mapper.uploaded(local, HASHES)));

    VariantTag uses = deployment(mapping).uses();
    VariantTag last = new VariantTag(999_999_998, uses.model(), uses.environment(), uses.code());
    assertThat(last.addedTo(Map.of(), "blue").values())
        .allSatisfy(tag -> assertThat(tag).hasSizeBetween(240, 256));
  }

  // ---- tags ----

  @Test
  void theTagsAreThoseOfTheMetadataAndThoseOfTheSettingsThatTheyLack() {
    AzureMlMapper tagging =
        new AzureMlMapper(CONFIG.withTags(Map.of("team", "search", "stage", "prod")), Uploads::of);
    ModelArtifact labelled = ModelArtifact.of(FILES)
        .withMetadata(
            ModelMetadata.of("sklearn", "1.5").withLabels(Map.of("stage", "test", "Cost", "R&D")));
    Container container = new Container(labelled, RuntimeSpec.of(IMAGE), Dependencies.NONE);

    Mapping mapping = tagging.endpoint(
        new Endpoint(container, new Scaling(Optional.empty(), 1, 1, 2, ONE.options()), BLUE));

    Map<String, String> expected = Map.of(
        "team",
        "search",
        "stage",
        "test",
        "Cost",
        "R&D",
        "framework",
        "sklearn",
        "framework_version",
        "1.5");
    assertThat(desired(mapping, ModelSpec.KIND).tags()).isEqualTo(expected);
    assertThat(desired(mapping, EnvironmentSpec.KIND).tags()).isEqualTo(expected);
    assertThat(deployment(mapping).tags()).isEqualTo(expected);
    assertThat(desired(mapping, AutoscaleSpec.KIND).tags()).isEqualTo(expected);
    assertThat(desired(mapping, EndpointSpec.KIND).tags())
        .as("which several models share")
        .containsEntry("team", "search")
        .containsEntry("stage", "prod")
        .doesNotContainKey("Cost");
  }

  // ---- plain data ----

  /** They are how what was made is found later. */
  @Test
  void namesStayTheSameFromVersionToVersion() {
    Container container = new Container(
        ModelArtifact.of(CODE, FILES),
        RuntimeSpec.of(IMAGE)
            .with(AzureMlContainer.DEFAULT.withServer(8080, "/predict", "/live", "/ready")),
        Dependencies.NONE.withPackages("torch==2.4").with(SCRIPT));

    assertThat(mapper.container(container).resources().stream()
            .map(resource -> resource.ref().toString()))
        .containsExactly(
            "model fairlead-bert-db862e7bf3e4c401:1",
            "environment fairlead-server-326c057d777a305a:1",
            "code fairlead-bert-626b75fadd65d773:1");
    assertThat(new AzureMlNames(CONFIG).autoscale("bert/blue"))
        .isEqualTo("fairlead-bert-blue-fa49121c136576c7");
  }

  @Test
  void whatAnEndpointComesToCanBeComparedAndPrinted() {
    Container secretive = new Container(
        ModelArtifact.of(FILES),
        RuntimeSpec.of(IMAGE),
        Dependencies.environment(Map.of("MODE", "0123456789")));

    Mapping mapping = mapper.endpoint(new Endpoint(secretive, ONE, BLUE));

    assertThat(mapping)
        .isEqualTo(new AzureMlMapper(CONFIG, Uploads::of)
            .endpoint(new Endpoint(secretive, ONE, new Routing("bert", "blue"))))
        .isNotEqualTo(
            mapper.endpoint(new Endpoint(secretive, Scaling.fixed("Standard_F4s_v2", 1), BLUE)));
    assertThat(mapping.toString()).contains("Standard_DS3_v2").doesNotContain("0123456789");
  }

  // ---- words ----

  private static Container container(URI weights) {
    return new Container(ModelArtifact.of(weights), RuntimeSpec.of(IMAGE), Dependencies.NONE);
  }

  private static Container container(RuntimeSpec runtime) {
    return new Container(ModelArtifact.of(FILES), runtime, Dependencies.NONE);
  }

  private static Container bare(ModelArtifact artifact) {
    return new Container(artifact, RuntimeSpec.NONE, Dependencies.NONE);
  }

  private static Container with(Container container, AzureMlArtifact options) {
    return new Container(
        container.artifact().with(options), container.runtime(), container.dependencies());
  }

  private static Endpoint endpoint(Container container) {
    return new Endpoint(container, ONE, BLUE);
  }

  /** {@return the resources with 0 in place of each fingerprint} */
  private static List<String> names(Mapping mapping) {
    return mapping.resources().stream()
        .map(resource -> (resource.goal() == Goal.ABSENT ? "no " : "")
            + resource.kind().name() + " " + resource.name().replaceFirst("-[0-9a-f]{16}:", "-0:"))
        .toList();
  }

  private static String name(Mapping mapping) {
    return resource(mapping, ModelSpec.KIND).name();
  }

  @SuppressWarnings("unchecked") // the kind says the type
  private static <T> Resource<T> resource(Mapping mapping, KindName<T> kind) {
    return (Resource<T>) mapping.resources().stream()
        .filter(resource -> resource.kind().equals(kind))
        .findFirst()
        .orElseThrow();
  }

  private static <T> T desired(Mapping mapping, KindName<T> kind) {
    return resource(mapping, kind).desired().orElseThrow().from(Optional.empty());
  }

  private static DeploymentSpec deployment(Mapping mapping) {
    return desired(mapping, DeploymentSpec.KIND);
  }
}
