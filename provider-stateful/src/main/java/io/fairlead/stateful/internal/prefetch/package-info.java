/**
 * Answers to requests that are likely to come next, computed before they come.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.stateful.internal.prefetch;

import org.jspecify.annotations.NullMarked;
