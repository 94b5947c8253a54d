/**
 * Texts as token ids.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.text;

import org.jspecify.annotations.NullMarked;
