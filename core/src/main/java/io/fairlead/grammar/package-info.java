/**
 * The grammar: immutable values that describe declaratively what is served.
 *
 * <pre>
 * ModelArtifact ::= (code, weights, metadata)
 * Container     ::= (ModelArtifact, runtime, dependencies)
 * Endpoint      ::= (Container, scaling, routing)
 * Version       ::= (Endpoint, traffic weight)
 * </pre>
 *
 * <p>Each value is validated by its constructor, which reports all problems together in an {@link
 * io.fairlead.grammar.InvalidValueException}. A setting of one platform is a {@link
 * io.fairlead.grammar.PlatformOptions} type in that platform's module; the tuples never widen for it. This package
 * depends on nothing but {@code java.*}. No reference is null.
 */
@NullMarked
package io.fairlead.grammar;

import org.jspecify.annotations.NullMarked;
