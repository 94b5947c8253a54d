package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.azure.core.credential.AccessToken;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Response;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.standin.Project;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** The programs of docs/migrating.md and docs/why-not-terraform.md, at the stand-ins of the clouds. */
class MigratingSnippetsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @TempDir
  Path folder;

  private static void onSageMaker(Consumer<SageMakerPlatform> program, Consumer<Account> check) {
    try (Account account =
            io.fairlead.sagemaker.standin.StandIn.account("AKIAMIGRATING", new VirtualTime());
        SageMakerPlatform sagemaker = new SageMakerProvider()
            .open(SageMakerConfig.of("us-east-1")
                .withExecutionRole("arn:aws:iam::123456789012:role/serving")
                .withEndpoint(io.fairlead.sagemaker.standin.StandIn.endpoint())
                .withCredentials(StaticCredentialsProvider.create(
                    AwsBasicCredentials.create("AKIAMIGRATING", "not-a-secret"))))) {
      account.durations(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
      account.describeDelay(Duration.ZERO);
      account.addObject("my-models", "blue/model.tar.gz", new byte[1]);
      account.addObject("my-models", "green/model.tar.gz", new byte[1]);
      program.accept(sagemaker);
      check.accept(account);
    }
  }

  @Test
  void theProgramOfSageMakerAnswersAndIsUndoneByOneLine() {
    onSageMaker(
        sagemaker -> {
          Response response = MigratingSnippets.sageMaker(sagemaker, LIMIT);

          assertThat(response.text()).isEqualTo("{\"inputs\": \"A fairlead is\"}");
          assertThat(response.variant()).hasValue("blue");
          Endpoint there =
              sagemaker.describe("mistral", "blue", LIMIT).orElseThrow().value().orElseThrow();
          assertThat(there.container().runtime().image().orElseThrow())
              .contains("huggingface-pytorch-tgi-inference:2.1.1-tgi1.4.2");
          assertThat(there.container().dependencies().environment())
              .containsEntry("HF_MODEL_ID", "mistralai/Mistral-7B-Instruct-v0.2")
              .containsEntry("SM_NUM_GPUS", "1");
          sagemaker.undeployAll("mistral").await(LIMIT);
        },
        account -> assertThat(account.remains()).allMatch(name -> name.startsWith("s3://")));
  }

  @Test
  void theEndpointOfTheTerraformPageHasItsWeights() {
    onSageMaker(
        sagemaker -> {
          MigratingSnippets.twoVariants(
              sagemaker,
              ModelArtifact.of(URI.create("s3://my-models/blue/model.tar.gz")).named("blue"),
              ModelArtifact.of(URI.create("s3://my-models/green/model.tar.gz")).named("green"));

          assertThat(sagemaker.list())
              .extracting(Deployment::toString)
              .hasSize(2)
              .anyMatch(line -> line.contains("90"))
              .anyMatch(line -> line.contains("10"));
        },
        account -> assertThat(account.calls()).contains("UpdateEndpointWeightsAndCapacities"));
  }

  @Test
  void theProgramOfAzureMlAnswersAndIsUndoneByOneLine() throws Exception {
    Path scripts = Files.createDirectory(folder.resolve("scripts"));
    Files.writeString(scripts.resolve("score.py"), "def init(): pass\n");
    Path weights = Files.createDirectory(folder.resolve("weights"));
    Files.writeString(weights.resolve("weights.txt"), "0.5 0.25");
    try (Workspace workspace = io.fairlead.azureml.standin.StandIn.workspace(new VirtualTime());
        EndpointPlatform azureml = new AzureMlProvider()
            .open(AzureMlConfig.of(
                    workspace.subscription(), workspace.resourceGroup(), workspace.name())
                .withEndpoint(io.fairlead.azureml.standin.StandIn.endpoint())
                .withStorageEndpoint(io.fairlead.azureml.standin.StandIn.endpoint())
                .withCredential(request -> Mono.just(new AccessToken(
                    "not-a-secret", OffsetDateTime.now(ZoneOffset.UTC).plusHours(1)))))) {
      workspace.retryAfter(Duration.ZERO);
      for (String call : List.of(
          "PUT onlineEndpoints",
          "PATCH onlineEndpoints",
          "DELETE onlineEndpoints",
          "PUT deployments",
          "DELETE deployments")) {
        workspace.duration(call, Duration.ZERO);
      }

      Response response = MigratingSnippets.azureMl(azureml, scripts, weights, LIMIT);

      assertThat(response.text()).isEqualTo("{\"inputs\": \"A fairlead is\"}");
      assertThat(response.variant()).hasValue("demo");
      azureml.undeployAll("hf-ep").await(LIMIT);
      azureml.sweep(Duration.ZERO).await(LIMIT);
      assertThat(workspace.remains()).isEmpty();
    }
  }

  @Test
  void theProgramOfVertexAnswersAndIsUndoneByOneLine() {
    try (Project project =
            io.fairlead.vertex.standin.StandIn.project("migrating-project", new VirtualTime());
        EndpointPlatform vertex = new VertexProvider()
            .open(VertexConfig.of("migrating-project", "us-central1")
                .withPlaintextEndpoint(io.fairlead.vertex.standin.StandIn.endpoint()))) {
      for (String method : List.of(
          "UploadModel",
          "DeleteModel",
          "CreateEndpoint",
          "DeleteEndpoint",
          "DeployModel",
          "UndeployModel")) {
        project.duration(method, Duration.ZERO);
      }
      project.heldAfterUndeploy(Duration.ZERO);

      Response response = MigratingSnippets.vertex(vertex, LIMIT);

      assertThat(response.text()).contains("A fairlead is").contains("\"max_new_tokens\": 100");
      assertThat(response.variant()).hasValue("blue");
      vertex.undeployAll("gemma").await(LIMIT);
      assertThat(project.remains()).isEmpty();
    }
  }

  @Test
  void theCanaryIsTheSameOnEachPlatform() {
    try (EndpointPlatform local = Platforms.open("local", EndpointPlatform.class)) {
      Container iris = new Container(
          ModelArtifact.of(Path.of("src/test/resources/iris.onnx")),
          RuntimeSpec.NONE,
          Dependencies.NONE);
      Scaling one = Scaling.fixed(1);
      Endpoint blue = local.deploy(iris, one, new Routing("iris", "blue")).await(LIMIT);

      MigratingSnippets.canary(local, blue, iris, one, LIMIT);

      assertThat(local.list()).singleElement().asString().contains("green", "100");
      local.undeployAll("iris").await(LIMIT);
    }
  }
}
