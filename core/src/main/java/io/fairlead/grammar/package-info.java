/**
 * The grammar: immutable values that say what is to be served, where nothing says how.
 *
 * <pre>
 * ModelArtifact ::= (code, weights, metadata)
 * Container     ::= (ModelArtifact, runtime, dependencies)
 * Endpoint      ::= (Container, scaling, routing)
 * Version       ::= (Endpoint, traffic weight)
 * </pre>
 *
 * <p>Each value checks itself when it is made and reports all of its problems at once, in an {@link
 * io.fairlead.grammar.InvalidValueException}. What only one platform knows is a {@link
 * io.fairlead.grammar.PlatformOptions} type of that platform's module; the tuples never widen for it. This package
 * depends on nothing but {@code java.*}. No reference is null.
 */
@NullMarked
package io.fairlead.grammar;

import org.jspecify.annotations.NullMarked;
