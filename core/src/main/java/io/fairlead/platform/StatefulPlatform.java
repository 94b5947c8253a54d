package io.fairlead.platform;

import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.operation.Operation;
import java.time.Duration;
import java.util.Optional;

/**
 * A platform that serves models with state: a cache of their answers, weights that are kept loaded, and what is observed
 * and tuned meanwhile. It wraps another platform, on which the models run.
 *
 * <pre>{@code
 * deploy        : (ModelArtifact, StateManager) -> Container
 * update_state  : (Container, ModelState) -> Container
 * cache_forward : (Container, Request) -> Response
 * }</pre>
 *
 * <p>{@link #invoke} invokes the model; {@link #cacheForward} may answer from the cache. While a name's requests are
 * divided among variants, both follow the traffic weights, whether the cache has the answer or not.
 */
public interface StatefulPlatform extends Platform<StatefulContainer> {
  /**
   * Deploys a model with a policy for its state, under the name in its metadata.
   *
   * <p>A new container starts with {@link ModelState#COLD}, or with what was stored of its state, and with the policy's
   * {@code dynamicConfig}. If the same model is deployed under the name, its policy is updated and its state stays.
   * Another model under the name either replaces it or is refused with kind {@code CONFLICT} or {@code
   * ALREADY_EXISTS}; it is never answered from the other model's cache.
   *
   * @return the operation, whose result is the container with its current state
   */
  Operation<StatefulContainer> deploy(ModelArtifact artifact, StatePolicy policy);

  /**
   * Attaches state to what the wrapped platform serves already, without deploying or changing anything there: requests
   * that go through {@link #cacheForward} may be answered from the cache from then on.
   *
   * <p>What is attached is only detached by {@link #undeploy}: it serves on. Kind {@code NOT_FOUND} if it does not
   * serve.
   *
   * @param served an endpoint or a function, of which the name matters
   * @param policy the policy for its state
   * @return the operation, whose result is a container of the public name
   * @throws IllegalArgumentException if the wrapped platform serves nothing of this type
   */
  Operation<StatefulContainer> attach(Served served, StatePolicy policy);

  /**
   * Replaces a container's state, if nothing else has replaced it since. A {@link #cacheForward} that starts after this
   * operation has succeeded is never answered from an earlier state.
   *
   * <p>With another model in the container ({@link StatefulContainer#withArtifact}), or another digest in the state, it
   * is a rollout on the wrapped platform: the new version is deployed and warmed up, gets the requests, and the old one
   * is undeployed once it has answered those that it has. Until then the old one serves, and it serves on if the
   * rollout fails.
   *
   * <p>Kind {@code NOT_FOUND} if the container is not deployed; {@code CONFLICT}, not retryable, if its current epoch
   * is not that of {@code container}.
   *
   * @param container the container, with its current state as known to the caller
   * @param state the new state; its epoch has to be the container's plus one: {@link ModelState#next}
   * @return the operation, whose result is the container with its new state
   */
  Operation<StatefulContainer> updateState(StatefulContainer container, ModelState state);

  /**
   * Rolls out another model: an {@link #updateState} to the container's next state with it.
   *
   * @param container the container, with its current state as known to the caller
   * @param artifact the model to serve instead, under the same name
   * @return the operation, whose result is the container with the model and its new state
   */
  default Operation<StatefulContainer> rollOut(
      StatefulContainer container, ModelArtifact artifact) {
    return updateState(
        container.withArtifact(artifact.named(container.name())),
        container.state().next());
  }

  /**
   * Answers from the cache if it holds the model's own answer to the request, and otherwise invokes the model. Waits at
   * most for {@link Request#timeout()}; errors are those of {@link #invoke}. A cache that fails is no error.
   */
  Response cacheForward(StatefulContainer container, Request request);

  /**
   * Describes a container as it is: its value with its current state, and where it is.
   *
   * <p>It says what to decide on after an {@link #updateState} that was refused because another came first.
   *
   * @param name the public name
   * @param limit the time after which it fails with kind {@code TIMEOUT}, more than 0
   * @return the description; empty if the name is neither deployed nor attached here
   */
  Optional<Description<StatefulContainer>> describe(String name, Duration limit);
}
