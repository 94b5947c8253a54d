package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;

/**
 * What Vertex AI alone knows of a deployment's machines, for {@link io.fairlead.grammar.Scaling#with}.
 *
 * <p>A number of accelerators goes with a {@link VertexRuntime} that says of which type: Vertex AI takes both or
 * neither.
 *
 * @param acceleratorCount how many accelerators each replica has; 0 for none
 * @param spot whether the machines are spot machines, which cost less and may be taken away
 * @param requiredReplicas how many of the least replicas have to be there for a deployment to succeed; 0 for all
 */
public record VertexScaling(int acceleratorCount, boolean spot, int requiredReplicas)
    implements ScalingOptions {
  /** No accelerators, no spot machines, and all of the least replicas. */
  public static final VertexScaling DEFAULT = new VertexScaling(0, false, 0);

  public VertexScaling {
    Problems.in("VertexScaling")
        .check(
            acceleratorCount >= 0,
            "acceleratorCount",
            "must be 1 or more, or 0 for none",
            acceleratorCount)
        .check(
            requiredReplicas >= 0,
            "requiredReplicas",
            "must be 1 or more, or 0 for all",
            requiredReplicas)
        .throwIfAny();
  }

  public static VertexScaling acceleratorCount(int count) {
    return new VertexScaling(count, false, 0);
  }

  public VertexScaling withSpot(boolean newSpot) {
    return new VertexScaling(acceleratorCount, newSpot, requiredReplicas);
  }

  public VertexScaling withRequiredReplicas(int replicas) {
    return new VertexScaling(acceleratorCount, spot, replicas);
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
