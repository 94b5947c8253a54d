/**
 * What an ONNX file says, by its protobuf encoding.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.protobuf;

import org.jspecify.annotations.NullMarked;
