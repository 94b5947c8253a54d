package io.fairlead.stateful.internal.cache;

import org.jspecify.annotations.Nullable;

/**
 * The key of a cached answer: 128 bits of a hash over the tenant's scope, the model's digest and the request.
 *
 * @param high the upper 64 bits
 * @param low the lower 64 bits
 */
public record CacheKey(long high, long low) {
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof CacheKey that && high == that.high && low == that.low;
  }

  /** {@return bits of the key, which is a hash already} */
  @Override
  public int hashCode() {
    return (int) low;
  }
}
