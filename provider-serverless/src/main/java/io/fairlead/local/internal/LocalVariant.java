package io.fairlead.local.internal;

import io.fairlead.grammar.Container;

/**
 * A loaded container behind a public name.
 *
 * @param container what is loaded
 * @param count how many instances it counts as; each answers as many requests at a time as there are processors
 */
record LocalVariant(Container container, int count) {}
