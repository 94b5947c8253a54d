package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import java.util.regex.Pattern;

/**
 * What Vertex AI alone knows of a runtime, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <p>An accelerator goes with a {@link VertexScaling} that says how many: Vertex AI takes both or neither.
 *
 * @param accelerator the type of accelerator in each replica, as Vertex AI names it, such as {@code NVIDIA_TESLA_A100}
 */
public record VertexRuntime(String accelerator) implements PlatformOptions {
  private static final Pattern TYPE = Pattern.compile("[A-Z][A-Z0-9_]*");

  public VertexRuntime {
    requireNonNull(accelerator, "accelerator");
    Problems.in("VertexRuntime")
        .check(
            TYPE.matcher(accelerator).matches(),
            "accelerator",
            "must be a type of accelerator in capitals, such as NVIDIA_TESLA_A100",
            accelerator)
        .throwIfAny();
  }

  public static VertexRuntime accelerator(String type) {
    return new VertexRuntime(type);
  }

  @Override
  public String platform() {
    return VertexOptionsProvider.PLATFORM;
  }
}
