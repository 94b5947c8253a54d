package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.cloud.aiplatform.v1.DeployModelRequest;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.MutateDeployedModelRequest;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.ReadBack;
import io.fairlead.contract.Sweep;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Plan;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Location;
import io.fairlead.platform.Request;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexAutoscaling;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexLogging;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexPool;
import io.fairlead.vertex.VertexProbe;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import io.fairlead.vertex.VertexVersion;
import io.fairlead.vertex.standin.Project;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What Vertex AI alone knows of models, machines, pools and endpoints, on the wire and back. */
class VertexVariantsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final Project project = gcp.project();
  private final VertexPlatform platform = gcp.open();

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  // ---- models ----

  @Test
  void howAContainerIsStartedAndAskedIsUploadedWithIt() {
    RuntimeSpec runtime = RuntimeSpec.of(Gcp.IMAGE)
        .with(VertexContainer.DEFAULT
            .withCommand("serve")
            .withArgs("--fast", "$(MODE)")
            .withPort(9000)
            .withRoutes("/predict", "/health")
            .withSharedMemoryMb(256)
            .withDeploymentTimeout(Duration.ofMinutes(50))
            .withProbes(
                VertexProbe.exec("true").withFailureThreshold(30),
                VertexProbe.http("/ready", 9001).every(Duration.ofSeconds(5)),
                VertexProbe.tcp(9000).withTimeout(Duration.ofSeconds(2))));
    Container container =
        new Container(model("one"), runtime, Dependencies.environment(Map.of("MODE", "full")));

    deploy(container, ONE, BLUE);

    var spec = lastUpload().getModel().getContainerSpec();
    assertThat(spec.getCommandList()).containsExactly("serve");
    assertThat(spec.getArgsList()).containsExactly("--fast", "$(MODE)");
    assertThat(spec.getPorts(0).getContainerPort()).isEqualTo(9000);
    assertThat(spec.getPredictRoute()).isEqualTo("/predict");
    assertThat(spec.getHealthRoute()).isEqualTo("/health");
    assertThat(spec.getSharedMemorySizeMb()).isEqualTo(256);
    assertThat(spec.getDeploymentTimeout().getSeconds()).isEqualTo(3000);
    assertThat(spec.getStartupProbe().getExec().getCommandList()).containsExactly("true");
    assertThat(spec.getStartupProbe().getFailureThreshold()).isEqualTo(30);
    assertThat(spec.getHealthProbe().getHttpGet().getPath()).isEqualTo("/ready");
    assertThat(spec.getHealthProbe().getPeriodSeconds()).isEqualTo(5);
    assertThat(spec.getLivenessProbe().getTcpSocket().getPort()).isEqualTo(9000);
    assertThat(spec.getEnv(0).getName()).isEqualTo("MODE");
    assertIsAsDeployed(container, ONE, BLUE);
  }

  @Test
  void aModelOfTheHubIsLoadedByAContainerThatReadsItsName() {
    Container container = new Container(
        ModelArtifact.huggingFace("google/gemma-2b"),
        RuntimeSpec.of(Gcp.IMAGE).with(VertexRuntime.accelerator("NVIDIA_L4")),
        Dependencies.NONE);
    Scaling gpu = Scaling.fixed("g2-standard-12", 1).with(VertexScaling.acceleratorCount(1));

    deploy(container, gpu, BLUE);

    var spec = lastUpload().getModel().getContainerSpec();
    assertThat(spec.getImageUri()).isEqualTo(Gcp.IMAGE);
    assertThat(spec.getEnv(0).getName()).isEqualTo("MODEL_ID");
    assertThat(spec.getEnv(0).getValue()).isEqualTo("google/gemma-2b");
    assertThat(lastUpload().getModel().getArtifactUri()).isEmpty();
  }

  @Test
  void versionsAreUploadedUnderOneModelAndDeployedByTheirNumbers() {
    Container first = version("one", "champion");
    Container second = version("two", "challenger");
    deploy(first, ONE, BLUE);
    deploy(second, ONE, GREEN);

    assertThat(gcp.remains()).contains("model/sentiment@1", "model/sentiment@2");
    assertThat(deployments())
        .extracting(request -> VertexNames.id(request.getDeployedModel().getModel()))
        .containsOnly("sentiment");
    assertThat(deployments())
        .extracting(request -> request.getDeployedModel().getModel().replaceAll(".*@", ""))
        .containsExactly("1", "2");
    assertIsAsDeployed(first, ONE, BLUE);

    // The first is the default one, which cannot be deleted before the second is.
    platform
        .route(endpoint(first, BLUE).at(100), endpoint(second, GREEN).at(0), TrafficWeight.ALL)
        .await(LIMIT);
    platform.undeploy(endpoint(first, BLUE)).await(LIMIT);
    assertThat(gcp.remains()).contains("model/sentiment@2").doesNotContain("model/sentiment@1");
    platform.undeploy(endpoint(second, GREEN)).await(LIMIT);
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void anAliasMovesToTheVersionThatAsksForIt() {
    deploy(version("one", "champion"), ONE, BLUE);
    deploy(version("two", "champion"), ONE, GREEN);

    assertThat(platform
            .preview(p -> p.deploy(version("one", "champion"), ONE, BLUE))
            .isEmpty())
        .isFalse();
    deploy(version("one", "champion"), ONE, BLUE);

    assertIsAsDeployed(version("one", "champion"), ONE, BLUE);
    assertThat(gcp.remains()).filteredOn(name -> name.startsWith("model/")).hasSize(2);
  }

  @Test
  void aVersionIsNotUploadedTwiceWhicheverCallIsBroken() {
    Sweep<Gcp> sweep = new Sweep<>("vertex", VertexVariantsTest::empty, on -> {
      on.deploy(version("one"), ONE, BLUE).await(LIMIT);
      on.deploy(version("two"), ONE, GREEN).await(LIMIT);
    });
    for (Fault fault : List.of(Fault.CUT_AFTER, Fault.KILLED_AFTER)) {
      sweep.with(fault, fresh -> {
        try (VertexPlatform again = fresh.open()) {
          again.deploy(version("one"), ONE, BLUE).await(LIMIT);
          again.deploy(version("two"), ONE, GREEN).await(LIMIT);
          assertThat(fresh.remains())
              .filteredOn(name -> name.startsWith("model/"))
              .hasSize(2);
          again.undeployAll("bert").await(LIMIT);
        }
        assertThat(fresh.remains()).isEmpty();
      });
    }
  }

  private static Gcp empty() {
    return new Gcp(new VirtualTime()).fast();
  }

  @Test
  void aModelThatSomebodyElseMadeGetsNoVersion() {
    project.addModel("sentiment");

    ServingException refusal = fails(() -> deploy(version("one"), ONE, BLUE));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(gcp.remains()).containsExactly("model/sentiment@1");
  }

  // ---- machines ----

  @Test
  void acceleratorsSpotMachinesAndTargetsAreDeployed() {
    Container container = new Container(
        model("one"),
        RuntimeSpec.of(Gcp.IMAGE)
            .with(VertexRuntime.accelerator("NVIDIA_L4")
                .withServiceAccount("me@some-project.iam.gserviceaccount.com")
                .withContainerLogging(false)
                .withAccessLogging(true)),
        Dependencies.NONE);
    Scaling scaling = Scaling.between("g2-standard-24", 2, 5)
        .with(VertexScaling.acceleratorCount(2).withSpot(true).withRequiredReplicas(1))
        .with(VertexAutoscaling.cpu(70).withAccelerator(80).withRequests(300));

    platform
        .deploy(
            container, new Scaling(Optional.of("g2-standard-24"), 2, 2, 5, scaling.options()), BLUE)
        .await(LIMIT);

    DeployedModel deployed = project.endpoint("bert").getDeployedModels(0);
    assertThat(deployed
            .getDedicatedResources()
            .getMachineSpec()
            .getAcceleratorType()
            .name())
        .isEqualTo("NVIDIA_L4");
    assertThat(deployed.getDedicatedResources().getMachineSpec().getAcceleratorCount())
        .isEqualTo(2);
    assertThat(deployed.getDedicatedResources().getSpot()).isTrue();
    assertThat(deployed.getDedicatedResources().getRequiredReplicaCount()).isEqualTo(1);
    assertThat(deployed.getDedicatedResources().getAutoscalingMetricSpecsList()).hasSize(3);
    assertThat(deployed.getServiceAccount()).isEqualTo("me@some-project.iam.gserviceaccount.com");
    assertThat(deployed.getDisableContainerLogging()).isTrue();
    assertThat(deployed.getEnableAccessLogging()).isTrue();
    assertIsAsDeployed(
        container, new Scaling(Optional.of("g2-standard-24"), 2, 2, 5, scaling.options()), BLUE);
  }

  @Test
  void replicasAndTargetsAreChangedInPlaceAndTheLeastAndTheMostTogether() {
    Endpoint blue = deploy(container("one"), ONE, BLUE);

    platform.scale(blue, Scaling.fixed("n1-standard-4", 4)).await(LIMIT);
    platform
        .scale(blue, Scaling.between("n1-standard-4", 1, 4).with(VertexAutoscaling.cpu(80)))
        .await(LIMIT);

    assertThat(mutations())
        .extracting(request -> request.getUpdateMask().getPathsList())
        .satisfiesExactly(
            paths -> assertThat(paths)
                .containsExactly(
                    "dedicated_resources.min_replica_count",
                    "dedicated_resources.max_replica_count"),
            paths -> assertThat(paths)
                .containsExactly(
                    "dedicated_resources.min_replica_count",
                    "dedicated_resources.max_replica_count",
                    "dedicated_resources.autoscaling_metric_specs"));
    assertThat(deployments()).hasSize(1);
  }

  @Test
  void anotherMachineTypeIsRefusedWithTheWayToGo() {
    Endpoint blue = deploy(container("one"), ONE, BLUE);

    ServingException refusal =
        fails(() -> platform.scale(blue, Scaling.fixed("n1-standard-8", 1)).await(LIMIT));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal.retryable()).isFalse();
    assertThat(refusal)
        .hasMessageContaining("changes neither the machine type nor the accelerators")
        .hasMessageContaining("deploy a second version under another variant, shift the traffic");
    assertThat(mutations()).isEmpty();
  }

  // ---- pools ----

  @Test
  void twoEndpointsShareAPoolThatGoesWithTheLast() {
    Scaling pooled = ONE.with(VertexPool.named("cheap"));
    deploy(container("one"), pooled, BLUE);
    deploy(container("two"), pooled, new Routing("other", "blue"));

    assertThat(gcp.remains())
        .filteredOn(name -> name.startsWith("pool/"))
        .containsExactly("pool/fairlead-cheap");
    assertThat(deployments()).allMatch(request -> request.getDeployedModel().hasSharedResources());
    assertIsAsDeployed(container("one"), pooled, BLUE);

    platform.undeployAll("bert").await(LIMIT);
    assertThat(gcp.remains()).contains("pool/fairlead-cheap");
    platform.undeployAll("other").await(LIMIT);
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void aPoolGrowsInPlaceAndKeepsItsMachines() {
    Endpoint blue = deploy(container("one"), ONE.with(VertexPool.named("cheap")), BLUE);

    platform
        .scale(blue, Scaling.fixed("n1-standard-4", 3).with(VertexPool.named("cheap")))
        .await(LIMIT);

    assertThat(project.calls()).contains("UpdateDeploymentResourcePool");
    ServingException refusal = fails(() -> platform
        .scale(blue, Scaling.fixed("n1-standard-8", 3).with(VertexPool.named("cheap")))
        .await(LIMIT));
    assertThat(refusal).hasMessageContaining("has other machines (n1-standard-4)");
  }

  @Test
  void aPoolIsLeftAsItWasByADeploymentThatIsBrokenAtAnyCallAndRunAgain() {
    Scaling pooled = ONE.with(VertexPool.named("cheap"));
    Consumer<EndpointPlatform> deployment = on -> {
      on.deploy(container("one"), pooled, BLUE).await(LIMIT);
      on.undeployAll("bert").await(LIMIT);
    };
    new Sweep<>("vertex", VertexVariantsTest::empty, deployment).with(Fault.KILLED_AFTER, fresh -> {
      try (VertexPlatform again = fresh.open()) {
        deployment.accept(again);
      }
      assertThat(fresh.remains()).isEmpty();
    });
  }

  // ---- endpoints ----

  @Test
  void aDedicatedEndpointKeepsItsAccessWhereAVariantSaysNothing() {
    Routing dedicated =
        BLUE.with(VertexEndpoint.dedicated().withInferenceTimeout(Duration.ofMinutes(5)));
    deploy(container("one"), ONE, dedicated);
    deploy(container("two"), ONE, GREEN);

    assertThat(project.endpoint("bert").getDedicatedEndpointEnabled()).isTrue();
    assertThat(project
            .endpoint("bert")
            .getClientConnectionConfig()
            .getInferenceTimeout()
            .getSeconds())
        .isEqualTo(300);
    assertIsAsDeployed(container("one"), ONE, dedicated);
    assertIsAsDeployed(container("two"), ONE, GREEN);
  }

  @Test
  void theTimeForRequestsIsChangedInPlaceAndTheAccessIsNot() {
    deploy(container("one"), ONE, BLUE.with(VertexEndpoint.dedicated()));

    deploy(
        container("one"),
        ONE,
        BLUE.with(VertexEndpoint.dedicated().withInferenceTimeout(Duration.ofMinutes(9))));

    assertThat(project
            .endpoint("bert")
            .getClientConnectionConfig()
            .getInferenceTimeout()
            .getSeconds())
        .isEqualTo(540);
    ServingException refusal =
        fails(() -> deploy(container("one"), ONE, BLUE.with(VertexEndpoint.shared())));
    assertThat(refusal).hasMessageContaining("has another network access (DEDICATED)");
  }

  @Test
  void aPrivateEndpointNamesWhoMayConnectAndIsNotAskedFromHere() {
    Routing closed = BLUE.with(VertexEndpoint.privateServiceConnect("other-project"));
    Endpoint blue = deploy(container("one"), ONE, closed);

    assertThat(project.endpoint("bert").getPrivateServiceConnectConfig().getProjectAllowlistList())
        .containsExactly("other-project");
    assertIsAsDeployed(container("one"), ONE, closed);
    assertThat(platform.list())
        .singleElement()
        .satisfies(there -> assertThat(there.detail())
            .startsWith("service attachment projects/")
            .endsWith("/serviceAttachments/bert"));
    assertThat(fails(() -> platform.invoke(blue, Request.json("{}"))).kind())
        .isEqualTo(ErrorKind.UNSUPPORTED);
  }

  @Test
  void loggingIsSwitchedOnChangedAndOff() {
    RoutingOptions all = VertexLogging.sampling(1).to("bq://some-project.logs.requests");
    deploy(container("one"), ONE, BLUE.with(all));
    assertThat(logging().getSamplingRate()).isEqualTo(1);
    assertThat(logging().getBigqueryDestination().getOutputUri())
        .isEqualTo("bq://some-project.logs.requests");
    assertIsAsDeployed(container("one"), ONE, BLUE.with(all));
    assertIsAsDeployed(container("one"), ONE, BLUE);

    assertThat(platform
            .preview(p -> p.deploy(container("one"), ONE, BLUE.with(VertexLogging.sampling(0.25))))
            .toString())
        .contains(
            "logging: 1.0 of the requests to bq://some-project.logs.requests -> 0.25 of the requests")
        .doesNotContain("Optional");
    deploy(container("one"), ONE, BLUE.with(VertexLogging.sampling(0.25)));
    assertThat(logging().getSamplingRate()).isEqualTo(0.25);

    deploy(container("one"), ONE, BLUE.with(VertexLogging.sampling(0)));
    assertThat(logging().getEnabled()).isFalse();
    platform.undeployAll("bert").await(LIMIT);
    assertThat(gcp.remains()).isEmpty();
  }

  // ---- words ----

  private com.google.cloud.aiplatform.v1.PredictRequestResponseLoggingConfig logging() {
    return project.endpoint("bert").getPredictRequestResponseLoggingConfig();
  }

  @Test
  void whereItIsIsToldAsGoogleNamesItAndForPeople() {
    deploy(container("one"), ONE, BLUE);

    Location location =
        platform.describe(BLUE.name(), BLUE.variant(), LIMIT).orElseThrow().location();

    String name = "projects/" + project.id() + "/locations/us-central1/endpoints/" + BLUE.name();
    assertThat(location.id()).isEqualTo(name);
    assertThat(location.url().orElseThrow().toString()).endsWith("/v1/" + name + ":predict");
    assertThat(location.console().orElseThrow())
        .hasToString("https://console.cloud.google.com/vertex-ai/locations/us-central1/endpoints/"
            + BLUE.name() + "?project=" + project.id());
  }

  private static ModelArtifact model(String folder) {
    return ModelArtifact.of(URI.create("gs://models/" + folder + "/"));
  }

  private static Container container(String folder) {
    return new Container(model(folder), RuntimeSpec.of(Gcp.IMAGE), Dependencies.NONE);
  }

  private static Container version(String folder, String... aliases) {
    return new Container(
        model(folder).with(VertexVersion.of("sentiment", aliases)),
        RuntimeSpec.of(Gcp.IMAGE),
        Dependencies.NONE);
  }

  private static Endpoint endpoint(Container container, Routing routing) {
    return new Endpoint(container, ONE, routing);
  }

  private Endpoint deploy(Container container, Scaling scaling, Routing routing) {
    return platform.deploy(container, scaling, routing).await(LIMIT);
  }

  private void assertIsAsDeployed(Container container, Scaling scaling, Routing routing) {
    assertThat(platform.preview(p -> p.deploy(container, scaling, routing)).changes())
        .allMatch(change -> change.action() == Plan.Action.KEEP);
    ReadBack.assertChangesNothing(platform, routing.name(), routing.variant());
  }

  private UploadModelRequest lastUpload() {
    List<UploadModelRequest> all = project.requests("UploadModel", UploadModelRequest.class);
    return all.get(all.size() - 1);
  }

  private List<DeployModelRequest> deployments() {
    return project.requests("DeployModel", DeployModelRequest.class);
  }

  private List<MutateDeployedModelRequest> mutations() {
    return project.requests("MutateDeployedModel", MutateDeployedModelRequest.class);
  }

  private static ServingException fails(ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }
}
