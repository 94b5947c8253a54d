package io.fairlead.stateful;

/** A second level of the cache in Redis or Valkey, which processes share. */
public final class RedisLevel {
  private RedisLevel() {}
}
