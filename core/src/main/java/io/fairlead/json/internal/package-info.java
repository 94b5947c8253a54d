/**
 * The walkers of records and settings, between trees of JSON and values.
 *
 * <p>Internal: it changes without notice.
 */
@NullMarked
package io.fairlead.json.internal;

import org.jspecify.annotations.NullMarked;
