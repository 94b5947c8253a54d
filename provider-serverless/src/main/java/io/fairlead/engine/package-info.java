/**
 * The SPI for models in this JVM: {@link io.fairlead.engine.ModelHandler} for Java code,
 * {@link io.fairlead.engine.ModelFetcher} for remote models, and {@link io.fairlead.engine.InferenceEngine} for further
 * formats.
 */
@NullMarked
package io.fairlead.engine;

import org.jspecify.annotations.NullMarked;
