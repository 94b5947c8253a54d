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
import com.google.cloud.aiplatform.v1.Probe;
import com.google.cloud.aiplatform.v1.PublisherModel.CallToAction.Deploy;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import com.google.protobuf.Duration;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexVerifiedModel;
import io.grpc.Status.Code;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Models of the Hugging Face hub as Google has verified them. */
@Timeout(60)
class ModelGardenTest {
  private static final java.time.Duration LIMIT = java.time.Duration.ofSeconds(60);
  private static final String NAME = "publishers/google/models/gemma-2-2b-it";
  private static final ModelArtifact GEMMA = ModelArtifact.huggingFace("google/Gemma-2-2B-it");
  private static final ModelContainerSpec VLLM = ModelContainerSpec.newBuilder()
      .setImageUri(
          "us-docker.pkg.dev/vertex-ai/vertex-vision-model-garden-dockers/pytorch-vllm-serve:20260101")
      .addCommand("python")
      .addArgs("--model=google/gemma-2-2b-it")
      .addEnv(EnvVar.newBuilder().setName("MODEL_ID").setValue("google/gemma-2-2b-it"))
      .addEnv(EnvVar.newBuilder().setName("DEPLOY_SOURCE").setValue("verified"))
      .addPorts(Port.newBuilder().setContainerPort(7080))
      .setPredictRoute("/generate")
      .setHealthRoute("/ping")
      .setSharedMemorySizeMb(16384)
      .setDeploymentTimeout(Duration.newBuilder().setSeconds(5400))
      .setStartupProbe(Probe.newBuilder()
          .setPeriodSeconds(10)
          .setHttpGet(Probe.HttpGetAction.newBuilder().setPath("/ping").setPort(7080)))
      .build();
  private static final DedicatedResources L4 = DedicatedResources.newBuilder()
      .setMinReplicaCount(1)
      .setMachineSpec(MachineSpec.newBuilder()
          .setMachineType("g2-standard-12")
          .setAcceleratorType(AcceleratorType.NVIDIA_L4)
          .setAcceleratorCount(1))
      .build();

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform = gcp.open();

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  private void verify(Deploy.Builder deploy) {
    gcp.project().addPublisherModel(NAME, deploy.build());
  }

  private ServingException refused() {
    return catchThrowableOfType(ServingException.class, () -> platform.verified(GEMMA));
  }

  @Test
  void whatIsVerifiedIsDeployedAsItIs() {
    verify(Deploy.newBuilder().setContainerSpec(VLLM).setDedicatedResources(L4));

    VertexVerifiedModel gemma = platform.verified(GEMMA);
    platform
        .deploy(gemma.container(), gemma.scaling(), new Routing("gemma", "blue"))
        .await(LIMIT);

    UploadModelRequest uploaded =
        gcp.project().requests("UploadModel", UploadModelRequest.class).get(0);
    assertThat(uploaded.getModel().getContainerSpec().toBuilder().clearEnv().build())
        .isEqualTo(VLLM.toBuilder().clearEnv().build());
    assertThat(uploaded.getModel().getContainerSpec().getEnvList())
        .containsExactlyInAnyOrderElementsOf(VLLM.getEnvList());
    assertThat(gcp.project()
            .endpoint("gemma")
            .getDeployedModels(0)
            .getDedicatedResources()
            .getMachineSpec())
        .isEqualTo(L4.getMachineSpec());
  }

  @Test
  void aCopyInCloudStorageIsServedFromThere() {
    verify(Deploy.newBuilder()
        .setContainerSpec(VLLM)
        .setDedicatedResources(L4)
        .setArtifactUri("gs://vertex-model-garden/gemma/2b"));

    assertThat(platform.verified(GEMMA).container().artifact().weights())
        .isEqualTo(URI.create("gs://vertex-model-garden/gemma/2b"));
  }

