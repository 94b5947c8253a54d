package io.fairlead.vertex.internal;

import io.fairlead.grammar.Dependencies;
import io.fairlead.vertex.VertexContainer;
import java.util.List;

/**
 * What a model is made of.
 *
 * @param displayName what people read
 * @param image the image
 * @param environment its environment, whose values are not printed
 * @param artifactUri the directory of its files; empty if the image brings or loads them
 * @param container how it is started and asked
 * @param aliases what its version is called, too
 */
record ModelSpec(
    String displayName,
    String image,
    Dependencies environment,
    String artifactUri,
    VertexContainer container,
    List<String> aliases) {}
