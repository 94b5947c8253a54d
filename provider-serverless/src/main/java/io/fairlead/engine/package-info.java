/**
 * What a model is to the platforms that run it in this JVM, and how to bring one's own.
 *
 * <p>Java code is a {@link io.fairlead.engine.ModelHandler}, a model from elsewhere comes by a {@link
 * io.fairlead.engine.ModelFetcher}, and a further format is an {@link io.fairlead.engine.InferenceEngine}.
 */
@NullMarked
package io.fairlead.engine;

import org.jspecify.annotations.NullMarked;
