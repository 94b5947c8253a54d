package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Scaling;

/**
 * A model of the Hugging Face hub as Google has verified it in Model Garden: {@link VertexPlatform#verified}.
 *
 * <p>Both are values like any others, and can be changed before they are deployed.
 *
 * @param container the image with its options, environment and accelerator
 * @param scaling the machines
 */
public record VertexVerifiedModel(Container container, Scaling scaling) {
  public VertexVerifiedModel {
    requireNonNull(container, "container");
    requireNonNull(scaling, "scaling");
  }
}
