/**
 * Loads models with the engine that claims each, and hands out leases of them: {@link io.fairlead.engine.internal.Engine}.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal;

import org.jspecify.annotations.NullMarked;
