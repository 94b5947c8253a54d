package io.fairlead.azureml.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.azureml.Azure;
import io.fairlead.azureml.AzureMlArtifact;
import io.fairlead.azureml.AzureMlAutoscaling;
import io.fairlead.azureml.AzureMlContainer;
import io.fairlead.azureml.AzureMlDependencies;
import io.fairlead.azureml.AzureMlRouting;
import io.fairlead.azureml.AzureMlRuntime;
import io.fairlead.azureml.CondaFile;
import io.fairlead.azureml.internal.storage.Uploads;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused before any call, and what is told to be lost or different. */
class AzureMlRulesTest {
  private static final ModelArtifact MODEL =
      ModelArtifact.of(URI.create("azureml://datastores/models/paths/one/"));
  private static final RuntimeSpec RUNTIME = RuntimeSpec.of(Azure.IMAGE);
  private static final Scaling ONE = Scaling.fixed("Standard_DS3_v2", 1);
  private static final Routing BLUE = new Routing("bert", "blue");

  private final Azure azure = new Azure(new VirtualTime());
  private final Faults counting = Faults.none();
  private final EndpointPlatform platform = azure.open(counting);

  @AfterEach
  void close() {
    assertThat(counting.calls()).as("calls").isEmpty();
    platform.close();
    azure.close();
  }

  // ---- all at once ----

  @Test
  void allThatIsWrongWithAContainerIsToldAtOnce() {
    Container container = new Container(
        ModelArtifact.of(URI.create("https://example.com/code/"), URI.create("s3://models/one/"))
            .withMetadata(ModelMetadata.NONE
                .withLabels(Map.of("fairlead-run", "1", "evaluation-latency", "2", "a/b", "3"))
                .with(
                    AzureMlArtifact.of(AzureMlArtifact.Type.CUSTOM_MODEL).fromRegistry("mirror"))),
        RuntimeSpec.NONE
            .with(AzureMlRuntime.condaFile(CondaFile.of("python=3.11")))
            .with(AzureMlContainer.DEFAULT.withServer(80, "/a", "/b", "/c")),
        Dependencies.environment(Map.of("AZUREML_MODEL_DIR", "/models")).withPackages("torch"));

    assertThat(refused(container, ONE, BLUE))
        .hasMessageContaining(
            "must not have a registry in AzureMlArtifact, unless the weights are hf://ORG/NAME")
        .hasMessageContaining(
            "container.artifact.weights must be files of this machine, at azureml://")
        .hasMessageContaining(
            "container.dependencies.packages must be empty without an image to add it to")
        .hasMessageContaining("must not have a conda file in AzureMlRuntime without an image")
        .hasMessageContaining("must not have a server in AzureMlContainer without an image")
        .hasMessageContaining(
            "container.runtime.image must be given: only registered models and those of MLflow")
        .hasMessageContaining(
            "dependencies.options must have AzureMlDependencies with the script of the code")
        .hasMessageContaining("must not have a variable that Azure ML sets")
        .hasMessageContaining("must not have names that begin with fairlead-")
        .hasMessageContaining("must not have names that begin with evaluation-")
        .hasMessageContaining("must have names of 1 to 128 characters without");
  }

  @Test
  void allThatIsWrongWithAnEndpointIsToldAtOnce() {
    Scaling scaling = new Scaling(Optional.of("ml.m5.large"), 0, 0, 51, ONE.options())
        .with(AzureMlAutoscaling.gpu(70, 30));
    Routing routing =
        new Routing("1bert", "b").with(AzureMlRouting.evaluationRules(Map.of("a?b", "1")));

    assertThat(refused(container(RUNTIME), scaling, routing))
        .hasMessageContaining("routing.name must be 3 to 32 letters, digits and single hyphens")
        .hasMessageContaining("routing.variant must be 3 to 32 letters")
        .hasMessageContaining("scaling.min must be 1 or more: managed endpoints do not scale to 0")
        .hasMessageContaining("scaling.max must be at most 50")
        .hasMessageContaining("scaling.instanceType must be a size of virtual machines of Azure")
        .hasMessageContaining("must not follow the GPUs in AzureMlAutoscaling")
        .hasMessageContaining("routing.options must have names of 1 to 128 characters without");
  }

