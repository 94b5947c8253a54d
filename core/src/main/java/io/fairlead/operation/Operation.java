package io.fairlead.operation;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A long-running operation on a platform, such as a deploy: it can be observed, awaited and cancelled.
 *
 * <pre>{@code
 * Endpoint blue = cloud.deploy(container, Scaling.fixed("ml.g5.xlarge", 1), new Routing("bert", "blue"))
 *     .onProgress(System.out::println)
 *     .await(Duration.ofMinutes(30));
 * }</pre>
 *
 * <p>An operation runs on a thread of the platform and goes on whether its caller waits or not. It ends by itself: it
 * succeeds, fails, is cancelled, or reaches the platform's own limit on one operation, by default an hour, and then
 * fails with kind {@code TIMEOUT} and rolls nothing back. Operations on one public name of one platform object run one
 * after the other, in the order in which they were called. To resume one whose process died, call the same operation
 * again.
 *
 * <p>All methods are safe for concurrent use, and none but {@link #await} waits.
 *
 * @param <T> the type of its result
 */
public interface Operation<T> {
  /** {@return the id of this run of the operation, for logs and messages} */
  OperationId id();

  /** {@return the current state and the latest event, without a remote call} */
  OperationStatus status();

  /**
   * Waits until the operation has ended and returns its result. May be called from several threads and more than once;
   * a failed operation throws the same exception to each caller.
   *
   * @param limit the maximum wait; 0 or less only asks for the result
   * @throws io.fairlead.error.ServingException if the operation failed; of kind {@code TIMEOUT} if the limit passed; of
   *     kind {@code CANCELLED} if the operation was cancelled, the platform was closed, or this thread was interrupted
   *     (its interrupt flag stays set). After the limit and after an interrupt of this thread the operation goes on
   */
  T await(Duration limit);

  /**
   * Adds a listener that receives each event once and in order, past events included.
   *
   * <p>Past events are delivered on this thread, before the method returns, and later ones on the thread that reports
   * them, which waits meanwhile: a listener must be quick and must not wait for an operation. What it throws is logged
   * and ignored. The last event is delivered before {@link #await} returns.
   *
   * @return this operation
   */
  Operation<T> onProgress(Consumer<? super Progress> listener);

  /**
   * Requests cancellation: the operation stops and rolls back what it created and changed. Returns at once; {@link
   * #await} throws when the rollback has ended, an error of kind {@code CANCELLED} that names what is left, if anything
   * is.
   *
   * <p>A change that the platform cannot stop has to end before it is rolled back. An undeploy is not rolled back: what
   * was deleted stays deleted.
   *
   * @return true if this call cancels the operation, which then does not succeed any more; false if it has ended, is
   *     rolling back, or was cancelled before
   */
  boolean cancel();

  /**
   * {@return a new future of the result; completing or cancelling the future does not affect the operation}
   *
   * <p>It completes when the public name is free for the next operation. Dependent stages without an executor of their
   * own run on a thread of the platform, or on this one if the operation has ended. They receive a failure as the cause
   * of a {@link java.util.concurrent.CompletionException}.
   */
  CompletableFuture<T> toFuture();
}
