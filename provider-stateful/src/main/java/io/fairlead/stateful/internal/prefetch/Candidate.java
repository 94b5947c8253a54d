package io.fairlead.stateful.internal.prefetch;

import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;

/**
 * A request that may come next.
 *
 * @param key the key of its answer
 * @param request the request
 */
public record Candidate(CacheKey key, RetainedRequest request) {}
