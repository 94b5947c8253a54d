package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * A model with its runtime and dependencies: {@code Container ::= (ModelArtifact, runtime, dependencies)}.
 *
 * @param artifact the model
 * @param runtime the runtime, such as a container image
 * @param dependencies what it needs beside the image
 */
public record Container(ModelArtifact artifact, RuntimeSpec runtime, Dependencies dependencies) {
  public Container {
    requireNonNull(artifact, "artifact");
    requireNonNull(runtime, "runtime");
    requireNonNull(dependencies, "dependencies");
  }

  /** {@return the container as one line, without the values of environment variables} */
  @Override
  public String toString() {
    return words().in("Container");
  }

  Words words() {
    return artifact.words().addAll(runtime.words()).addAll(dependencies.words());
  }
}
