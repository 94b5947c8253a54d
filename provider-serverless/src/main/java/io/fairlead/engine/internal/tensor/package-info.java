/**
 * Tensors as raw bytes, joined and split.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.tensor;

import org.jspecify.annotations.NullMarked;
