package io.fairlead.serverless;

import io.fairlead.grammar.Container;

/** A container whose model was found and can be read. */
record LocalModel(Container container) {}
