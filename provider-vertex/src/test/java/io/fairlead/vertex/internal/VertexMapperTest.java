package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.reconcile.Mapping;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexAutoscaling;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused before any call, and what is told to be lost. */
class VertexMapperTest {
  private static final ModelArtifact MODEL = ModelArtifact.of(URI.create("gs://models/one/"));
  private static final RuntimeSpec RUNTIME = RuntimeSpec.of(Gcp.IMAGE);
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);
  private static final Routing BLUE = new Routing("bert", "blue");

  private final Gcp gcp = new Gcp(new VirtualTime());
  private final Faults counting = Faults.none();
  private final VertexPlatform platform = gcp.open(counting);

  @AfterEach
  void close() {
    assertThat(counting.calls()).as("calls").isEmpty();
    platform.close();
    gcp.close();
  }

  @Test
  void allThatIsWrongWithAContainerIsToldAtOnce() {
    Container container = new Container(
        ModelArtifact.of(URI.create("s3://models/one/")),
        RuntimeSpec.of("docker.io/library/nginx:1"),
        Dependencies.environment(Map.of("AIP_HTTP_PORT", "8080")).withPackages("torch"));

    assertThat(refused(container, ONE, BLUE))
        .hasMessageContaining("dependencies.packages must be empty: Vertex AI installs no packages")
        .hasMessageContaining("dependencies.environment must not have names that begin with AIP_")
        .hasMessageContaining("artifact.weights must be at gs://, file:, hf:// or vertex://")
        .hasMessageContaining("runtime.image must be in Artifact Registry or Container Registry");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf://org/name@main", "hf://org/name/onnx/model.onnx"})
  void aRevisionOrAFileOfTheHubIsRefused(URI location) {
    Container container =
        new Container(ModelArtifact.of(location), RuntimeSpec.NONE, Dependencies.NONE);

    assertThat(refused(container, ONE, BLUE))
        .hasMessageContaining("artifact.weights must be hf://ORG/NAME");
  }

  @Test
  void allThatIsWrongWithAnEndpointIsToldAtOnce() {
    Scaling scaling = new Scaling(Optional.of("Large"), 0, 0, 2, ONE.options())
        .with(VertexScaling.acceleratorCount(2).withRequiredReplicas(3))
        .with(VertexAutoscaling.accelerator(70));

    assertThat(refused(container(RUNTIME), scaling, new Routing("Bert", "blue")))
        .hasMessageContaining("routing.name must be 1 to 63 lowercase letters, digits and hyphens")
        .hasMessageContaining("scaling.instanceType must be a machine type of Google Cloud,")
        .hasMessageContaining("scaling.min must be 1 or more")
        .hasMessageContaining("if and only if a VertexRuntime names their type (got \"2 of ''\")")
        .hasMessageContaining("must not require more replicas in VertexScaling than the minimum")
        .hasMessageContaining("must not have a target of accelerator utilization");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bert", "bert-Large", "1234567890", "0123", "12ab"})
  void aNameThatIsNoEndpointsIdIsRefused(String name) {
    assertThat(refused(container(RUNTIME), ONE, new Routing(name, "blue")))
        .hasMessageContaining("routing.name must be")
        .hasMessageContaining(name);
  }

  @ParameterizedTest
  @CsvSource({
    "us-docker.pkg.dev/p/r/server:1, true",
    "europe-west4-docker.pkg.dev/p/r/server@sha256:abc, true",
    "gcr.io/p/server, true",
    "eu.gcr.io/p/server:1, true",
    "server:1, false",
    "quay.io/p/server:1, false",
    "123.dkr.ecr.us-east-1.amazonaws.com/server:1, false"
  })
  void anImageIsInARegistryThatVertexAiReads(String image, boolean isRead) {
    RuntimeSpec runtime = RuntimeSpec.of(image);
    if (isRead) {
      assertThat(warnings(container(runtime), ONE)).isEmpty();
    } else {
      assertThat(refused(container(runtime), ONE, BLUE))
          .hasMessageContaining("runtime.image must be in");
    }
  }

  @Test
  void anAcceleratorThatVertexAiDoesNotHaveIsRefused() {
    RuntimeSpec runtime = RUNTIME.with(VertexRuntime.accelerator("NVIDIA_GEFORCE_4090"));

    assertThat(refused(container(runtime), ONE.with(VertexScaling.acceleratorCount(1)), BLUE))
        .hasMessageContaining("must name an accelerator type of Vertex AI")
        .hasMessageContaining("NVIDIA_GEFORCE_4090");
  }

  @Test
  void anAcceleratorWithoutItsNumberIsRefused() {
    RuntimeSpec runtime = RUNTIME.with(VertexRuntime.accelerator("NVIDIA_L4"));

    assertThat(refused(container(runtime), ONE, BLUE))
        .hasMessageContaining("(got \"0 of 'NVIDIA_L4'\")");
  }

  @Test
  void whatToScaleByNeedsRoomToScale() {
    assertThat(refused(container(RUNTIME), ONE.with(VertexAutoscaling.cpu(70)), BLUE))
        .hasMessageContaining("scaling.max must be more than min where VertexAutoscaling is given");
  }

  @Test
  void codeThatVertexAiDoesNotReadIsRefused() {
    Container container = new Container(
        ModelArtifact.of(URI.create("https://example.com/code.zip"), MODEL.weights()),
        RUNTIME,
        Dependencies.NONE);

    assertThat(refused(container, ONE, BLUE))
        .hasMessageContaining(
            "artifact.code must be at gs://, or at file: together with the weights");
  }

  @Test
  void whatIsNotAsItWasSaidIsTold() {
    Container apart = new Container(
        ModelArtifact.of(URI.create("gs://models/code/"), MODEL.weights()),
        RUNTIME.with(VertexRuntime.accelerator("NVIDIA_TESLA_A100")),
        Dependencies.NONE);
    Scaling scaling = new Scaling(Optional.of("a2-highgpu-4g"), 2, 1, 3, ONE.options())
        .with(VertexScaling.acceleratorCount(1));

    assertThat(warnings(apart, scaling))
        .satisfiesExactlyInAnyOrder(
            line ->
                assertThat(line).contains("finds the code by the environment variable CODE_URI"),
            line ->
                assertThat(line).contains("starts with the minimum of replicas, 1, and not with 2"),
            line -> assertThat(line).contains("each a2-highgpu-4g has 4 accelerators"));
  }

  // ---- mappings ----

  /** It is data: found without a client, equal to itself, and printed without a secret. */
  @Test
  void whatAnEndpointComesToCanBeComparedAndPrinted() {
    VertexMapper mapper = new VertexMapper(VertexConfig.of("some-project", "us-central1"));
    Container secretive =
        new Container(MODEL, RUNTIME, Dependencies.environment(Map.of("TOKEN", "0123456789")));
    Endpoint endpoint = new Endpoint(secretive, ONE, BLUE);

    Mapping mapping = mapper.endpoint(endpoint);

    assertThat(mapping)
        .isEqualTo(new VertexMapper(VertexConfig.of("some-project", "us-central1"))
            .endpoint(new Endpoint(secretive, ONE, new Routing("bert", "blue"))))
        .isNotEqualTo(
            mapper.endpoint(new Endpoint(secretive, Scaling.fixed("n1-standard-8", 1), BLUE)));
    assertThat(mapping.toString()).contains("n1-standard-4").doesNotContain("0123456789");
  }

  @ParameterizedTest
  @CsvSource({
    "g2-standard-4, NVIDIA_TESLA_T4, 1, must name the accelerator that g2-standard-4 has",
    "e2-standard-4, NVIDIA_TESLA_T4, 1, must be of a series that supports accelerators",
    "a2-highgpu-1g, NVIDIA_TESLA_A100, 9, must not have more accelerators",
    "n1-standard-4, NVIDIA_TESLA_T4, 3, '1, 2 or 4 of them'"
  })
  void anAcceleratorThatTheMachineTypeCannotHaveIsRefused(
      String machineType, String accelerator, int count, String rule) {
    Scaling scaling = Scaling.fixed(machineType, 1).with(VertexScaling.acceleratorCount(count));

    assertThat(
            refused(container(RUNTIME.with(VertexRuntime.accelerator(accelerator))), scaling, BLUE))
        .hasMessageContaining(rule);
  }

  // ---- words ----

  private static Container container(RuntimeSpec runtime) {
    return new Container(MODEL, runtime, Dependencies.NONE);
  }

  private InvalidValueException refused(Container container, Scaling scaling, Routing routing) {
    return catchThrowableOfType(
        InvalidValueException.class, () -> platform.deploy(container, scaling, routing));
  }

  private static List<String> warnings(Container container, Scaling scaling) {
    Endpoint endpoint = new Endpoint(container, scaling, BLUE);
    return new VertexMapper(VertexConfig.of("some-project", "us-central1"))
        .endpoint(endpoint)
        .warnings();
  }
}
