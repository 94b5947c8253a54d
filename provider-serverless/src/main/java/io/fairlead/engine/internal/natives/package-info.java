/**
 * Native libraries: where they are unpacked, and loaded from.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.natives;

import org.jspecify.annotations.NullMarked;
