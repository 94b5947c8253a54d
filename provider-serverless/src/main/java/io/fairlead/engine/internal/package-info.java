/**
 * The loading and sharing of models: {@link io.fairlead.engine.internal.Engine}.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.engine.internal;

import org.jspecify.annotations.NullMarked;
