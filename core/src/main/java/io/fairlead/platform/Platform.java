package io.fairlead.platform;

import io.fairlead.grammar.Served;
import io.fairlead.operation.Operation;
import java.util.List;

/**
 * A place that serves models, opened and ready to call.
 *
 * <p>There is one sub-interface for each signature of the grammar, so that what a platform cannot do does not compile.
 * All methods are safe for concurrent use.
 *
 * @param <S> what it serves
 */
public interface Platform<S extends Served> extends AutoCloseable {
  /** {@return the platform's id, such as {@code sagemaker}} */
  String id();

  /**
   * Asks a model, waits for the answer, at most as long as the request says.
   *
   * @throws IllegalArgumentException if the request is wrong, before any remote call
   * @throws io.fairlead.error.ServingException if there is no answer; of kind {@code MODEL_FAILED} if the model failed
   */
  Response invoke(S served, Request request);

  /**
   * Takes something out of service with all that was made for it and that nothing else uses. What is gone already is no
   * error.
   *
   * @return what was taken out of service
   */
  Operation<S> undeploy(S served);

  /** {@return what is served here by this library, by name} */
  List<Deployment> list();

  /**
   * Ends what belongs to this object: threads, sockets, files, native sessions. What is deployed in a cloud goes on
   * there; operations that are under way stop where they are, and running them again, later or elsewhere, resumes them.
   * Closing twice is no error.
   */
  @Override
  void close();
}
