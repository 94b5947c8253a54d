package io.fairlead.platform;

import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.operation.Operation;

/**
 * A platform that serves models with state: a cache of their answers, weights that are kept loaded, and what they tune
 * by themselves.
 *
 * <pre>{@code
 * deploy        : (ModelArtifact, StateManager) -> Container
 * update_state  : (Container, ModelState) -> Container
 * cache_forward : (Container, Request) -> Response
 * }</pre>
 *
 * <p>{@link #invoke} invokes the model; {@link #cacheForward} may answer from the cache.
 */
public interface StatefulPlatform extends Platform<StatefulContainer> {
  /**
   * Deploys a model with a policy for its state, under the name in its metadata.
   *
   * <p>A new container starts with {@link ModelState#COLD}. If the same model is deployed under the name, its policy is
   * updated and its state stays. Another model under the name either replaces it or is refused with kind {@code
   * CONFLICT} or {@code ALREADY_EXISTS}; it is never answered from the other model's cache.
   *
   * @return the operation, whose result is the container with its current state
   */
  Operation<StatefulContainer> deploy(ModelArtifact artifact, StatePolicy policy);

  /**
   * Replaces a container's state, if nothing else has replaced it since. A {@link #cacheForward} that starts after this
   * operation has succeeded is never answered from an earlier state.
   *
   * <p>Kind {@code NOT_FOUND} if the container is not deployed; {@code CONFLICT}, not retryable, if its current epoch
   * is not that of {@code container}.
   *
   * @param container the container, with its current state as known to the caller
   * @param state the new state; its epoch has to be the container's plus one
   * @return the operation, whose result is the container with its new state
   */
  Operation<StatefulContainer> updateState(StatefulContainer container, ModelState state);

  /**
   * Answers from the cache if it holds the model's own answer to the request, and otherwise invokes the model. Waits at
   * most for {@link Request#timeout()}; errors are those of {@link #invoke}.
   */
  Response cacheForward(StatefulContainer container, Request request);
}
