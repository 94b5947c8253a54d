/** Semantic search over HTTP: a service of Quarkus whose model is served by Fairlead. */
@NullMarked
package io.fairlead.examples.quarkus;

import org.jspecify.annotations.NullMarked;
