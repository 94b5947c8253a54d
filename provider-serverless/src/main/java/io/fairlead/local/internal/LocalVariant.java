package io.fairlead.local.internal;

import io.fairlead.grammar.Container;

/**
 * A loaded container of an endpoint.
 *
 * @param container the container
 * @param count the number of instances; each serves one concurrent request per processor
 */
record LocalVariant(Container container, int count) {}
