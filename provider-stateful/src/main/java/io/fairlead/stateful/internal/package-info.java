/**
 * The implementation of the platform {@code stateful}.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.stateful.internal;

import org.jspecify.annotations.NullMarked;
