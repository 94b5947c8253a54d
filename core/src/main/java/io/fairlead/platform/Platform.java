package io.fairlead.platform;

import io.fairlead.grammar.Served;
import io.fairlead.operation.Operation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

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
   * Invokes a model that answers in pieces, such as one that generates text, and hands on each piece as it comes.
   *
   * <p>Pieces come in order and on the calling thread, the next when the consumer has returned: a slow consumer slows the
   * model down. What answers as a whole comes as one piece. The request's timeout is a limit on the whole answer, with the
   * time that the consumer takes. The model is not asked again once a piece has come. Closing the platform ends it, as a
   * failure of kind {@code CANCELLED}.
   *
   * @param pieces what gets each piece, which is not empty, to be read only and only while it is called; what it throws
   *     ends the answer and is thrown here as it is
   * @return what was told beside the pieces: an answer without a body
   * @throws IllegalArgumentException if the request is wrong, before any remote call
   * @throws io.fairlead.error.ServingException if the answer does not come to its end
   */
  default Response invokeStreaming(S served, Request request, Consumer<? super ByteBuffer> pieces) {
    return invoke(served, request).handOn(pieces);
  }

  /**
   * Takes something out of service with all that was made for it and that nothing else uses. What is gone already is no
   * error.
   *
   * @return what was taken out of service
   */
  Operation<S> undeploy(S served);

  /**
   * Takes everything under a public name out of service: all variants, whatever their shares and states, the name, and
   * what nothing else uses. It needs no value that was kept: what is there is found by this library's mark.
   *
   * @param name the public name
   * @return what was found
   */
  Operation<List<ManagedResource>> undeployAll(String name);

  /** {@return what is served here by this library, by name} */
  List<Deployment> list();

  /** {@return everything on the platform that carries this library's mark, in the order in which it depends} */
  List<ManagedResource> inventory();

  /** {@return what of the {@link #inventory} no deployment uses} */
  default List<ManagedResource> orphans() {
    return inventory().stream().filter(ManagedResource::orphan).toList();
  }

  /**
   * Deletes the {@link #orphans}, dependents first.
   *
   * @param minimumAge how old an orphan has to be; protects what another process has just made and not yet deployed
   * @return what was deleted
   */
  Operation<List<ManagedResource>> sweep(Duration minimumAge);

  /**
   * Ends what belongs to this object: threads, sockets, files, native sessions. What is deployed in a cloud goes on
   * there; operations that are under way stop where they are, and running them again, later or elsewhere, resumes them.
   * Closing twice is no error.
   */
  @Override
  void close();
}
