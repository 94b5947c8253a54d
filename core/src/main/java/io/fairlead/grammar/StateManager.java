package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * A stateful container with the policies of its state: {@code StateManager ::= (Container, caching_policy,
 * update_strategy)}.
 *
 * @param container the container whose state is managed
 * @param caching the caching policy
 * @param update the update strategy
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
