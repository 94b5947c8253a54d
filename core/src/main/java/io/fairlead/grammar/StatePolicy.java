package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * The policy that a stateful model is deployed with: what is cached, how its state is updated, and what it observes and
 * tunes by itself.
 *
 * <p>The paper deploys with a StateManager, which has the container that results from the deploy; this is the part of
 * it that exists before.
 *
 * @param caching the caching policy
 * @param update the update strategy
 * @param dynamicConfig what is observed and tuned from the first request on; an {@code update_state} may change it
 */
public record StatePolicy(
    CachingPolicy caching, UpdateStrategy update, ModelState.DynamicConfig dynamicConfig) {
  public StatePolicy {
    requireNonNull(caching, "caching");
    requireNonNull(update, "update");
    requireNonNull(dynamicConfig, "dynamicConfig");
  }

  /**
   * {@return a policy to begin with: exact answers, of which the least recently used ones are evicted unless others turn out
   * to be worth less; a snapshot every five minutes; new versions warmed up; the cache tuned, and passed by where it does not
   * pay}
   *
   * @param cacheSize the size of the cache, a number with a unit, such as {@code 64MB}
   */
  public static StatePolicy of(String cacheSize) {
    return new StatePolicy(
        CachingPolicy.of(CachingPolicy.Strategy.EXACT, cacheSize, CachingPolicy.Eviction.LRU),
        new UpdateStrategy(UpdateStrategy.Type.INCREMENTAL, Duration.ofMinutes(5), true),
        new ModelState.DynamicConfig(false, true));
  }

  /** A policy that observes and tunes nothing by itself. */
  public StatePolicy(CachingPolicy caching, UpdateStrategy update) {
    this(caching, update, ModelState.DynamicConfig.OFF);
  }

  public StatePolicy with(ModelState.DynamicConfig newDynamicConfig) {
    return new StatePolicy(caching, update, newDynamicConfig);
  }
}
