package io.fairlead.engine;

import org.jspecify.annotations.Nullable;

/**
 * One run of a model under way, and how to stop it.
 *
 * <p>The work runs on its caller's thread; what stops it is another. The stopper that it is entered with is never used
 * after {@link #leave()}, so that the work may free what that needs.
 */
public interface Call {
  /** {@return the name of the model in messages} */
  String model();

  /** {@return what the tensors of one run may take} */
  long memoryBytes();

  /**
   * Begins work that can be stopped; {@link #leave()} has to follow.
   *
   * @param stopper stops the work, from another thread
   * @throws io.fairlead.error.ServingException if the call was stopped already
   */
  void enter(Runnable stopper);

  /** Ends what {@link #enter} began. Waits for a stopper that is at work. */
  void leave();

  /** {@return whether it was stopped, because its time is up or its platform is being closed} */
  boolean isStopped();

  /**
   * Ends the work if it was stopped.
   *
   * @param cause how the work noticed, if it did
   * @throws io.fairlead.error.ServingException if it was stopped
   */
  void checkNotStopped(@Nullable Throwable cause);
}
