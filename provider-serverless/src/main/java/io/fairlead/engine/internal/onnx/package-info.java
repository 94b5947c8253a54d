/**
 * ONNX models, by ONNX Runtime.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.onnx;

import org.jspecify.annotations.NullMarked;
