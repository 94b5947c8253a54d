/**
 * How many instances of a function there are, and which invocation runs on which: {@link
 * io.fairlead.serverless.internal.pool.Pool} for one function, {@link io.fairlead.serverless.internal.pool.Budget} for what all functions
 * share.
 *
 * <p>It has no threads and reads no clock of its own: it is driven by its callers, by instances that say that they have
 * started, and by a {@link io.fairlead.serverless.internal.pool.PoolClock}, so that hours of traffic can be replayed in seconds.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.serverless.internal.pool;

import org.jspecify.annotations.NullMarked;
