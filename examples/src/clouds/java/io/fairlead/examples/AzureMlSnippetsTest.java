package io.fairlead.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import io.fairlead.azureml.AzureMlCloud;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlPlatform;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.azureml.AzureMlRequest;
import io.fairlead.azureml.standin.StandIn;
import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** The pieces of docs/azureml.md, at the stand-in. */
class AzureMlSnippetsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final String IMAGE = "myregistry.azurecr.io/server:1";
  private static final Scaling ONE = Scaling.fixed("Standard_DS3_v2", 1);
  private static final TokenCredential CREDENTIAL = request -> Mono.just(
      new AccessToken("not-a-secret", OffsetDateTime.now(ZoneOffset.UTC).plusHours(1)));

  @TempDir
  Path folder;

  private final Workspace workspace = StandIn.workspace(new VirtualTime());
  private final AzureMlPlatform azureml = new AzureMlProvider().open(config());

  private AzureMlConfig config() {
    return AzureMlConfig.of(workspace.subscription(), workspace.resourceGroup(), workspace.name())
        .withEndpoint(StandIn.endpoint())
        .withStorageEndpoint(StandIn.endpoint())
        .withCredential(CREDENTIAL);
  }

  AzureMlSnippetsTest() {
    workspace.retryAfter(Duration.ZERO);
    for (String call : List.of(
        "PUT onlineEndpoints",
        "PATCH onlineEndpoints",
        "DELETE onlineEndpoints",
        "PUT deployments",
        "DELETE deployments")) {
      workspace.duration(call, Duration.ZERO);
    }
  }

  @AfterEach
  void close() {
    azureml.close();
    workspace.close();
  }

  private static Endpoint endpoint(ModelArtifact model, RuntimeSpec runtime) {
    return endpoint(
        new Container(model, runtime, Dependencies.NONE), ONE, new Routing("my-bert", "blue"));
  }

  private static Endpoint endpoint(Container container, Scaling scaling, Routing routing) {
    return new Endpoint(container, scaling, routing);
  }

  @Test
  void openingCallsNobody() {
    AzureMlSnippets.open().close();
    AzureMlSnippets.openFromText().close();
  }

  @Test
  void theFirstPieceIsAWholeLife() throws Exception {
    Files.writeString(folder.resolve("weights.txt"), "0.5 0.25");

    Response answer = AzureMlSnippets.life(azureml, folder);

    assertThat(answer.text()).isEqualTo("{\"inputs\":\"hello\"}");
    assertThat(answer.variant()).hasValue("blue");
    assertThat(workspace.remains()).isEmpty();
  }

  @Test
  void everyOptionIsOneThatThePlatformTakes() {
    List<ModelArtifact> artifacts = AzureMlSnippets.artifacts();
    Container files = endpoint(artifacts.get(0), RuntimeSpec.of(IMAGE)).container();
    Routing routing = new Routing("my-bert", "blue");
    List<Endpoint> endpoints = new ArrayList<>(List.of(
        endpoint(artifacts.get(1), RuntimeSpec.NONE),
        endpoint(artifacts.get(2), RuntimeSpec.of(IMAGE)),
        endpoint(artifacts.get(3), RuntimeSpec.NONE),
        endpoint(artifacts.get(0), AzureMlSnippets.server(IMAGE)),
        endpoint(AzureMlSnippets.script(artifacts.get(0)), ONE, routing)));
    AzureMlSnippets.scalings().forEach(scaling -> endpoints.add(endpoint(files, scaling, routing)));
    AzureMlSnippets.routings("/subscriptions/s/resourceGroups/g/providers/"
            + "Microsoft.ManagedIdentity/userAssignedIdentities/serving")
        .forEach(one -> endpoints.add(endpoint(files, ONE, one)));

    List<Plan> plans = endpoints.stream()
        .map(one -> azureml.preview(
            platform -> platform.deploy(one.container(), one.scaling(), one.routing())))
        .toList();

    assertThat(plans)
        .flatExtracting(Plan::warnings)
        .as("only those of several instances")
        .hasSize(3)
        .allMatch(warning -> warning.startsWith("Azure ML reserves a fifth more instances"));
    assertThat(workspace.calls()).noneMatch(call -> call.startsWith("PUT"));
  }

  @Test
  void oneVariantIsAskedAndAStreamIsShownAndAnyPathIsAnOption() {
    Container container = azureml
        .packageModel(AzureMlSnippets.artifacts().get(0), RuntimeSpec.of(IMAGE), Dependencies.NONE)
        .await(LIMIT);
    Endpoint green =
        azureml.deploy(container, ONE, new Routing("my-bert", "green")).await(LIMIT);
    StringBuilder shown = new StringBuilder();

    Response pinned = AzureMlSnippets.asking(
        azureml, green, Request.json("{}"), piece -> shown.append(UTF_8.decode(piece)));

    assertThat(pinned.text()).isEqualTo("{}");
    assertThat(pinned.variant()).hasValue("green");
    assertThat(shown).hasToString("{}");
    assertThat(AzureMlSnippets.chat("{}"))
        .isEqualTo(Request.json("{}")
            .withPath("/v1/chat/completions")
            .with(new AzureMlRequest("order-17")));
  }

  @Test
  void aConfigurationHasClientsOfTheCaller() {
    AzureMlConfig config = AzureMlSnippets.config(
        CREDENTIAL, workspace.client(Faults.none()), java.net.http.HttpClient.newHttpClient());

    assertThat(config.cloud()).isEqualTo(AzureMlCloud.GOVERNMENT);
    assertThat(config.credential()).containsSame(CREDENTIAL);
    assertThat(config.tags()).containsEntry("team", "search");
  }

  @Test
  void aLanguageModelOfTheRegistryIsAskedAndOpenedToOthers() {
    workspace.endpointsHaveHosts(true);
    try (AzureMlPlatform own =
        new AzureMlProvider().open(config().withScoringClient(workspace.scoringClient()))) {
      Response answer = AzureMlSnippets.languageModel(own, "{}", LIMIT);
      Endpoint blue = endpoint(
          new Container(
              ModelArtifact.huggingFace("Qwen/Qwen3-4B"), RuntimeSpec.NONE, Dependencies.NONE),
          ONE,
          new Routing("my-qwen", "blue"));
      OpenAiAccess access = AzureMlSnippets.openAi(own, blue);

      assertThat(answer.variant()).hasValue("blue");
      assertThat(access.model()).isEqualTo("Qwen/Qwen3-4B");
      assertThat(access.baseUrl().toString()).startsWith("https://my-qwen.").endsWith("/v1");
      assertThat(workspace.invocations())
          .extracting(one -> one.path())
          .containsExactly("/v1/chat/completions");
    }
  }

  @Test
  void aLanguageServerInAnImageIsPlannedWithoutAWarning() {
    Container container = AzureMlSnippets.ofAnImage();

    Plan plan =
        azureml.preview(platform -> platform.deploy(container, ONE, new Routing("my-bge", "blue")));

    assertThat(plan.warnings()).isEmpty();
  }
}
