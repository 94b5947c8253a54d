package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.azureml.standin.StandIn;
import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.VirtualTime;
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

/** The lifecycle on Azure ML: over HTTP, on this machine's time, at a stand-in whose changes take none. */
class AzureMlLifecycleTest {
  private static final String IMAGE = "image=example.azurecr.io/server:1";

  @TempDir
  Path folder;

  private final Printed out = Printed.toAFile();
  private final Printed err = Printed.toAFile();
  private final Workspace workspace = StandIn.workspace(new VirtualTime());

  @BeforeEach
  void haveAWorkspace() {
    workspace.retryAfter(Duration.ZERO);
    for (String call : List.of(
        "PUT onlineEndpoints",
        "PATCH onlineEndpoints",
        "DELETE onlineEndpoints",
        "PUT deployments",
        "PATCH deployments",
        "DELETE deployments")) {
      workspace.duration(call, Duration.ZERO);
    }
  }

  @AfterEach
  void forgetIt() {
    workspace.close();
  }

  private int run(String... settings) {
    List<String> all = new ArrayList<>(List.of("--platform", "azureml"));
    List<String> keys = new ArrayList<>(List.of(
        "subscription=" + workspace.subscription(),
        "resource-group=" + workspace.resourceGroup(),
        "endpoint=" + StandIn.endpoint(),
        "storage-endpoint=" + StandIn.endpoint(),
        "token=not-a-secret"));
    keys.addAll(Arrays.asList(settings));
    keys.forEach(setting -> all.addAll(List.of("--set", setting)));
    return Lifecycle.run(all, out.terminal, err.terminal);
  }

  private String ofWorkspace() {
    return "workspace=" + workspace.name();
  }

  private List<ObjectNode> deployed() {
    return workspace.requests("PUT deployments");
  }

  @Test
  void aWorkspaceIsEnoughForAllStepsWithAModelOfTheHub() {
    assertThat(run(ofWorkspace())).isZero();

    assertThat(out.text())
        .containsSubsequence(
            "✓ package",
            "✓ deploy blue",
            "answered by blue",
            "✓ deploy green",
            "answered by green",
            "listed as blue 90, green 10",
            "answered by blue 90, green 10",
            "answered by blue 50, green 50",
            "answered by green 100",
            "✓ scale green",
            "✓ undeploy blue",
            "✓ undeploy green",
            "nothing left behind")
        .doesNotContain("✗");
    assertThat(err.text()).isEmpty();
    assertThat(workspace.remains()).isEmpty();
    assertThat(deployed()).hasSize(2).allSatisfy(deployment -> {
      assertThat(deployment.at("/properties/model").asText())
          .startsWith("azureml://registries/HuggingFace/models/distilbert-");
      assertThat(deployment.at("/properties/environmentId").isMissingNode()).isTrue();
      assertThat(deployment.at("/properties/instanceType").asText()).isEqualTo("Standard_DS3_v2");
    });
  }

  @Test
  void aFileIsUploadedForAnImageOfOnesOwn() throws Exception {
    Path model = Files.writeString(folder.resolve("weights.txt"), "0.5 0.25");

    assertThat(run(ofWorkspace(), "artifact=" + model, "invocations=1", IMAGE)).isZero();

    assertThat(out.text()).contains("nothing left behind").doesNotContain("✗");
    assertThat(err.text()).isEmpty();
    assertThat(workspace.calls()).contains("PUT blob", "DELETE blob");
    assertThat(workspace.requests("PUT models/versions"))
        .singleElement()
        .satisfies(made -> assertThat(made.at("/properties/modelUri").asText())
            .matches("azureml://.*/datastores/workspaceblobstore/paths/fairlead/[0-9a-f]{32}/"));
    assertThat(workspace.remains()).isEmpty();
  }

  @Test
  void aDeploymentThatFailsLeavesNothing() {
    workspace.failNextDeployment("ResourceNotReady", "User container has crashed.");

    assertThat(run(ofWorkspace(), IMAGE)).isEqualTo(1);

    assertThat(out.text())
        .contains("✗ deploy blue", "✓ undeploy green", "✓ undeploy blue", "nothing left behind");
    assertThat(err.text()).contains("User container has crashed");
    assertThat(workspace.remains()).isEmpty();
  }

  @Test
  void aNameThatAzureDoesNotTakeIsRefusedBeforeAnyChange() {
    assertThat(run(ofWorkspace(), "name=a-name-that-is-longer-than-azure-takes"))
        .isEqualTo(1);

    assertThat(err.text()).contains("routing.name must be 3 to 32");
    assertThat(workspace.calls()).doesNotContain("PUT onlineEndpoints");
  }

  @Test
  void allThatIsMissingIsInOneSentenceBeforeAnyCall() {
    assertThat(run("invocations=none")).isEqualTo(2);

    assertThat(err.text())
        .contains(
            "workspace must be given: it is the name of the workspace", "invocations must be");
    assertThat(workspace.calls()).isEmpty();
  }
}
