package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * A model that is served as a function, without a container and an endpoint: {@code Function ::= (ModelArtifact,
 * memory_size, timeout)}.
 *
 * @param artifact the model; its metadata's name is the function's name
 * @param limits the function's resources and scaling rules
 */
public record ModelFunction(ModelArtifact artifact, FunctionLimits limits) implements Served {
  public ModelFunction {
    requireNonNull(artifact, "artifact");
    requireNonNull(limits, "limits");
    Problems.in("ModelFunction")
        .check(
            artifact.metadata().name().isPresent(),
            "artifact.metadata.name",
            "must be given: it is the function's name")
        .throwIfAny();
  }

  @Override
  public String name() {
    return artifact.metadata().name().orElseThrow();
  }

  /** {@return the function as one line: its name, its model, and the limits that are not the default ones} */
  @Override
  public String toString() {
    return Words.of(name())
        .addAll(artifact.withMetadata(artifact.metadata().withoutName()).words())
        .addAll(limits.words(true))
        .in("ModelFunction");
  }
}
