/**
 * Computation graphs: TorchScript and TensorFlow.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.graphs;

import org.jspecify.annotations.NullMarked;
