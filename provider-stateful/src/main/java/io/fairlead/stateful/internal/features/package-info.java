/**
 * Requests as rows of numbers: keys of cells that a model cannot tell apart, and the importance of features.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.stateful.internal.features;

import org.jspecify.annotations.NullMarked;
