package io.fairlead.operation;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Long work that was begun: watch it, wait for it, take it back.
 *
 * <pre>{@code
 * Endpoint blue = cloud.deploy(container, Scaling.fixed("ml.g5.xlarge", 1), new Routing("bert", "blue"))
 *     .onProgress(System.out::println)
 *     .await(Duration.ofMinutes(30));
 * }</pre>
 *
 * <p>An operation goes on whether anyone waits or not. All methods are safe for concurrent use.
 *
 * @param <T> what it makes
 */
public interface Operation<T> {
  OperationId id();

  OperationStatus status();

  /**
   * Waits for the end.
   *
   * @param limit the longest wait
   * @return what the operation made
   * @throws io.fairlead.error.ServingException if it failed; of kind {@code TIMEOUT} if the limit passed, while the work
   *     goes on; of kind {@code CANCELLED} if it was cancelled, or this thread was interrupted (its interrupt flag stays
   *     set)
   */
  T await(Duration limit);

  /**
   * Hands every event to {@code listener}, those of the past first, each once and in order, on the thread that makes
   * them (those of the past on this one). What a listener throws is logged and changes nothing; it must not wait for an
   * operation.
   *
   * @return this operation
   */
  Operation<T> onProgress(Consumer<? super Progress> listener);

  /**
   * Asks the operation to stop and to take back what it made. {@link #await} returns when that is done, with an error of
   * kind {@code CANCELLED} that names what is left, if anything is. A platform that cannot stop what it has begun first
   * ends that.
   *
   * @return whether the request came in time; false once the operation has ended or fails already
   */
  boolean cancel();

  /** {@return a new future of the result; completing or cancelling the future does not touch the operation} */
  CompletableFuture<T> toFuture();
}
