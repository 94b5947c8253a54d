package io.fairlead.engine;

import org.jspecify.annotations.Nullable;

/**
 * A run of a model in progress, which can be stopped.
 *
 * <p>The work runs on its caller's thread and is stopped from another. The stopper passed to {@link #enter} is never
 * called after {@link #leave()}, so that the work may then release what the stopper needs.
 */
public interface Call {
  /** {@return the name of the model in messages} */
  String model();

  /** {@return the memory that the tensors of one run may take, in bytes} */
  long memoryBytes();

  /**
   * Starts work that can be stopped; {@link #leave()} has to follow.
   *
   * @param stopper stops the work, from another thread
   * @throws io.fairlead.error.ServingException if the call was stopped already
   */
  void enter(Runnable stopper);

  /** Ends the work that {@link #enter} started. Waits for a stopper that is running. */
  void leave();

  /** {@return whether it was stopped, at its deadline or because its platform is being closed} */
  boolean isStopped();

  /**
   * Throws if the call was stopped.
   *
   * @param cause the exception with which the work ended, if any
   * @throws io.fairlead.error.ServingException if it was stopped
   */
  void checkNotStopped(@Nullable Throwable cause);
}
