package io.fairlead.platform;

import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.operation.Operation;

/**
 * A platform that serves models with state: what they remember of their answers, which weights are warm, what they tune
 * by themselves.
 *
 * <pre>{@code
 * deploy        : (ModelArtifact, StateManager) -> Container
 * update_state  : (Container, ModelState) -> Container
 * cache_forward : (Container, Request) -> Response
 * }</pre>
 *
 * <p>{@link #invoke} asks the model itself; {@link #cacheForward} may answer from what is remembered.
 */
public interface StatefulPlatform extends Platform<StatefulContainer> {
  Operation<StatefulContainer> deploy(ModelArtifact artifact, StatePolicy policy);

  /**
   * Replaces a container's state. A {@link #cacheForward} that begins after this ended is never answered from the state
   * before.
   *
   * @param container the container, with the state that it is known to have
   * @param state the state to have; its epoch has to be the container's plus one
   * @return the container with its new state; an error of kind {@code CONFLICT} if its state was replaced meanwhile
   */
  Operation<StatefulContainer> updateState(StatefulContainer container, ModelState state);

  /** Answers from what is remembered if that is the model's own answer, and otherwise asks the model. */
  Response cacheForward(StatefulContainer container, Request request);
}
