package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.cloud.aiplatform.v1.AcceleratorType;
import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.EnvVar;
import com.google.cloud.aiplatform.v1.GetPublisherModelRequest;
import com.google.cloud.aiplatform.v1.MachineSpec;
import com.google.cloud.aiplatform.v1.ModelContainerSpec;
import com.google.cloud.aiplatform.v1.Port;
import com.google.cloud.aiplatform.v1.PublisherModel.CallToAction.Deploy;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Request;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models of the Hugging Face hub of which only the task is given: the rest is as Google has verified it. */
@Timeout(60)
class HubModelsTest {
  private static final Duration LIMIT = Duration.ofHours(1);
  private static final String NAME = "publishers/google/models/gemma-2-2b-it";
  private static final ModelArtifact GEMMA =
      ModelArtifact.huggingFace("google/gemma-2-2b-it", ModelTask.CHAT);
  private static final Container CONTAINER =
      new Container(GEMMA, RuntimeSpec.NONE, Dependencies.NONE);
  private static final Scaling ONE = Scaling.fixed(1);
  private static final Routing BLUE = new Routing("gemma", "blue");
  private static final Endpoint GIVEN = new Endpoint(CONTAINER, ONE, BLUE);
  private static final String VLLM = "us-docker.pkg.dev/vertex-ai/model-garden/vllm-serve:1";
  private static final ModelContainerSpec CHOSEN = ModelContainerSpec.newBuilder()
      .setImageUri(VLLM)
      .addArgs("--model=google/gemma-2-2b-it")
      .addEnv(EnvVar.newBuilder().setName("MODEL_ID").setValue("google/gemma-2-2b-it"))
      .addEnv(EnvVar.newBuilder().setName("DEPLOY_SOURCE").setValue("verified"))
      .addPorts(Port.newBuilder().setContainerPort(7080))
      .setPredictRoute("/generate")
      .setHealthRoute("/ping")
      .build();

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform = gcp.open();

  @BeforeEach
  void verify() {
    verify(CHOSEN, "g2-standard-12");
  }

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  private void verify(ModelContainerSpec container, String machine) {
    verify(gcp, container, machine);
  }

  private static void verify(Gcp gcp, ModelContainerSpec container, String machine) {
    gcp.project()
        .addPublisherModel(
            NAME,
            Deploy.newBuilder()
                .setContainerSpec(container)
                .setDedicatedResources(DedicatedResources.newBuilder()
                    .setMinReplicaCount(1)
                    .setMachineSpec(MachineSpec.newBuilder()
                        .setMachineType(machine)
                        .setAcceleratorType(AcceleratorType.NVIDIA_L4)
                        .setAcceleratorCount(1)))
                .build());
  }

  private Endpoint deploy() {
    return deploy(platform);
  }

  private static Endpoint deploy(VertexPlatform platform) {
    return platform.deploy(CONTAINER, ONE, BLUE).await(LIMIT);
  }

  private List<GetPublisherModelRequest> asked() {
    return gcp.project().requests("GetPublisherModel", GetPublisherModelRequest.class);
  }

  private ModelContainerSpec uploaded() {
    return gcp.project()
        .requests("UploadModel", UploadModelRequest.class)
        .get(0)
        .getModel()
        .getContainerSpec();
  }

  private MachineSpec machine() {
    return gcp.project()
        .endpoint("gemma")
        .getDeployedModels(0)
        .getDedicatedResources()
        .getMachineSpec();
  }

  @Test
  void theContainerAndTheMachinesAreThoseThatGoogleHasVerified() {
    Endpoint blue = deploy();

    assertThat(asked()).singleElement().satisfies(request -> {
      assertThat(request.getName()).isEqualTo(NAME);
      assertThat(request.getIsHuggingFaceModel()).isTrue();
    });
    assertThat(uploaded().toBuilder().clearEnv().build())
        .isEqualTo(CHOSEN.toBuilder().clearEnv().build());
    assertThat(uploaded().getEnvList()).containsExactlyInAnyOrderElementsOf(CHOSEN.getEnvList());
    assertThat(machine().getMachineType()).isEqualTo("g2-standard-12");
    assertThat(machine().getAcceleratorType()).isEqualTo(AcceleratorType.NVIDIA_L4);
    assertThat(blue.container().runtime().image()).contains(VLLM);
    assertThat(blue.scaling().instanceType()).contains("g2-standard-12");
    assertThat(platform.invoke(blue, Request.json("{\"instances\":[1]}")).variant())
        .contains("blue");
  }

  @Test
  void whatIsReadBackIsTheCompleteValueAndDeployedAgainChangesNothing() {
    Endpoint blue = deploy();

    Endpoint read =
        platform.describe("gemma", "blue", LIMIT).orElseThrow().value().orElseThrow();

    assertThat(read.container().runtime()).isEqualTo(blue.container().runtime());
    assertThat(read.scaling()).isEqualTo(blue.scaling());
    assertThat(read.artifact().metadata().task()).contains(ModelTask.CHAT);
    for (Endpoint again : List.of(blue, read)) {
      assertThat(platform
              .preview(
                  preview -> preview.deploy(again.container(), again.scaling(), again.routing()))
              .isEmpty())
          .isTrue();
    }
  }

