/**
 * The implementation of the platform {@code local}: its resources, for the reconciler of the core.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.local.internal;

import org.jspecify.annotations.NullMarked;
