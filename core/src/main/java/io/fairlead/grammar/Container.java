package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * A model that can be run: {@code Container ::= (ModelArtifact, runtime, dependencies)}.
 *
 * @param artifact the model
 * @param runtime what it runs on
 * @param dependencies what it needs beside the image
 */
public record Container(ModelArtifact artifact, RuntimeSpec runtime, Dependencies dependencies) {
  public Container {
    requireNonNull(artifact, "artifact");
    requireNonNull(runtime, "runtime");
    requireNonNull(dependencies, "dependencies");
  }
}
