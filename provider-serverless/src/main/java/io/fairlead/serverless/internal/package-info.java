/**
 * The implementation of the platform {@code serverless}.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.serverless.internal;

import org.jspecify.annotations.NullMarked;