  @Test
  void theVariantIsReadAndThenModelGardenBeforeAllElse() {
    deploy();

    List<String> calls = gcp.project().calls();
    assertThat(calls.subList(0, calls.indexOf("GetPublisherModel")))
        .isNotEmpty()
        .allMatch(call -> call.matches("GetEndpoint|ListOperations"));
    assertThat(calls).containsOnlyOnce("GetPublisherModel", "UploadModel", "DeployModel");
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"THROTTLED", "CUT_AFTER", "KILLED_BEFORE", "KILLED_AFTER"})
  void whicheverCallBreaksRunningAgainEndsInTheSameState(Fault fault) {
    Faults counting = Faults.none();
    try (VertexPlatform counted = gcp.open(counting)) {
      deploy(counted);
    }
    Faults.atEach(counting.calls().size(), number -> {
      Gcp fresh = new Gcp(new VirtualTime()).fast();
      verify(fresh, CHOSEN, "g2-standard-12");
      try (VertexPlatform again = fresh.open()) {
        try (VertexPlatform broken = fresh.open(Faults.at("vertex", number, fault))) {
          deploy(broken);
        } catch (ServingException | ProcessKilled e) {
          // Whether this call is one that the operation survives is not the question.
        }
        assertThat(deploy(again).container().runtime().image()).contains(VLLM);
        again.undeploy(GIVEN).await(LIMIT);
        assertThat(fresh.remains()).isEmpty();
      } finally {
        fresh.close();
      }
    });
  }

  @Test
  void aPreviewShowsThemAndMakesNothing() {
    Plan plan = platform.preview(preview -> preview.deploy(CONTAINER, ONE, BLUE));

    assertThat(plan.warnings())
        .anySatisfy(warning -> assertThat(warning)
            .contains("hf://google/gemma-2-2b-it")
            .contains(VLLM + " on g2-standard-12 with 1 NVIDIA_L4"));
    assertThat(plan.changes())
        .extracting(Plan.Change::action)
        .contains(Plan.Action.CREATE)
        .doesNotContain(Plan.Action.REFUSE, Plan.Action.UNKNOWN);
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void whatIsDeployedStaysAlsoWhenGoogleHasVerifiedAnother() {
    Endpoint blue = deploy();
    Set<String> before = gcp.remains();
    verify(CHOSEN.toBuilder().setImageUri(VLLM + "23").build(), "g2-standard-24");

    assertThat(deploy()).isEqualTo(blue);
    assertThat(platform.preview(preview -> preview.deploy(CONTAINER, ONE, BLUE)).isEmpty())
        .isTrue();
    assertThat(platform.scale(GIVEN, Scaling.fixed(2)).await(LIMIT).container())
        .isEqualTo(blue.container());

    assertThat(gcp.remains()).isEqualTo(before);
    assertThat(asked()).hasSize(1);
    Endpoint green =
        platform.deploy(CONTAINER, ONE, new Routing("gemma", "green")).await(LIMIT);
    assertThat(green.container().runtime().image()).contains(VLLM + "23");
  }

  @Test
  void itIsUndeployedByTheValueThatWasGiven() {
    deploy();

    platform.undeploy(GIVEN).await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
    assertThat(asked()).hasSize(1);
  }

  @Test
  void whatIsGivenStays() {
    Container container = new Container(
        GEMMA,
        RuntimeSpec.NONE
            .with(
                VertexContainer.DEFAULT.withInvokeRoutes("/v1/chat/completions").withPort(8000))
            .with(VertexRuntime.DEFAULT.withServiceAccount("serving@some-project.example.com")),
        Dependencies.environment(Map.of("HF_HUB_OFFLINE", "1", "DEPLOY_SOURCE", "own")));
    Scaling spot = Scaling.between(1, 3).with(VertexScaling.DEFAULT.withSpot(true));

    Endpoint blue = platform.deploy(container, spot, BLUE).await(LIMIT);

    assertThat(uploaded().getImageUri()).isEqualTo(VLLM);
    assertThat(uploaded().getInvokeRoutePrefix()).isEqualTo("/*");
    assertThat(uploaded().getPorts(0).getContainerPort()).isEqualTo(8000);
    assertThat(uploaded().getArgsList()).isEmpty();
    assertThat(blue.container().dependencies().environment())
        .containsEntry("DEPLOY_SOURCE", "own")
        .containsEntry("MODEL_ID", "google/gemma-2-2b-it")
        .containsEntry("HF_HUB_OFFLINE", "1");
    assertThat(gcp.project().endpoint("gemma").getDedicatedEndpointEnabled()).isTrue();
    var deployed = gcp.project().endpoint("gemma").getDeployedModels(0);
    assertThat(deployed.getServiceAccount()).isEqualTo("serving@some-project.example.com");
    assertThat(deployed.getDedicatedResources().getSpot()).isTrue();
    assertThat(deployed.getDedicatedResources().getMaxReplicaCount()).isEqualTo(3);
    assertThat(machine().getAcceleratorCount()).isEqualTo(1);
  }

  @Test
  void aMachineThatIsGivenIsTaken() {
    Container container = new Container(
        GEMMA, RuntimeSpec.NONE.with(VertexRuntime.accelerator("NVIDIA_L4")), Dependencies.NONE);
    Scaling larger = Scaling.fixed("g2-standard-24", 1).with(VertexScaling.acceleratorCount(2));

    platform.deploy(container, larger, BLUE).await(LIMIT);

    assertThat(uploaded().getImageUri()).isEqualTo(VLLM);
    assertThat(machine().getMachineType()).isEqualTo("g2-standard-24");
    assertThat(machine().getAcceleratorCount()).isEqualTo(2);
  }

  @Test
  void aPackagedContainerHasTheImageAndTheMachinesAreFoundAtTheDeployment() {
    Container packaged =
        platform.packageModel(GEMMA, RuntimeSpec.NONE, Dependencies.NONE).await(LIMIT);
    assertThat(packaged.runtime().image()).contains(VLLM);

    platform.deploy(packaged, ONE, BLUE).await(LIMIT);

    assertThat(machine().getMachineType()).isEqualTo("g2-standard-12");
    assertThat(asked()).hasSize(2);
  }

  @Test
  void machinesAreNotGuessedForAnImageOfOnesOwn() {
    Container own = new Container(GEMMA, RuntimeSpec.of(Gcp.IMAGE), Dependencies.NONE);

    assertThatThrownBy(() -> platform.deploy(own, ONE, BLUE).await(LIMIT))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
        .hasMessageContaining("scaling.instanceType must be given");
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void withoutATaskAndAnImageItIsRefusedBeforeAnyCallWithTheTasks() {
    Container without = new Container(
        ModelArtifact.huggingFace("google/gemma-2-2b-it"), RuntimeSpec.NONE, Dependencies.NONE);

    assertThatThrownBy(() -> platform.deploy(without, Scaling.fixed("n1-standard-4", 1), BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("artifact.metadata.task must be chat, embedding, rerank, classify")
        .hasMessageContaining("runtime.image");
    assertThat(gcp.project().calls()).isEmpty();
  }

  @Test
  void whatIsGivenIsCheckedBeforeAnyCall() {
    Scaling accelerators = ONE.with(VertexScaling.acceleratorCount(2));
    Container accelerated = new Container(
        GEMMA, RuntimeSpec.NONE.with(VertexRuntime.accelerator("NVIDIA_L4")), Dependencies.NONE);
    Container packages =
        new Container(GEMMA, RuntimeSpec.NONE, Dependencies.NONE.withPackages("torch"));

    assertThatThrownBy(() -> platform.deploy(CONTAINER, accelerators, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("scaling.options must not say a number");
    assertThatThrownBy(() -> platform.deploy(accelerated, ONE, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("runtime.options must not name an accelerator");
    assertThatThrownBy(() -> platform.deploy(packages, ONE, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("packages");
    assertThat(gcp.project().calls()).isEmpty();
  }

  @Test
  void aModelThatGoogleHasNotVerifiedIsNotFoundWithTheWayOut() {
    Container unknown = new Container(
        ModelArtifact.huggingFace("org/unknown", ModelTask.EMBEDDING),
        RuntimeSpec.NONE,
        Dependencies.NONE);

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> platform.deploy(unknown, ONE, BLUE).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure).hasMessageContaining("give runtime.image and scaling.instanceType");
    assertThat(gcp.remains()).isEmpty();
    assertThat(platform.preview(preview -> preview.deploy(unknown, ONE, BLUE)).changes())
        .singleElement()
        .satisfies(change -> assertThat(change.action()).isEqualTo(Plan.Action.REFUSE));
  }

  @Test
  void aGatedModelSaysHowItsTokenIsGiven() {
    gcp.project()
        .failNext(
            "GetPublisherModel", Code.PERMISSION_DENIED, "Access to the model is restricted.");

    ServingException failure = catchThrowableOfType(ServingException.class, this::deploy);

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure).hasMessageContaining("VertexPlatform.verified with a token");
  }

  @Test
  void aReadThatFailsForAReasonThatPassesIsRepeated() {
    gcp.project().failNext("GetPublisherModel", Code.UNAVAILABLE, "busy");

    assertThat(deploy().scaling().instanceType()).contains("g2-standard-12");
    assertThat(asked()).hasSize(2);
  }

  @Test
  void modelGardenIsReadInTheRegionThatHasItsData() {
    VertexConfig europe = VertexConfig.of("some-project", "europe-west4");

    assertThat(VertexClients.gardenHostAndPort(europe))
        .isEqualTo("us-central1-aiplatform.googleapis.com:443");
    assertThat(VertexClients.gardenHostAndPort(europe.withUniverseDomain("example.com")))
        .isEqualTo("europe-west4-aiplatform.example.com:443");
    assertThat(VertexClients.gardenHostAndPort(europe.withEndpoint("10.1.0.7:443")))
        .isEqualTo("10.1.0.7:443");
  }
}
