package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.cloud.aiplatform.v1.CreateEndpointRequest;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexMonitoring;
import io.fairlead.vertex.VertexPlatform;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model's labels, framework and version, as labels of all that is made of it. */
class VertexLabelsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform = gcp.open();

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  private static Container container(String model, String version, Map<String, String> labels) {
    return new Container(
        ModelArtifact.of(URI.create("gs://models/" + model + "/"))
            .withMetadata(ModelMetadata.of("sklearn", version).withLabels(labels)),
        RuntimeSpec.of(Gcp.IMAGE),
        Dependencies.NONE);
  }

  private Endpoint deploy(Container container, Routing routing) {
    return platform.deploy(container, ONE, routing).await(LIMIT);
  }

  @Test
  void theyAreOnTheModelAndTheEndpointFromTheStart() {
    Container labelled = container("one", "1.5", Map.of("team", "search", "Cost Center", "R&D"));

    var plan = platform.preview(p -> p.deploy(labelled, ONE, BLUE));
    deploy(labelled, BLUE);

    Map<String, String> expected = Map.of(
        "team", "search", "cost-center", "r-d", "framework", "sklearn", "framework_version", "1-5");
    assertThat(gcp.project().requests("UploadModel", UploadModelRequest.class))
        .singleElement()
        .satisfies(request ->
            assertThat(request.getModel().getLabelsMap()).containsAllEntriesOf(expected));
    assertThat(gcp.project().requests("CreateEndpoint", CreateEndpointRequest.class))
        .singleElement()
        .satisfies(request ->
            assertThat(request.getEndpoint().getLabelsMap()).containsAllEntriesOf(expected));
    assertThat(plan.warnings())
        .singleElement()
        .asString()
        .startsWith("label Cost Center=R&D is written as cost-center=r-d");
    assertThat(platform.preview(p -> p.deploy(labelled, ONE, BLUE)).isEmpty()).isTrue();
  }

  @Test
  void aSecondVariantWithOtherValuesDoesNotChangeWhatTheyShare() {
    Container first = container("one", "1.5", Map.of("stage", "prod"));
    Container second = container("two", "1.6", Map.of("stage", "canary", "owner", "ada"));
    deploy(first, BLUE);
    deploy(second, GREEN);

    assertThat(gcp.project().endpoint("bert").getLabelsMap())
        .containsEntry("stage", "prod")
        .containsEntry("framework_version", "1-5")
        .containsEntry("owner", "ada");
    assertThat(platform
            .preview(p -> {
              p.deploy(first, ONE, BLUE);
              return p.deploy(second, ONE, GREEN);
            })
            .isEmpty())
        .isTrue();
  }

  @Test
  void theMonitoringJobThatVariantsShareHasThemToo() {
    Container first = container("one", "1.5", Map.of("stage", "prod"));
    Container second = container("two", "1.6", Map.of("stage", "canary", "owner", "ada"));
    VertexMonitoring drift = VertexMonitoring.drift(0.3);

    deploy(first, BLUE.with(drift));
    assertThat(gcp.project().allMonitoringJobs().get(0).getLabelsMap())
        .containsEntry("stage", "prod")
        .containsEntry("framework_version", "1-5");
    deploy(second, GREEN.with(drift));

    assertThat(gcp.project().allMonitoringJobs())
        .singleElement()
        .satisfies(job -> assertThat(job.getLabelsMap())
            .containsEntry("stage", "prod")
            .containsEntry("framework_version", "1-5")
            .containsEntry("owner", "ada"));
    assertThat(platform
            .preview(p -> {
              p.deploy(first, ONE, BLUE.with(drift));
              return p.deploy(second, ONE, GREEN.with(drift));
            })
            .isEmpty())
        .isTrue();
  }

  // ---- labels of the configuration ----

  private VertexPlatform openWith(Map<String, String> labels) {
    return gcp.open(gcp.config().withLabels(labels), Faults.none());
  }

  @Test
  void thoseOfTheConfigurationAreOnAllThatCanHaveThem() {
    Routing watched = BLUE.with(VertexMonitoring.drift(0.3));
    try (VertexPlatform labelled = openWith(Map.of("team", "search", "stage", "prod"))) {
      Container own = container("one", "1.5", Map.of("stage", "test"));
      labelled.deploy(own, ONE, watched).await(LIMIT);

      assertThat(labelled.preview(p -> p.deploy(own, ONE, watched)).isEmpty()).isTrue();
    }

    Map<String, String> expected = Map.of("team", "search", "stage", "test");
    assertThat(gcp.project()
            .requests("UploadModel", UploadModelRequest.class)
            .get(0)
            .getModel()
            .getLabelsMap())
        .containsAllEntriesOf(expected);
    assertThat(gcp.project().endpoint("bert").getLabelsMap()).containsAllEntriesOf(expected);
    assertThat(gcp.project().allMonitoringJobs().get(0).getLabelsMap())
        .containsAllEntriesOf(expected);
  }

  @Test
  void oneThatChangesIsChangedWhereItIsAndNothingIsReplaced() {
    Container one = container("one", "1.5", Map.of());
    Routing watched = BLUE.with(VertexMonitoring.drift(0.3));
    try (VertexPlatform before = openWith(Map.of("stage", "test"))) {
      before.deploy(one, ONE, watched).await(LIMIT);
    }
    gcp.project().forgetCalls();

    try (VertexPlatform after = openWith(Map.of("stage", "prod"))) {
      after.deploy(one, ONE, watched).await(LIMIT);

      assertThat(after.preview(p -> p.deploy(one, ONE, watched)).isEmpty()).isTrue();
    }

    assertThat(gcp.project().calls())
        .contains("UpdateModel", "UpdateEndpoint", "UpdateModelDeploymentMonitoringJob")
        .doesNotContain("UploadModel", "DeployModel", "CreateEndpoint", "DeleteModel");
    assertThat(gcp.project().endpoint("bert").getLabelsMap()).containsEntry("stage", "prod");
    assertThat(gcp.project().allMonitoringJobs().get(0).getLabelsMap())
        .containsEntry("stage", "prod");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Team", "1team", "fairlead_run", "goog-cost", "a b", "", "-a"})
  void aKeyThatGoogleOrTheLibraryDoesNotAllowIsRefused(String key) {
    assertThatThrownBy(() -> gcp.config().withLabels(Map.of(key, "a")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("labels");
  }

  @Test
  void moreThanThereIsRoomForAreRefusedBeforeAnyCall() {
    Map<String, String> many = new TreeMap<>();
    for (int i = 0; i < 24; i++) {
      many.put("key-" + i, "a");
    }
    try (VertexPlatform full = openWith(many)) {
      assertThatThrownBy(
              () -> full.deploy(container("one", "1.5", Map.of()), ONE, BLUE).await(LIMIT))
          .hasMessageContaining("must be at most 24 together with VertexConfig.labels");
    }
    assertThat(gcp.project().calls()).isEmpty();
  }
}