  @Test
  void whatIsWrongIsToldBeforeAnyFileOfThisMachineIsRead() {
    Container local = new Container(
        ModelArtifact.of(Path.of("/no/such/model")), RuntimeSpec.NONE, Dependencies.NONE);

    assertThat(refused(local, ONE, BLUE)).hasMessageContaining("runtime.image must be given");
  }

  // ---- names ----

  @ParameterizedTest
  @CsvSource({
    "ber, true",
    "B-1-a, true",
    "a2345678901234567890123456789012, true",
    "be, false",
    "a23456789012345678901234567890123, false",
    "a--b, false",
    "1ert, false"
  })
  void aNameIsOneOfAzures(String name, boolean isOne) {
    if (isOne) {
      assertThat(warnings(container(RUNTIME), ONE, new Routing(name, name))).isEmpty();
    } else {
      assertThat(refused(container(RUNTIME), ONE, new Routing(name, "blue")))
          .hasMessageContaining("routing.name must be 3 to 32 letters")
          .hasMessageContaining(name);
      assertThat(refused(container(RUNTIME), ONE, new Routing("bert", name)))
          .hasMessageContaining("routing.variant must be 3 to 32 letters");
    }
  }

  // ---- models ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gs://models/one/",
        "https://example.com/one/",
        "https://account.blob.core.windows.net/container",
        "azureml:one",
        "azureml:one@latest",
        "azureml:/subscriptions/a/resourceGroups/b",
        "azureml://subscriptions/a/resourceGroups/b/workspaces/c/models/one/versions/1",
        "azureml://registries/azureml/models/one",
        "azureml://registries/azureml/models/one/labels/stable",
        "azureml://registries/azureml/environments/one/versions/1"
      })
  void aLocationThatAzureDoesNotReadIsRefused(URI location) {
    assertThat(refused(new Container(ModelArtifact.of(location), RUNTIME, Dependencies.NONE)))
        .hasMessageContaining("artifact.weights must be files of this machine");
  }

  @Test
  void aSignatureInALocationIsRefusedAndNotShown() {
    URI signed =
        URI.create("https://account.blob.core.windows.net/container/one/?sig=0123456789abcdef");

    assertThat(refused(new Container(ModelArtifact.of(signed), RUNTIME, Dependencies.NONE)))
        .hasMessageContaining("artifact.weights must be without a signature")
        .hasMessageNotContaining("0123456789abcdef");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf://org/name@main", "hf://org/name/onnx/model.onnx", "hf://name"})
  void aRevisionOrAFileOfTheHubIsRefused(URI location) {
    assertThat(
            refused(new Container(ModelArtifact.of(location), RuntimeSpec.NONE, Dependencies.NONE)))
        .hasMessageContaining("artifact.weights must be hf://ORG/NAME");
  }

  @Test
  void aRegisteredModelHasItsTypeAndItsDescriptionAlready() {
    ModelArtifact registered = ModelArtifact.of(URI.create("azureml:sentiment:3"))
        .with(AzureMlArtifact.of(AzureMlArtifact.Type.MLFLOW_MODEL).withDescription("Mine"));

    assertThat(refused(new Container(registered, RUNTIME, Dependencies.NONE)))
        .hasMessageContaining("must not have a description in AzureMlArtifact")
        .hasMessageContaining("must not have a type in AzureMlArtifact");
  }

  // ---- environments and code ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        "azureml:serving",
        "azureml://registries/azureml/models/one/versions/1",
        "azureml://registries/azureml/environments/serving"
      })
  void aReferenceThatIsNoEnvironmentIsRefused(String image) {
    assertThat(refused(container(RuntimeSpec.of(image))))
        .hasMessageContaining("runtime.image must be an image, or a registered environment");
  }

  @Test
  void nothingIsAddedToARegisteredEnvironment() {
    Container container = new Container(
        MODEL,
        RuntimeSpec.of("azureml:serving:1")
            .with(AzureMlRuntime.condaFile(CondaFile.of("python=3.11")))
            .with(AzureMlContainer.DEFAULT.withServer(80, "/a", "/b", "/c")),
        Dependencies.NONE.withPackages("torch"));

    assertThat(refused(container))
        .hasMessageContaining("packages must be empty on top of a registered environment")
        .hasMessageContaining("conda file in AzureMlRuntime on top of a registered environment")
        .hasMessageContaining("server in AzureMlContainer on top of a registered environment");
  }

  @Test
  void aCondaFileOfNothingIsRefused() {
    assertThat(refused(container(
            RUNTIME.with(AzureMlRuntime.condaFile(CondaFile.of().withChannels("conda-forge"))))))
        .hasMessageContaining("runtime.options must have dependencies in the conda file");
  }

  @Test
  void aScriptNeedsAnImageEvenWhereTheModelBringsAnEnvironment() {
    Container scripted = new Container(
        ModelArtifact.huggingFace("org/name"),
        RuntimeSpec.NONE,
        Dependencies.NONE.with(AzureMlDependencies.entryScript("score.py")));

    assertThat(refused(scripted))
        .hasMessageContaining("runtime.image must be given")
        .hasMessageContaining("artifact.code must be files of this machine");
  }

  @Test
  void codeIsAFolder() {
    ModelArtifact artifact = ModelArtifact.of(
        URI.create("https://account.blob.core.windows.net/container/score.py"), MODEL.weights());

    assertThat(refused(new Container(
            artifact,
            RUNTIME,
            Dependencies.NONE.with(AzureMlDependencies.entryScript("score.py")))))
        .hasMessageContaining("artifact.code must be the folder with the script");
  }

  // ---- variables ----

  @ParameterizedTest
  @ValueSource(strings = {"AZUREML_MODEL_DIR", "AZUREML_ENTRY_SCRIPT", "AML_APP_ROOT"})
  void aVariableThatAzureSetsIsRefused(String name) {
    assertThat(refused(with(Map.of(name, "a"))))
        .hasMessageContaining(
            "dependencies.environment must not have a variable that Azure ML sets")
        .hasMessageContaining(name);
  }

  @ParameterizedTest
  @CsvSource({
    "API_KEY, 0123456789, true",
    "HF_TOKEN, hf_0123456789, true",
    "DB_PASSWORD, 0123456789, true",
    "API_KEY, ${{azureml://connections/search/credentials/API_KEY}}, false",
    "API_KEY, ${{keyvault:https://vault.vault.azure.net/secrets/key/1}}, false",
    "TOKENIZER, bert, false",
    "AZUREML_LOG_LEVEL, DEBUG, false"
  })
  void aVariableThatLooksLikeASecretIsToldWithTheWayToGo(
      String name, String value, boolean isSecret) {
    List<String> warnings = warnings(with(Map.of(name, value)), ONE, BLUE);

    if (isSecret) {
      assertThat(warnings)
          .singleElement()
          .asString()
          .contains("the environment variable " + name + " is readable by everybody who may read")
          .contains("${{keyvault:https://", "${{azureml://connections/")
          .doesNotContain(value);
    } else {
      assertThat(warnings).isEmpty();
    }
  }

  private static Container with(Map<String, String> variables) {
    return new Container(MODEL, RUNTIME, Dependencies.environment(variables));
  }

  // ---- instances ----

  @ParameterizedTest
  @CsvSource({"2, 3", "5, 6", "10, 12", "11, 14", "50, 60"})
  void theReserveForUpgradesIsTold(int instances, int reserved) {
    assertThat(warnings(container(RUNTIME), Scaling.fixed("Standard_DS3_v2", instances), BLUE))
        .containsExactly(
            "Azure ML reserves a fifth more instances for upgrades: the quota has to have room for "
                + reserved + " of Standard_DS3_v2 for a deployment of " + instances);
  }

  @ParameterizedTest
  @CsvSource({
    "example.azurecr.io/vllm/vllm-openai:v0.6, Standard_DS3_v2, true",
    "mcr.microsoft.com/azureml/curated/acpt-pytorch-2.2-cuda12.1:9, Standard_F4s_v2, true",
    "azureml://registries/azureml/environments/acpt-pytorch-2.2-cuda12.1/versions/9, Standard_NP10s, true",
    "example.azurecr.io/vllm/vllm-openai:v0.6, Standard_NC24ads_A100_v4, false",
    "example.azurecr.io/vllm/vllm-openai:v0.6, STANDARD_ND96isr_H100_v5, false",
    "example.azurecr.io/server:1, Standard_DS3_v2, false"
  })
  void anImageForGpusOnATypeWithoutIsTold(String image, String type, boolean isTold) {
    List<String> warnings =
        warnings(container(RuntimeSpec.of(image)), Scaling.fixed(type, 1), BLUE);

    if (isTold) {
      assertThat(warnings)
          .containsExactly(
              "the image's name says that it needs a GPU, and " + type + " has none: " + image);
    } else {
      assertThat(warnings).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Standard_NC24ads_A100_v4, true",
    "Standard_M8-2ms, true",
    "standard_ds3_v2, true",
    "n1-standard-4, false",
    "DS3_v2, false",
    "Standard_, false"
  })
  void anInstanceTypeIsASizeOfAzure(String type, boolean isOne) {
    if (isOne) {
      assertThat(warnings(container(RUNTIME), Scaling.fixed(type, 1), BLUE)).isEmpty();
    } else {
      assertThat(refused(container(RUNTIME), Scaling.fixed(type, 1), BLUE))
          .hasMessageContaining("scaling.instanceType must be a size");
    }
  }

  @Test
  void rulesForTheLoadNeedRoomToScale() {
    assertThat(refused(container(RUNTIME), ONE.with(AzureMlAutoscaling.cpu(70, 30)), BLUE))
        .hasMessageContaining(
            "scaling.max must be more than min where AzureMlAutoscaling is given");
  }

  // ---- tags ----

  @Test
  void moreTagsThanThereIsRoomForAreRefused() {
    Map<String, String> many = new TreeMap<>();
    for (int i = 0; i < 25; i++) {
      many.put("label-" + i, "a");
    }
    ModelArtifact labelled = MODEL.withMetadata(ModelMetadata.of("sklearn").withLabels(many));

    assertThat(refused(new Container(labelled, RUNTIME, Dependencies.NONE)))
        .hasMessageContaining("artifact.metadata.labels must be at most 25")
        .hasMessageContaining("(got 26)");
    assertThat(refused(
            new Container(
                MODEL.withMetadata(ModelMetadata.NONE.withLabels(many)),
                RUNTIME,
                Dependencies.NONE),
            ONE,
            BLUE.with(AzureMlRouting.evaluationRules(Map.of("latency", "p95 < 200ms")))))
        .hasMessageContaining("routing.options must be at most 25");
  }

  @Test
  void aValueThatIsTooLongForATagIsRefused() {
    assertThat(refused(new Container(
            MODEL.withMetadata(ModelMetadata.NONE.withLabels(Map.of("a", "x".repeat(257)))),
            RUNTIME,
            Dependencies.NONE)))
        .hasMessageContaining("must have values of at most 256 characters");
  }

  // ---- words ----

  private static Container container(RuntimeSpec runtime) {
    return new Container(MODEL, runtime, Dependencies.NONE);
  }

  private InvalidValueException refused(Container container) {
    return refused(container, ONE, BLUE);
  }

  private InvalidValueException refused(Container container, Scaling scaling, Routing routing) {
    return catchThrowableOfType(
        InvalidValueException.class, () -> platform.deploy(container, scaling, routing));
  }

  private List<String> warnings(Container container, Scaling scaling, Routing routing) {
    return new AzureMlMapper(azure.config(), Uploads::of)
        .endpoint(new Endpoint(container, scaling, routing))
        .warnings();
  }
}
