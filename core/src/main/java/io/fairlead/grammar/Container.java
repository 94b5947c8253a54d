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
}
