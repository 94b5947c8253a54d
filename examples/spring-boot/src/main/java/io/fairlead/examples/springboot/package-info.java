/** Semantic search over HTTP: a service of Spring Boot whose model is served by Fairlead. */
@NullMarked
package io.fairlead.examples.springboot;

import org.jspecify.annotations.NullMarked;
