/**
 * Scaling and queueing of functions: {@link io.fairlead.serverless.internal.pool.Pool} holds the instances of one
 * function, {@link io.fairlead.serverless.internal.pool.Budget} the memory that all functions share.
 *
 * <p>The package has no threads and no clock of its own: it is driven by its callers, by instances that report that
 * they have started, and by a {@link io.fairlead.serverless.internal.pool.PoolClock}, so that hours of traffic can be
 * replayed in seconds.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.serverless.internal.pool;

import org.jspecify.annotations.NullMarked;
