package io.fairlead.local.internal;

import io.fairlead.grammar.Container;

/** A container whose model exists and can be read. */
record LocalModel(Container container) {}
