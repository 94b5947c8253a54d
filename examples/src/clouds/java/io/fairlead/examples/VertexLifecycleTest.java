package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.aiplatform.v1.DeploymentStage;
import com.google.cloud.aiplatform.v1.EnvVar;
import com.google.cloud.aiplatform.v1.Model;
import com.google.cloud.aiplatform.v1.RawPredictRequest;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import io.fairlead.contract.VirtualTime;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import io.grpc.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lifecycle on Vertex AI: over gRPC, on this machine's time, at a stand-in whose changes take none. */
class VertexLifecycleTest {
  private static final String IMAGE = "image=us-docker.pkg.dev/lifecycle-project/images/server:1";

  @TempDir
  Path folder;

  private final Printed out = Printed.toAFile();
  private final Printed err = Printed.toAFile();
  private final Project project = StandIn.project("lifecycle-project", new VirtualTime());

  @BeforeEach
  void haveAProject() {
    for (String method : List.of(
        "UploadModel",
        "DeleteModel",
        "DeleteModelVersion",
        "CreateEndpoint",
        "DeleteEndpoint",
        "DeployModel",
        "UndeployModel",
        "MutateDeployedModel")) {
      project.duration(method, Duration.ZERO);
    }
    project.heldAfterUndeploy(Duration.ZERO);
  }

  @AfterEach
  void forgetIt() {
    project.close();
  }

  private int run(String... settings) {
    List<String> all = new ArrayList<>(List.of("--platform", "vertex"));
    List<String> keys = new ArrayList<>(
        List.of("project=lifecycle-project", "endpoint=" + StandIn.endpoint(), "plaintext=true"));
    keys.addAll(Arrays.asList(settings));
    keys.forEach(setting -> all.addAll(List.of("--set", setting)));
    return Lifecycle.run(all, out.terminal, err.terminal);
  }

  private Model uploaded() {
    List<UploadModelRequest> uploads = project.requests("UploadModel", UploadModelRequest.class);
    assertThat(uploads).hasSize(1);
    return uploads.get(0).getModel();
  }

  @Test
  void anImageIsEnoughForAllStepsAndNoVariantIsAskedAlone() {
    assertThat(run("location=us-central1", IMAGE)).isZero();

    assertThat(out.text())
        .containsSubsequence(
            "✓ package",
            "✓ deploy blue",
            "✓ deploy green",
            "listed as blue 90, green 10",
            "answered by blue 90, green 10",
            "answered by blue 50, green 50",
            "answered by green 100",
            "✓ scale green",
            "✓ undeploy blue",
            "✓ undeploy green",
            "nothing left behind")
        .doesNotContain("✗", "invoke blue", "invoke green");
    assertThat(err.text()).isEmpty();
    assertThat(project.remains()).isEmpty();
    assertThat(uploaded().getContainerSpec().getEnvList())
        .filteredOn(variable -> variable.getName().equals("MODEL_ID"))
        .singleElement()
        .extracting(EnvVar::getValue)
        .asString()
        .startsWith("distilbert/");
    assertThat(project.requests("RawPredict", RawPredictRequest.class))
        .hasSize(300)
        .allSatisfy(request -> assertThat(request.getHttpBody().getData().toStringUtf8())
            .isEqualTo("{\"instances\":[\"hello\"]}"));
  }

  @Test
  void aFileIsUploadedAndWhoAsksForOneVariantIsToldThatItCannotBe() throws Exception {
    project.addBucket("lifecycle-models");
    Path model = Files.writeString(folder.resolve("weights.txt"), "0.5 0.25");

    assertThat(run(
            "location=us-central1",
            "storageEndpoint=" + StandIn.storage(),
            "bucket=lifecycle-models",
            "artifact=" + model,
            "pinned=true",
            "invocations=1",
            IMAGE))
        .isZero();

    assertThat(out.text())
        .containsSubsequence(
            "✓ invoke blue",
            "this platform cannot pin a request to a variant",
            "nothing left behind")
        .doesNotContain("✗");
    assertThat(err.text()).isEmpty();
    assertThat(uploaded().getArtifactUri()).matches("gs://lifecycle-models/fairlead/[0-9a-f]{64}/");
    assertThat(project.remains()).isEmpty();
  }

  @Test
  void aDeploymentThatFailsLeavesNothing() {
    project.failOperation(
        "DeployModel",
        Status.Code.FAILED_PRECONDITION,
        "Model server never became ready.",
        DeploymentStage.STARTING_MODEL_SERVER);

    assertThat(run("location=us-central1", IMAGE)).isEqualTo(1);

    assertThat(out.text())
        .contains("✗ deploy blue", "✓ undeploy green", "✓ undeploy blue", "nothing left behind");
    assertThat(err.text()).contains("Model server never became ready");
    assertThat(project.remains()).isEmpty();
  }

  @Test
  void allThatIsMissingIsInOneSentenceBeforeAnyCall() {
    assertThat(run("artifact=weights.txt")).isEqualTo(2);

    assertThat(err.text())
        .contains(
            "location must be given: it is the region to serve in",
            "image must be given: it is the container image");
    assertThat(project.calls()).isEmpty();
  }
}
