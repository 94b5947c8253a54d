package io.fairlead.examples.springboot;

import io.fairlead.azureml.standin.StandIn;
import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.VirtualTime;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.springframework.test.context.ActiveProfiles;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@ActiveProfiles("azureml")
class AzureMlSearchTest extends Searching {
  private static final Workspace WORKSPACE = StandIn.workspace(new VirtualTime());

  AzureMlSearchTest() {
    super("azureml");
  }

  @DynamicPropertySource
  static void elsewhere(DynamicPropertyRegistry properties) {
    WORKSPACE.retryAfter(Duration.ZERO);
    WORKSPACE.duration("PUT onlineEndpoints", Duration.ZERO);
    WORKSPACE.duration("PUT deployments", Duration.ZERO);
    WORKSPACE.answerWith(asked -> embeddings(asked.body()));
    properties.add("AZURE_SUBSCRIPTION_ID", WORKSPACE::subscription);
    properties.add("AZUREML_ARM_RESOURCEGROUP", WORKSPACE::resourceGroup);
    properties.add("AZUREML_ARM_WORKSPACE_NAME", WORKSPACE::name);
    properties.add("SEARCH_IMAGE", () -> "example.azurecr.io/tei:1");
    properties.add("fairlead.platforms.models.settings.endpoint", StandIn::endpoint);
    properties.add("fairlead.platforms.models.settings.storage-endpoint", StandIn::endpoint);
    properties.add("fairlead.platforms.models.settings.token", () -> "not-a-secret");
  }

  @AfterAll
  static void close() {
    WORKSPACE.close();
  }
}
