/**
 * Models in processes of their own: {@link io.fairlead.serverless.internal.process.Workers} starts them, {@link
 * io.fairlead.serverless.internal.process.WorkerModel} answers.
 *
 * <p>A worker is a second JVM that loads one model with an {@link io.fairlead.engine.internal.Engine}, or a Python
 * that loads one pickle. Both speak the frames of {@code Frame} and {@code Wire} over three pipes: requests on standard
 * input, answers on descriptor 3, and all that anything prints on standard error. Pipes belong to the two processes
 * alone, leave no file behind, and end when either process does.
 *
 * <p>Internal to this module; it may change at any time.
 */
@NullMarked
package io.fairlead.serverless.internal.process;

import org.jspecify.annotations.NullMarked;
