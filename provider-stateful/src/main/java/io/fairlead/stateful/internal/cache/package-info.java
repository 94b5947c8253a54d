/**
 * The cache of answers: its keys, its entries, and what a full cache evicts.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.stateful.internal.cache;

import org.jspecify.annotations.NullMarked;
