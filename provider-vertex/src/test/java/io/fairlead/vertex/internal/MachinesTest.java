package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.cloud.aiplatform.v1.AcceleratorType;
import com.google.cloud.aiplatform.v1.MachineSpec;
import com.google.cloud.aiplatform.v1.ReservationAffinity;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Machine types, their accelerators, and reservations. */
@Timeout(60)
class MachinesTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String RESERVATION =
      "projects/my-project/zones/us-central1-a/reservations/gpus";

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform = gcp.open();

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  private static Container container(String accelerator) {
    RuntimeSpec runtime = RuntimeSpec.of(Gcp.IMAGE);
    return new Container(
        ModelArtifact.of(URI.create("gs://models/one/")),
        accelerator.isEmpty() ? runtime : runtime.with(VertexRuntime.accelerator(accelerator)),
        Dependencies.NONE);
  }

  private static List<String> warnings(Container container, Scaling scaling) {
    return new VertexMapper(VertexConfig.of("some-project", "us-central1"))
        .endpoint(new Endpoint(container, scaling, new Routing("bert", "blue")))
        .warnings();
  }

  /** {@return the machine as deployed; deploying again changes nothing} */
  private MachineSpec deployed(Container container, Scaling scaling) {
    Routing blue = new Routing("bert", "blue");
    platform.deploy(container, scaling, blue).await(LIMIT);
    assertThat(platform.preview(p -> p.deploy(container, scaling, blue)).isEmpty())
        .isTrue();
    return gcp.project()
        .endpoint("bert")
        .getDeployedModels(0)
        .getDedicatedResources()
        .getMachineSpec();
  }

  // ---- accelerators ----

  @ParameterizedTest
  @CsvSource({
    "a2-ultragpu-4g, NVIDIA_A100_80GB, 4",
    "a3-highgpu-1g, NVIDIA_H100_80GB, 1",
    "a3-edgegpu-8g, NVIDIA_H100_80GB, 8",
    "a3-megagpu-8g, NVIDIA_H100_MEGA_80GB, 8",
    "a3-ultragpu-8g, NVIDIA_H200_141GB, 8",
    "a4-highgpu-8g, NVIDIA_B200, 8",
    "a4x-highgpu-4g, NVIDIA_GB200, 4",
    "g2-standard-32, NVIDIA_L4, 1",
    "g4-standard-384, NVIDIA_RTX_PRO_6000, 8"
  })
  void aMachineTypeIsDeployedWithAllItsAccelerators(String type, String accelerator, int count) {
    Scaling all = Scaling.fixed(type, 1).with(VertexScaling.acceleratorCount(count));

    MachineSpec machine = deployed(container(accelerator), all);

    assertThat(machine.getAcceleratorType()).isEqualTo(AcceleratorType.valueOf(accelerator));
    assertThat(warnings(container(accelerator), all)).isEmpty();
  }

  @Test
  void aMachineTypeIsNotDeployedWithoutItsAccelerators() {
    assertThatThrownBy(() -> warnings(container(""), Scaling.fixed("a4-highgpu-8g", 1)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("NVIDIA_B200");
  }

  @Test
  void aNewerMachineTypeOfASeriesIsDeployedWithAWarning() {
    Scaling newer = Scaling.fixed("a3-ultragpu-16g", 1).with(VertexScaling.acceleratorCount(16));

    assertThat(warnings(container("NVIDIA_H200_141GB"), newer))
        .singleElement()
        .asString()
        .contains("a3-ultragpu-16g is not among those of its series that this version knows");
  }

  @Test
  void theAcceleratorsOfTheListAreThoseOfTheApi() {
    List<String> names = Arrays.stream(AcceleratorType.values()).map(Enum::name).toList();

    assertThat(
            List.of("NVIDIA_B200", "NVIDIA_GB200", "NVIDIA_RTX_PRO_6000", "NVIDIA_H100_MEGA_80GB"))
        .allSatisfy(name -> assertThat(names).contains(name));
  }

  // ---- TPUs ----

  @ParameterizedTest
  @CsvSource({
    "ct5lp-hightpu-1t, 1x1",
    "ct5lp-hightpu-8t, 2x4",
    "ct6e-standard-4t, 2x2",
    "ct6e-standard-4t, 4x4",
    "tpu7x-standard-4t, 2x2x1"
  })
  void aMachineTypeWithTpusIsDeployedWithItsTopology(String type, String topology) {
    Scaling tpus = Scaling.fixed(type, 1).with(VertexScaling.DEFAULT.withTpuTopology(topology));

    assertThat(deployed(container(""), tpus).getTpuTopology()).isEqualTo(topology);
  }

  @Test
  void aTopologyThatTheMachineTypeCannotHaveIsRefused() {
    assertThatThrownBy(() -> warnings(container(""), Scaling.fixed("ct6e-standard-4t", 1)))
        .hasMessageContaining("must have a VertexScaling with a TPU topology");
    assertThatThrownBy(() -> warnings(
            container(""),
            Scaling.fixed("ct6e-standard-8t", 1)
                .with(VertexScaling.DEFAULT.withTpuTopology("2x2"))))
        .hasMessageContaining("a multiple of those of ct6e-standard-8t, which has 8");
    assertThatThrownBy(() -> warnings(
            container(""),
            Scaling.fixed("n1-standard-4", 1).with(VertexScaling.DEFAULT.withTpuTopology("2x2"))))
        .hasMessageContaining("unless the machine type has TPUs");
    assertThatThrownBy(() -> warnings(
            container("NVIDIA_L4"),
            Scaling.fixed("ct6e-standard-4t", 1).with(VertexScaling.acceleratorCount(1))))
        .hasMessageContaining("must not name an accelerator");
  }

  // ---- partitions and reservations ----

  @Test
  void aPartitionAndAReservationAreThoseOfTheMachine() {
    Scaling scaling = Scaling.fixed("a3-highgpu-1g", 1)
        .with(VertexScaling.acceleratorCount(1)
            .withGpuPartition("1g.10gb")
            .withReservation(RESERVATION));

    MachineSpec machine = deployed(container("NVIDIA_H100_80GB"), scaling);

    assertThat(machine.getGpuPartitionSize()).isEqualTo("1g.10gb");
    assertThat(machine.getReservationAffinity())
        .isEqualTo(ReservationAffinity.newBuilder()
            .setReservationAffinityType(ReservationAffinity.Type.SPECIFIC_RESERVATION)
            .setKey("compute.googleapis.com/reservation-name")
            .addValues(RESERVATION)
            .build());
  }

  @Test
  void anyReservationIsTakenAndAnotherOneNeedsAnotherVariant() {
    Scaling any = Scaling.fixed("n1-standard-4", 1)
        .with(VertexScaling.DEFAULT.withReservation(VertexScaling.ANY_RESERVATION));

    assertThat(deployed(container(""), any).getReservationAffinity().getReservationAffinityType())
        .isEqualTo(ReservationAffinity.Type.ANY_RESERVATION);
    assertThatThrownBy(() -> platform
            .deploy(container(""), Scaling.fixed("n1-standard-4", 1), new Routing("bert", "blue"))
            .await(LIMIT))
        .hasMessageContaining("deploy a second version under another variant");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpus", "projects/p/zones/z/reservations/", "any"})
  void aReservationHasItsFullName(String name) {
    assertThatThrownBy(() -> VertexScaling.DEFAULT.withReservation(name))
        .hasMessageContaining("projects/PROJECT/zones/ZONE/reservations/NAME");
  }

  @Test
  void whatExcludesEachOtherIsRefused() {
    assertThatThrownBy(() -> VertexScaling.DEFAULT.withSpot(true).withReservation(RESERVATION))
        .hasMessageContaining("spot must be false");
    assertThatThrownBy(() -> VertexScaling.acceleratorCount(2).withGpuPartition("1g.10gb"))
        .hasMessageContaining("acceleratorCount must be 1");
    assertThatThrownBy(() -> VertexScaling.acceleratorCount(1).withTpuTopology("2x2"))
        .hasMessageContaining("acceleratorCount must be 0");
  }

  // ---- images ----

  @ParameterizedTest
  @CsvSource({
    "us-docker.pkg.dev/a/b/server-cu124:1, true",
    "us-docker.pkg.dev/a/b/server-gpu:1, true",
    "us-docker.pkg.dev/a/b/pytorch-vllm-serve:1, true",
    "us-docker.pkg.dev/a/b/server-cpu:1, false",
    "us-docker.pkg.dev/a/b/cute:1, false"
  })
  void anImageForAcceleratorsOnAMachineWithoutOneIsAWarning(String image, boolean isWarned) {
    Container container = new Container(
        ModelArtifact.of(URI.create("gs://models/one/")), RuntimeSpec.of(image), Dependencies.NONE);

    assertThat(warnings(container, Scaling.fixed("n1-standard-4", 1)).isEmpty())
        .isEqualTo(!isWarned);
  }

  @ParameterizedTest
  @CsvSource({
    "HF_TOKEN, true",
    "HUGGING_FACE_HUB_TOKEN, true",
    "OPENAI_API_KEY, true",
    "DB_PASSWORD, true",
    "MAX_TOTAL_TOKENS, false",
    "MONKEY, false"
  })
  void aSecretInTheEnvironmentIsAWarningWithoutItsValue(String name, boolean isWarned) {
    Container container = new Container(
        ModelArtifact.of(URI.create("gs://models/one/")),
        RuntimeSpec.of(Gcp.IMAGE),
        Dependencies.environment(Map.of(name, "hf_0123456789")));

    List<String> warnings = warnings(container, Scaling.fixed("n1-standard-4", 1));

    assertThat(warnings.isEmpty()).isEqualTo(!isWarned);
    assertThat(warnings)
        .allSatisfy(warning -> assertThat(warning)
            .contains(name)
            .contains("aiplatform.models.get")
            .doesNotContain("hf_0123456789"));
  }
}
