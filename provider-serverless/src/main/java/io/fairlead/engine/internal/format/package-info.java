/**
 * Tells formats from bytes, and reads as much of an archive or a pickle as that takes.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.format;

import org.jspecify.annotations.NullMarked;
