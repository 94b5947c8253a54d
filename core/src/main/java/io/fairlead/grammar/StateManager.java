package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * A stateful container with the rules that its state follows: {@code StateManager ::= (Container, caching_policy,
 * update_strategy)}.
 *
 * @param container the container whose state is managed
 * @param caching what is kept of the answers
 * @param update how the state is kept up to date
 */
public record StateManager(
    StatefulContainer container, CachingPolicy caching, UpdateStrategy update) {
  public StateManager {
    requireNonNull(container, "container");
    requireNonNull(caching, "caching");
    requireNonNull(update, "update");
  }

  public StateManager(StatefulContainer container, StatePolicy policy) {
    this(container, policy.caching(), policy.update());
  }
}
