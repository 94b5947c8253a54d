package io.fairlead.examples;

import io.fairlead.azureml.standin.StandIn;
import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.VirtualTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class AzureMlDeploymentsTest extends CloudDeployments {
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

  @Override
  String platform() {
    return "azureml";
  }

  @Override
  Map<String, String> settings() {
    return Map.of(
        "subscription", workspace.subscription(),
        "resource-group", workspace.resourceGroup(),
        "workspace", workspace.name(),
        "endpoint", StandIn.endpoint().toString(),
        "storage-endpoint", StandIn.endpoint().toString(),
        "token", "not-a-secret");
  }

  @Override
  String instanceType() {
    return "Standard_DS3_v2";
  }

  @Override
  String image() {
    return "example.azurecr.io/server:1";
  }

  @Override
  String refused() {
    return "max: 51";
  }

  @Override
  List<?> remains() {
    return List.copyOf(workspace.remains());
  }

  @Override
  List<String> calls() {
    return List.copyOf(workspace.calls());
  }
}
