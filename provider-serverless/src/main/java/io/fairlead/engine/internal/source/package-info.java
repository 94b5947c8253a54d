/**
 * Finds the files of an artifact: on disk, on the class path, in an archive, or by a download.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.source;

import org.jspecify.annotations.NullMarked;
