/**
 * What runs models inside this JVM: {@link io.fairlead.serverless.engine.Engine} loads them, {@link
 * io.fairlead.serverless.engine.LeasedModel} answers.
 *
 * <p>A format is one implementation of {@code InferenceEngine}, listed in {@code Engine}. An implementation that turns
 * tensors into tensors gets the JSON forms, the texts and all checks from {@code JsonModel}.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.serverless.engine;

import org.jspecify.annotations.NullMarked;
