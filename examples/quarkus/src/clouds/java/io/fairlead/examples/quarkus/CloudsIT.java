package io.fairlead.examples.quarkus;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.Held;
import io.fairlead.contract.VirtualTime;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.vertex.standin.Project;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The same package with one line changed: its model is served by a cloud, of which there is a stand-in. */
class CloudsIT {
  private static final String KEY = "AKIAQUARKUS";

  private static Service started(String platform, String... properties) throws Exception {
    List<String> all = new ArrayList<>(List.of("quarkus.profile=" + platform));
    all.addAll(Arrays.asList(properties));
    Service service = Service.start(all);
    assertThat(service.nearest("Would Saturn float?"))
        .isEqualTo("Saturn would float, given a large enough bathtub.");
    assertThat(service.get("/q/health/ready").body()).contains("minilm/blue");
    return service;
  }

  @Test
  void onSageMakerWhereARequestInProgressIsAnsweredBeforeTheServiceEnds() throws Exception {
    try (Account account = io.fairlead.sagemaker.standin.StandIn.account(KEY, new VirtualTime())) {
      account.durations(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
      account.describeDelay(Duration.ZERO);
      account.answerWith(asked -> Embeddings.of(asked.body().asByteArray()));

      try (Service service = started(
          "sagemaker",
          "aws.accessKeyId=" + KEY,
          "aws.secretAccessKey=not-a-secret",
          "AWS_REGION=us-east-1",
          "SEARCH_ROLE=arn:aws:iam::123456789012:role/serving",
          "SEARCH_IMAGE=123456789012.dkr.ecr.us-east-1.amazonaws.com/tei:1",
          "fairlead.platforms.models.settings.endpoint="
              + io.fairlead.sagemaker.standin.StandIn.endpoint())) {
        Held held = account.holdNextInvocation();
        CompletableFuture<HttpResponse<String>> inProgress =
            service.searchLater("{\"question\": \"How long is a day on Venus?\"}");
        held.awaitArrival();
        service.beginToStop();
        held.release();

        assertThat(inProgress.get(1, TimeUnit.MINUTES).body())
            .startsWith("[{\"sentence\":\"A day on Venus lasts longer than its year.\"");
        assertThat(service.stop()).isEqualTo(143);
      }
      assertThat(account.requests("CreateEndpoint")).hasSize(1);
    }
  }

  @Test
  void onVertexAi() throws Exception {
    try (Project project =
        io.fairlead.vertex.standin.StandIn.project("search-project", new VirtualTime())) {
      for (String method : List.of("UploadModel", "CreateEndpoint", "DeployModel")) {
        project.duration(method, Duration.ZERO);
      }
      project.answerWith(Embeddings::of);

      started(
              "vertex",
              "GOOGLE_CLOUD_PROJECT=" + project.id(),
              "GOOGLE_CLOUD_REGION=us-central1",
              "SEARCH_IMAGE=us-docker.pkg.dev/search-project/images/tei:1",
              "fairlead.platforms.models.settings.endpoint="
                  + io.fairlead.vertex.standin.StandIn.endpoint(),
              "fairlead.platforms.models.settings.plaintext=true")
          .close();

      assertThat(project.calls()).contains("DeployModel");
    }
  }

  @Test
  void onAzureMl() throws Exception {
    try (Workspace workspace = io.fairlead.azureml.standin.StandIn.workspace(new VirtualTime())) {
      workspace.retryAfter(Duration.ZERO);
      workspace.duration("PUT onlineEndpoints", Duration.ZERO);
      workspace.duration("PUT deployments", Duration.ZERO);
      workspace.answerWith(asked -> Embeddings.of(asked.body()));

      started(
              "azureml",
              "AZURE_SUBSCRIPTION_ID=" + workspace.subscription(),
              "AZUREML_ARM_RESOURCEGROUP=" + workspace.resourceGroup(),
              "AZUREML_ARM_WORKSPACE_NAME=" + workspace.name(),
              "SEARCH_IMAGE=example.azurecr.io/tei:1",
              "fairlead.platforms.models.settings.endpoint="
                  + io.fairlead.azureml.standin.StandIn.endpoint(),
              "fairlead.platforms.models.settings.token=not-a-secret")
          .close();

      assertThat(workspace.requests("PUT deployments")).hasSize(1);
    }
  }
}
