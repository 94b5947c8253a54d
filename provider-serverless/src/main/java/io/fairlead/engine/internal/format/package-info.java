/**
 * The detection of file formats, with readers for archives and pickles.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.format;

import org.jspecify.annotations.NullMarked;
