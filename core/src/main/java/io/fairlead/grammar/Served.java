package io.fairlead.grammar;

/**
 * Something that answers requests.
 *
 * <p>Adding a kind is a breaking change for those who switch over all of them.
 */
public sealed interface Served permits Endpoint, ModelFunction, StatefulContainer {
  /** {@return the model that answers} */
  ModelArtifact artifact();

  /** {@return the name under which it is served} */
  String name();
}
