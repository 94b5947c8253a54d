package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.spi.Settings;
import java.util.Optional;

/**
 * Vertex AI's options of a deployment's machines, for {@link io.fairlead.grammar.Scaling#with}.
 *
 * <p>A number of accelerators needs a {@link VertexRuntime} with the accelerator type: Vertex AI requires both or
 * neither.
 */
public final class VertexScaling extends Settings<VertexScaling.Draft> implements ScalingOptions {
  /** No accelerators, no Spot VMs, and all of the minimum replicas required. */
  public static final VertexScaling DEFAULT = new VertexScaling(new Draft());

  static final class Draft extends Settings.Draft {
    int acceleratorCount;
    boolean spot;
    Optional<Integer> requiredReplicas = Optional.empty();
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
