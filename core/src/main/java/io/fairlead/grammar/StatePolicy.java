package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * The caching policy and update strategy that a stateful model is deployed with.
 *
 * <p>The paper deploys with a StateManager, which has the container that results from the deploy; this is the part of
 * it that exists before.
 *
 * @param caching the caching policy
 * @param update the update strategy
 */
public record StatePolicy(CachingPolicy caching, UpdateStrategy update) {
  public StatePolicy {
    requireNonNull(caching, "caching");
    requireNonNull(update, "update");
  }
}
