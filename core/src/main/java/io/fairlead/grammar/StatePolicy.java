package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * The caching policy and update strategy that a stateful model is deployed with.
 *
 * <p>The paper deploys with a StateManager, which holds the container that deploying makes; this is the part of it that
 * exists before.
 *
 * @param caching what is kept of the answers
 * @param update how the state is kept up to date
 */
public record StatePolicy(CachingPolicy caching, UpdateStrategy update) {
  public StatePolicy {
    requireNonNull(caching, "caching");
    requireNonNull(update, "update");
  }
}
