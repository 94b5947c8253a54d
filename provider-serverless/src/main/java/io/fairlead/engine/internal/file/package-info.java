/**
 * Model files by their bytes: fingerprints, memory maps, locks, and caches on disk.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.file;

import org.jspecify.annotations.NullMarked;