  @Test
  void anyPathCanBeInvokedWhereThatIsVerified() {
    ModelContainerSpec invoked =
        VLLM.toBuilder().clearPredictRoute().setInvokeRoutePrefix("/*").build();
    verify(Deploy.newBuilder().setContainerSpec(invoked).setDedicatedResources(L4));

    assertThat(InvokeRoutes.of(new io.fairlead.grammar.Endpoint(
            platform.verified(GEMMA).container(),
            platform.verified(GEMMA).scaling(),
            new Routing("gemma", "blue"))))
        .isNotNull();
  }

  @Test
  void theTokenOfAGatedModelGoesToGoogleAndNowhereElse() {
    verify(Deploy.newBuilder().setContainerSpec(VLLM).setDedicatedResources(L4));

    VertexVerifiedModel gemma = platform.verified(GEMMA, "hf_0123456789");

    assertThat(gcp.project()
            .requests("GetPublisherModel", GetPublisherModelRequest.class)
            .get(0)
            .getHuggingFaceToken())
        .isEqualTo("hf_0123456789");
    assertThat(gemma.container().dependencies().environment().values())
        .doesNotContain("hf_0123456789");
  }

  @Test
  void aTokenThatGoogleQuotesIsNotInTheError() {
    verify(Deploy.newBuilder().setContainerSpec(VLLM).setDedicatedResources(L4));
    gcp.project()
        .failNext("GetPublisherModel", Code.INVALID_ARGUMENT, "Invalid token hf_0123456789.");

    assertThatThrownBy(() -> platform.verified(GEMMA, "hf_0123456789"))
        .hasMessageContaining("Invalid token")
        .satisfies(failure -> {
          StringWriter printed = new StringWriter();
          failure.printStackTrace(new PrintWriter(printed));
          assertThat(printed.toString()).doesNotContain("hf_0123456789");
        });
  }

  @Test
  void anArgumentThatGoogleQuotesIsNotInTheError() {
    ModelContainerSpec secret =
        VLLM.toBuilder().addArgs("--api-key=sk-0123456789").build();
    verify(Deploy.newBuilder().setContainerSpec(secret).setDedicatedResources(L4));
    VertexVerifiedModel gemma = platform.verified(GEMMA);
    gcp.project()
        .failNext("UploadModel", Code.INVALID_ARGUMENT, "Bad argument --api-key=sk-0123456789.");

    assertThatThrownBy(() -> platform
            .deploy(gemma.container(), gemma.scaling(), new Routing("gemma", "blue"))
            .await(LIMIT))
        .hasMessageContaining("Bad argument")
        .satisfies(failure -> {
          StringWriter printed = new StringWriter();
          failure.printStackTrace(new PrintWriter(printed));
          assertThat(printed.toString()).doesNotContain("sk-0123456789");
        });
  }

  @Test
  void aModelThatIsNotVerifiedIsNotFound() {
    assertThat(refused().kind()).isEqualTo(ErrorKind.NOT_FOUND);
    verify(Deploy.newBuilder());
    assertThat(refused().kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(refused()).hasMessageContaining("has no verified deployment");
  }

  @Test
  void whatIsNotOfferedHereIsNotLeftOut() {
    ModelContainerSpec grpc =
        VLLM.toBuilder().addGrpcPorts(Port.newBuilder().setContainerPort(8500)).build();
    verify(Deploy.newBuilder().setContainerSpec(grpc).setDedicatedResources(L4));
    assertThat(refused().kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(refused()).hasMessageContaining("grpc_ports");

    verify(Deploy.newBuilder().setContainerSpec(VLLM).setSharedResources("a/pool"));
    assertThat(refused()).hasMessageContaining("SHARED_RESOURCES");
  }

  @Test
  void onlyModelsOfTheHubAreLookedUp() {
    assertThatThrownBy(() -> platform.verified(ModelArtifact.of(URI.create("gs://models/one/"))))
        .isInstanceOf(InvalidValueException.class);
    assertThat(gcp.project().calls()).isEmpty();
  }

  @Test
  void aClosedPlatformReadsNothing() {
    platform.close();

    assertThat(refused().kind()).isEqualTo(ErrorKind.CANCELLED);
  }
}
