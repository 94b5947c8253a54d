package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.spi.Settings;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Vertex AI's options of a deployment's machines, for {@link io.fairlead.grammar.Scaling#with}.
 *
 * <p>A number of accelerators needs a {@link VertexRuntime} with the accelerator type: Vertex AI requires both or
 * neither.
 */
public final class VertexScaling extends Settings<VertexScaling.Draft> implements ScalingOptions {
  /** The {@link #reservation} that is any with matching properties, or else on-demand machines. */
  public static final String ANY_RESERVATION = "ANY_RESERVATION";

  private static final Pattern TOPOLOGY = Pattern.compile("[1-9][0-9]{0,2}(x[1-9][0-9]{0,2}){1,2}");
  private static final Pattern PARTITION = Pattern.compile("[1-9]g\\.[1-9][0-9]*gb(\\+me)?");
  private static final Pattern RESERVATION =
      Pattern.compile("projects/[^/\\s]+/zones/[^/\\s]+/reservations/[^/\\s]+");

  /** No accelerators, no Spot VMs, and all of the minimum replicas required. */
  public static final VertexScaling DEFAULT = new VertexScaling(new Draft());

  static final class Draft extends Settings.Draft {
    int acceleratorCount;
    boolean spot;
    Optional<Integer> requiredReplicas = Optional.empty();
    Optional<String> tpuTopology = Optional.empty();
    Optional<String> gpuPartition = Optional.empty();
    Optional<String> reservation = Optional.empty();
  }

  private VertexScaling(Draft draft) {
    super(draft);
    Problems problems = Problems.in("VertexScaling")
        .check(
            draft.acceleratorCount >= 0,
            "acceleratorCount",
            "must be 0 or more",
            draft.acceleratorCount);
    draft.requiredReplicas.ifPresent(replicas ->
        problems.check(replicas >= 1, "requiredReplicas", "must be 1 or more", replicas));
    draft.tpuTopology.ifPresent(topology -> problems
        .check(
            TOPOLOGY.matcher(topology).matches(),
            "tpuTopology",
            "must be the numbers of chips in 2 or 3 directions, such as 2x4",
            topology)
        .check(
            draft.acceleratorCount == 0,
            "acceleratorCount",
            "must be 0 where there is a TPU topology",
            draft.acceleratorCount));
    draft.gpuPartition.ifPresent(size -> problems
        .check(
            PARTITION.matcher(size).matches(),
            "gpuPartition",
            "must be the size of a partition, such as 1g.10gb",
            size)
        .check(
            draft.acceleratorCount == 1,
            "acceleratorCount",
            "must be 1 where there is a GPU partition",
            draft.acceleratorCount));
    draft.reservation.ifPresent(name -> problems
        .check(
            name.equals(ANY_RESERVATION) || RESERVATION.matcher(name).matches(),
            "reservation",
            "must be projects/PROJECT/zones/ZONE/reservations/NAME, or ANY_RESERVATION",
            name)
        .check(
            !draft.spot,
            "spot",
            "must be false where there is a reservation, which Spot VMs do not use",
            true));
    problems.throwIfAny();
  }

  public static VertexScaling acceleratorCount(int count) {
    return new VertexScaling(DEFAULT.with(draft -> draft.acceleratorCount = count));
  }

  /** {@return the number of accelerators of each replica; 0 for none} */
  public int acceleratorCount() {
    return draft().acceleratorCount;
  }

  /** {@return whether the machines are Spot VMs, which cost less and may be preempted} */
  public boolean spot() {
    return draft().spot;
  }

  /**
   * {@return the number of the minimum replicas that have to be available for a deployment to succeed; by default
   * all}
   */
  public Optional<Integer> requiredReplicas() {
    return draft().requiredReplicas;
  }

  /**
   * {@return the topology of a replica's TPUs, such as {@code 2x4}; only for machine types with TPUs, and always there}
   */
  public Optional<String> tpuTopology() {
    return draft().tpuTopology;
  }

  /** {@return the size of a GPU partition, such as {@code 1g.10gb}, of which each replica has one; by default whole GPUs} */
  public Optional<String> gpuPartition() {
    return draft().gpuPartition;
  }

  /**
   * {@return the reservation of Compute Engine whose machines are used, by its full name, or {@link #ANY_RESERVATION};
   * by default none}
   */
  public Optional<String> reservation() {
    return draft().reservation;
  }

  public VertexScaling withTpuTopology(String topology) {
    return new VertexScaling(with(draft -> draft.tpuTopology = Optional.of(topology)));
  }

  public VertexScaling withGpuPartition(String size) {
    return new VertexScaling(with(draft -> draft.gpuPartition = Optional.of(size)));
  }

  /** {@return a copy that uses a reservation, which has to be shared with Vertex AI} */
  public VertexScaling withReservation(String name) {
    return new VertexScaling(with(draft -> draft.reservation = Optional.of(name)));
  }

  public VertexScaling withSpot(boolean spot) {
    return new VertexScaling(with(draft -> draft.spot = spot));
  }

  public VertexScaling withRequiredReplicas(int replicas) {
    return new VertexScaling(with(draft -> draft.requiredReplicas = Optional.of(replicas)));
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
