/**
 * What outlives the process: snapshots on disk, and a second level of the cache in Redis.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.stateful.internal.persistence;

import org.jspecify.annotations.NullMarked;
