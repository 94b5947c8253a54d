package io.fairlead.grammar;

/**
 * A value that a platform serves and that can be invoked.
 *
 * <p>Adding a permitted type is a breaking change for an exhaustive switch.
 */
public sealed interface Served permits Endpoint, ModelFunction, StatefulContainer {
  /** {@return the model} */
  ModelArtifact artifact();

  /** {@return the public name} */
  String name();
}
