package io.fairlead.examples;

import io.fairlead.contract.VirtualTime;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class VertexDeploymentsTest extends CloudDeployments {
  private final Project project = StandIn.project("deployments-project", new VirtualTime());

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

  @Override
  String platform() {
    return "vertex";
  }

  @Override
  Map<String, String> settings() {
    return Map.of(
        "project", "deployments-project",
        "location", "us-central1",
        "endpoint", StandIn.endpoint().toString(),
        "plaintext", "true");
  }

  @Override
  String instanceType() {
    return "n1-standard-4";
  }

  @Override
  String image() {
    return "us-docker.pkg.dev/deployments-project/images/server:1";
  }

  @Override
  String refused() {
    return "instance-type:";
  }

  @Override
  List<?> remains() {
    return List.copyOf(project.remains());
  }

  @Override
  List<String> calls() {
    return List.copyOf(project.calls());
  }
}
