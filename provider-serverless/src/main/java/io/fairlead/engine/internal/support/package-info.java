/**
 * Shared code of all engines: exceptions, background tasks, the settings of optional libraries, and the native heap.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal.support;

import org.jspecify.annotations.NullMarked;
