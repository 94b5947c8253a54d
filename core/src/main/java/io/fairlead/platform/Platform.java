package io.fairlead.platform;

import io.fairlead.grammar.Served;
import io.fairlead.operation.Operation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A client of a platform that serves models, such as Amazon SageMaker or this JVM; {@link Platforms} opens it.
 *
 * <p>There is one sub-interface for each signature of the grammar, so that an operation that a platform does not have
 * does not compile.
 *
 * <p>Methods that return an {@link Operation} check their arguments, start the operation and return; {@link
 * Operation#await} waits for it. All other methods make their remote calls on the calling thread and wait for the
 * answer. All methods are safe for concurrent use. Invalid arguments are an {@link IllegalArgumentException} before any
 * remote call, and each other failure is a {@link io.fairlead.error.ServingException}; after {@link #close} its kind is
 * {@code CANCELLED}.
 *
 * @param <S> the type of what it serves
 */
public interface Platform<S extends Served> extends AutoCloseable {
  /** The limit on reading the platform where none is given: a minute. */
  Duration READ_LIMIT = Duration.ofMinutes(1);

  /** {@return the platform's id, such as {@code sagemaker}} */
  String id();

  /**
   * Invokes a model and waits for the answer, at most for {@link Request#timeout()}.
   *
   * <p>Where there are variants, the traffic weights choose one, unless the request is {@linkplain Request#pinnedTo
   * pinned}. A request that may have reached the model is never sent again; one that the platform rejected before may
   * be, within the same timeout.
   *
   * @throws IllegalArgumentException if the request is invalid, before any remote call
   * @throws io.fairlead.error.ServingException if there is no answer: of kind {@code NOT_FOUND} if the name or variant
   *     is not deployed, {@code MODEL_FAILED} if the model answered with an error, {@code TIMEOUT} if the request's
   *     timeout passed
   */
  Response invoke(S served, Request request);

  /**
   * Invokes a model with a streaming answer, such as generated text, and passes on each piece as it arrives.
   *
   * <p>Pieces are passed on in order and on the calling thread, the next when the consumer has returned: a slow
   * consumer slows the model down. An answer that is not streamed arrives as one piece. The request's timeout is a
   * limit on the whole answer, including the time that the consumer takes. The request is not retried once a piece has
   * arrived. Closing the platform ends the answer with a failure of kind {@code CANCELLED}.
   *
   * @param pieces receives each piece: never empty, read-only, and valid only during the call; what it throws ends the
   *     answer and is thrown to the caller unchanged
   * @return the answer without its body: content type, variant and details
   * @throws IllegalArgumentException if the request is invalid, before any remote call
   * @throws io.fairlead.error.ServingException if the answer is not complete, as for {@link #invoke}
   */
  default Response invokeStreaming(S served, Request request, Consumer<? super ByteBuffer> pieces) {
    return invoke(served, request).handOn(pieces);
  }

  /**
   * Deletes a deployment with all resources that were created for it and that nothing else uses. A deployment that does
   * not exist is no error.
   *
   * @return the operation, whose result is the argument
   */
  Operation<S> undeploy(S served);

  /**
   * Deletes everything under a public name: all variants, whatever their traffic weights and states, the name, and the
   * resources that nothing else uses. They are found by their owner tags, so no value has to be kept.
   *
   * @param name the public name
   * @return the operation, whose result is the deleted resources
   */
  Operation<List<ManagedResource>> undeployAll(String name);

  /**
   * {@return the state of one deployment, for a health check; empty if it is not deployed, or not managed by Fairlead}
   *
   * <p>It costs a few calls: only this deployment is read, not the whole {@link #list}.
   *
   * @param served the deployment, of which the names and the options matter
   * @param limit the time after which it fails with kind {@code TIMEOUT}, more than 0
   */
  Optional<Deployment> status(S served, Duration limit);

  /** {@return the deployments that are managed by Fairlead, as {@link #list(Duration)}, read within a minute} */
  default List<Deployment> list() {
    return list(READ_LIMIT);
  }

  /**
   * {@return the deployments that are managed by Fairlead, sorted by name and variant}
   *
   * @param limit the time after which it fails with kind {@code TIMEOUT}, more than 0
   */
  List<Deployment> list(Duration limit);

  /** {@return all resources that are managed by Fairlead, as {@link #inventory(Duration)}, read within a minute} */
  default List<ManagedResource> inventory() {
    return inventory(READ_LIMIT);
  }

  /**
   * {@return all resources on the platform that are managed by Fairlead, each kind after the kinds that it uses}
   *
   * @param limit the time after which it fails with kind {@code TIMEOUT}, more than 0
   */
  List<ManagedResource> inventory(Duration limit);

  /** {@return the resources of the {@link #inventory} that no deployment uses} */
  default List<ManagedResource> orphans() {
    return inventory().stream().filter(ManagedResource::orphan).toList();
  }

  /**
   * Deletes the {@link #orphans}, dependents first. Each is checked again before it is deleted.
   *
   * @param minimumAge the minimum age of an orphan, 0 or more, by its creation time on the platform; it protects what
   *     another process has just created and not yet deployed
   * @return the operation, whose result is the deleted resources
   */
  Operation<List<ManagedResource>> sweep(Duration minimumAge);

  /**
   * Releases what belongs to this object: threads, sockets, files, native sessions. Deployments in a cloud are not
   * touched.
   *
   * <p>Operations in progress stop without a rollback and fail with kind {@code CANCELLED}; calling them again, later
   * or elsewhere, resumes them. Waits for their threads, at most ten seconds. Idempotent.
   */
  @Override
  void close();
}
