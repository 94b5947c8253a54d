package io.fairlead.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.aiplatform.v1.AcceleratorType;
import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.MachineSpec;
import com.google.cloud.aiplatform.v1.ModelContainerSpec;
import com.google.cloud.aiplatform.v1.PublisherModel.CallToAction.Deploy;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The pieces of docs/vertex.md, at the stand-in. */
class VertexSnippetsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final String IMAGE = "us-docker.pkg.dev/my-project/serving/server:1";
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);

  private final Project project = StandIn.project("snippets-project", new VirtualTime());
  private final VertexPlatform vertex = new VertexProvider()
      .open(VertexConfig.of("snippets-project", "us-central1")
          .withPlaintextEndpoint(StandIn.endpoint()));

  VertexSnippetsTest() {
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
  }

  @AfterEach
  void close() {
    vertex.close();
    project.close();
  }

  private static Endpoint endpoint(
      ModelArtifact model, RuntimeSpec runtime, Scaling scaling, Routing routing) {
    return new Endpoint(new Container(model, runtime, Dependencies.NONE), scaling, routing);
  }

  private static ModelArtifact model() {
    return ModelArtifact.of(URI.create("gs://my-models/bert/")).named("bert");
  }

  @Test
  void openingCallsNobody() {
    VertexSnippets.open().close();
  }

  @Test
  void theFirstPieceIsAWholeLife() {
    Response answer = VertexSnippets.life(vertex);

    assertThat(answer.text()).isEqualTo("{\"instances\":[\"hello\"]}");
    assertThat(answer.variant()).hasValue("blue");
    assertThat(project.remains()).isEmpty();
  }

  @Test
  void everyOptionIsOneThatThePlatformTakes() {
    RuntimeSpec runtime = RuntimeSpec.of(IMAGE);
    Routing routing = new Routing("bert", "blue");
    List<Scaling> scalings = VertexSnippets.scalings();
    List<Endpoint> endpoints = List.of(
        endpoint(
            VertexSnippets.artifact(),
            RuntimeSpec.of(IMAGE).with(VertexRuntime.accelerator("NVIDIA_L4")),
            scalings.get(0),
            routing),
        endpoint(model(), VertexSnippets.runtime(IMAGE), scalings.get(0), routing),
        endpoint(model(), runtime, scalings.get(1), routing),
        endpoint(model(), runtime, scalings.get(2), routing),
        endpoint(model(), runtime, scalings.get(3), routing),
        endpoint(
            model(),
            runtime.with(VertexRuntime.accelerator("NVIDIA_H100_80GB")),
            scalings.get(4),
            routing),
        endpoint(model(), runtime, ONE, VertexSnippets.routings().get(0)),
        endpoint(model(), runtime, ONE, VertexSnippets.routings().get(1)));

    Stream<Plan> plans = endpoints.stream()
        .map(one -> vertex.preview(
            platform -> platform.deploy(one.container(), one.scaling(), one.routing())));

    assertThat(plans).allSatisfy(plan -> assertThat(plan.warnings()).isEmpty());
    assertThat(project.calls()).doesNotContain("UploadModel", "CreateEndpoint", "DeployModel");
  }

  @Test
  void aTypedAnswerTellsTheModelsVersionAndAStreamIsShownAsItComes() {
    Container container =
        vertex.packageModel(model(), RuntimeSpec.of(IMAGE), Dependencies.NONE).await(LIMIT);
    Endpoint blue = vertex.deploy(container, ONE, new Routing("bert", "blue")).await(LIMIT);
    project.streamInParts(List.of("one ".getBytes(UTF_8), "by one".getBytes(UTF_8)));
    StringBuilder shown = new StringBuilder();

    Optional<String> version = VertexSnippets.asking(
        vertex, blue, Request.json("{}"), piece -> shown.append(UTF_8.decode(piece)));

    assertThat(version).contains("1");
    assertThat(shown).hasToString("one by one");
  }

  @Test
  void aServersPathsAreInvokedOfOneVariantAndOfAny() {
    VertexConfig config =
        VertexSnippets.hosts(StandIn.transport(Faults.none()), project.httpClient());
    VertexPlatform served = new VertexProvider()
        .open(VertexConfig.of("snippets-project", "us-central1")
            .withPlaintextEndpoint(StandIn.endpoint())
            .withTransport(config.transport().orElseThrow())
            .withHttpClient(config.httpClient().orElseThrow()));
    try (served) {
      Container container = served
          .packageModel(model(), VertexSnippets.server(IMAGE), Dependencies.NONE)
          .await(LIMIT);
      Endpoint green =
          served.deploy(container, ONE, new Routing("chat", "green")).await(LIMIT);

      assertThat(VertexSnippets.asking(served, green, "{\"messages\":[]}", "{}"))
          .extracting(Response::text)
          .containsExactly("{\"messages\":[]}", "{}");
    }
    assertThat(project.calls()).contains("Invoke/v1/chat/completions", "Invoke/tokenize");
    assertThat(config.hosts().orElseThrow().of("chat", Optional.empty())).isEqualTo("10.1.0.7:443");
  }

  @Test
  void whatGoogleHasVerifiedIsDeployed() {
    project.addPublisherModel(
        "publishers/google/models/gemma-2-2b-it",
        Deploy.newBuilder()
            .setContainerSpec(ModelContainerSpec.newBuilder().setImageUri(IMAGE))
            .setDedicatedResources(DedicatedResources.newBuilder()
                .setMinReplicaCount(1)
                .setMachineSpec(MachineSpec.newBuilder()
                    .setMachineType("g2-standard-12")
                    .setAcceleratorType(AcceleratorType.NVIDIA_L4)
                    .setAcceleratorCount(1)))
            .build());

    assertThat(VertexSnippets.verified(vertex).await(LIMIT).scaling().instanceType())
        .contains("g2-standard-12");
    vertex.undeployAll("gemma").await(LIMIT);
    Endpoint blue = VertexSnippets.ofHub(vertex, LIMIT);
    assertThat(blue.container().runtime().image()).contains(IMAGE);
    assertThat(blue.scaling().instanceType()).contains("g2-standard-12");
    HttpRequest chat = VertexSnippets.openAi(vertex, blue).build();
    assertThat(chat.uri())
        .hasPath("/v1beta1/projects/snippets-project/locations/us-central1/endpoints/gemma"
            + "/chat/completions");
    assertThat(chat.headers().firstValue("Authorization")).isPresent();
  }
}
