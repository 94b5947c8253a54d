package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.AcceleratorType;
import com.google.cloud.aiplatform.v1.AutoscalingMetricSpec;
import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.MachineSpec;
import com.google.cloud.aiplatform.v1.ReservationAffinity;
import io.fairlead.vertex.VertexScaling;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Machines, and their number.
 *
 * @param type the machine type
 * @param accelerator the accelerator type of each; empty for none
 * @param acceleratorCount the number of accelerators of each
 * @param layout the layout of its accelerators, and the reservation
 * @param spot whether they are Spot VMs
 * @param min the minimum number
 * @param max the maximum number
 * @param required the number that have to be available for a deployment to succeed; 0 for the minimum
 * @param targets the autoscaling targets, by the metric's name; empty for Vertex AI's default
 */
record VertexMachine(
    String type,
    String accelerator,
    int acceleratorCount,
    Layout layout,
    boolean spot,
    int min,
    int max,
    int required,
    SortedMap<String, Integer> targets)
    implements DeployedModelSpec.Machines {
  static final String CPU = "aiplatform.googleapis.com/prediction/online/cpu/utilization";
  static final String ACCELERATOR =
      "aiplatform.googleapis.com/prediction/online/accelerator/duty_cycle";
  static final String REQUESTS = "aiplatform.googleapis.com/prediction/online/request_count";

  private static final int USUAL_PERCENT = 60;
  private static final String RESERVATION_NAME = "compute.googleapis.com/reservation-name";

  /**
   * The layout of a machine's accelerators, and its reservation.
   *
   * @param tpuTopology the topology of its TPUs; empty if it has none
   * @param gpuPartition the size of its GPU partition; empty for whole GPUs
   * @param reservation its reservation; empty for none
   */
  record Layout(String tpuTopology, String gpuPartition, String reservation) {
    static final Layout NONE = new Layout("", "", "");

    static Layout of(MachineSpec machine) {
      ReservationAffinity affinity = machine.getReservationAffinity();
      String reservation = switch (affinity.getReservationAffinityType()) {
        case ANY_RESERVATION -> VertexScaling.ANY_RESERVATION;
        case SPECIFIC_RESERVATION ->
          affinity.getValuesList().stream().findFirst().orElse("");
        // Vertex AI may return its default where none was given.
        default -> "";
      };
      return new Layout(machine.getTpuTopology(), machine.getGpuPartitionSize(), reservation);
    }

    void write(MachineSpec.Builder machine) {
      machine.setTpuTopology(tpuTopology).setGpuPartitionSize(gpuPartition);
      if (reservation.equals(VertexScaling.ANY_RESERVATION)) {
        machine
            .getReservationAffinityBuilder()
            .setReservationAffinityType(ReservationAffinity.Type.ANY_RESERVATION);
      } else if (!reservation.isEmpty()) {
        machine
            .getReservationAffinityBuilder()
            .setReservationAffinityType(ReservationAffinity.Type.SPECIFIC_RESERVATION)
            .setKey(RESERVATION_NAME)
            .addValues(reservation);
      }
    }

    /** Answers name projects by their numbers. */
    boolean isAs(Layout other) {
      return tpuTopology.equals(other.tpuTopology)
          && gpuPartition.equals(other.gpuPartition)
          && VertexNames.areSameInAnyProject(reservation, other.reservation);
    }

    @Override
    public String toString() {
      return (tpuTopology.isEmpty() ? "" : ", topology " + tpuTopology)
          + (gpuPartition.isEmpty() ? "" : ", partition " + gpuPartition)
          + (reservation.isEmpty() ? "" : ", reservation " + reservation);
    }
  }

  VertexMachine {
    required = required == min ? 0 : required;
    SortedMap<String, Integer> chosen = new TreeMap<>(targets);
    // Vertex AI may return its defaults where none were given.
    if (min == max || chosen.equals(Map.of(CPU, USUAL_PERCENT))) {
      chosen.clear();
    }
    targets = Collections.unmodifiableSortedMap(chosen);
  }

  static VertexMachine of(DedicatedResources resources) {
    MachineSpec machine = resources.getMachineSpec();
    SortedMap<String, Integer> targets = new TreeMap<>();
    for (AutoscalingMetricSpec metric : resources.getAutoscalingMetricSpecsList()) {
      targets.put(
          metric.getMetricName(), metric.getTarget() == 0 ? USUAL_PERCENT : metric.getTarget());
    }
    boolean none = machine.getAcceleratorType() == AcceleratorType.ACCELERATOR_TYPE_UNSPECIFIED;
    return new VertexMachine(
        machine.getMachineType(),
        none ? "" : machine.getAcceleratorType().name(),
        machine.getAcceleratorCount(),
        Layout.of(machine),
        resources.getSpot(),
        resources.getMinReplicaCount(),
        Math.max(resources.getMaxReplicaCount(), resources.getMinReplicaCount()),
        resources.getRequiredReplicaCount(),
        targets);
  }

  DedicatedResources resources() {
    MachineSpec.Builder machine = MachineSpec.newBuilder().setMachineType(type);
    if (!accelerator.isEmpty()) {
      machine
          .setAcceleratorType(AcceleratorType.valueOf(accelerator))
          .setAcceleratorCount(acceleratorCount);
    }
    layout.write(machine);
    return DedicatedResources.newBuilder()
        .setMachineSpec(machine)
        .setMinReplicaCount(min)
        .setMaxReplicaCount(max)
        .setRequiredReplicaCount(required)
        .setSpot(spot)
        .addAllAutoscalingMetricSpecs(targets.entrySet().stream()
            .map(target -> AutoscalingMetricSpec.newBuilder()
                .setMetricName(target.getKey())
                .setTarget(target.getValue())
                .build())
            .toList())
        .build();
  }

  /**
   * {@return the paths of the fields that differ and can be changed in place; the minimum and the maximum change
   * together}
   */
  List<String> pathsTo(VertexMachine other) {
    List<String> paths = new ArrayList<>();
    if (min != other.min || max != other.max) {
      paths.add("dedicated_resources.min_replica_count");
      paths.add("dedicated_resources.max_replica_count");
    }
    if (required != other.required) {
      paths.add("dedicated_resources.required_replica_count");
    }
    if (!targets.equals(other.targets)) {
      paths.add("dedicated_resources.autoscaling_metric_specs");
    }
    return paths;
  }

  /** {@return whether nothing has to be changed} */
  boolean isAs(VertexMachine other) {
    return isSameKindAs(other) && pathsTo(other).isEmpty();
  }

  /** {@return whether they are equal apart from their number} */
  boolean isSameKindAs(VertexMachine other) {
    return type.equals(other.type)
        && accelerator.equals(other.accelerator)
        && acceleratorCount == other.acceleratorCount
        && layout.isAs(other.layout)
        && spot == other.spot;
  }

  @Override
  public String toString() {
    return (min == max ? String.valueOf(min) : min + " to " + max) + " " + type
        + (accelerator.isEmpty() ? "" : " with " + acceleratorCount + " " + accelerator)
        + layout
        + (spot ? ", spot" : "")
        + (required == 0 ? "" : ", " + required + " required")
        + (targets.isEmpty() ? "" : ", by " + targets);
  }
}
