package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * A model that is served with its state: StatefulML's {@code Container ::= (ModelArtifact, ModelState, runtime)}.
 *
 * @param artifact the model; its metadata's name is the container's name
 * @param state its state
 * @param runtime its runtime
 */
public record StatefulContainer(ModelArtifact artifact, ModelState state, RuntimeSpec runtime)
    implements Served {
  public StatefulContainer {
    requireNonNull(artifact, "artifact");
    requireNonNull(state, "state");
    requireNonNull(runtime, "runtime");
    Problems.in("StatefulContainer")
        .check(
            artifact.metadata().name().isPresent(),
            "artifact.metadata.name",
            "must be given: it is the container's name")
        .throwIfAny();
  }

  @Override
  public String name() {
    return artifact.metadata().name().orElseThrow();
  }

  public StatefulContainer withState(ModelState newState) {
    return new StatefulContainer(artifact, newState, runtime);
  }

  /** {@return a copy with another model, to be rolled out by an {@code update_state} to its name} */
  public StatefulContainer withArtifact(ModelArtifact newArtifact) {
    return new StatefulContainer(newArtifact, state, runtime);
  }

  /** {@return the container as one line: its name, its model and its epoch} */
  @Override
  public String toString() {
    return Words.of(name())
        .addAll(artifact.withMetadata(artifact.metadata().withoutName()).words())
        .add("epoch " + state.epoch())
        .addAll(runtime.words())
        .in("StatefulContainer");
  }
}
