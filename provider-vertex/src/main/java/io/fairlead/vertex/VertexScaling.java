package io.fairlead.vertex;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;

/**
 * What Vertex AI alone knows of scaling, for {@link io.fairlead.grammar.Scaling#with}.
 *
 * <p>A number of accelerators goes with a {@link VertexRuntime} that says of which type: Vertex AI takes both or
 * neither.
 *
 * @param acceleratorCount how many accelerators each replica has, 1 or more
 */
public record VertexScaling(int acceleratorCount) implements PlatformOptions {
  public VertexScaling {
    Problems.in("VertexScaling")
        .check(acceleratorCount >= 1, "acceleratorCount", "must be 1 or more", acceleratorCount)
        .throwIfAny();
  }

  public static VertexScaling acceleratorCount(int count) {
    return new VertexScaling(count);
  }

  @Override
  public String platform() {
    return VertexOptionsProvider.PLATFORM;
  }
}
