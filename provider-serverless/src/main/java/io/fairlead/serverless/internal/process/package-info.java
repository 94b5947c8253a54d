/**
 * Models in worker processes: {@link io.fairlead.serverless.internal.process.Workers} starts them, {@link
 * io.fairlead.serverless.internal.process.WorkerModel} invokes them.
 *
 * <p>A worker is a second JVM that loads one model with an {@link io.fairlead.engine.internal.Engine}, or a Python
 * process that loads one pickle. Both exchange the frames of {@code Frame} and {@code Wire} over three pipes: requests
 * on standard input, responses on file descriptor 3, and printed output on standard error. Pipes are private to the two
 * processes, leave no files behind, and close when either process exits.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.serverless.internal.process;

import org.jspecify.annotations.NullMarked;
