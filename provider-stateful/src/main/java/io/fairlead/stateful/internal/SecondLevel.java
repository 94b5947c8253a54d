package io.fairlead.stateful.internal;

import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.RedisLevel;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.persistence.RemoteCache;
import io.fairlead.stateful.internal.persistence.RemoteSettings;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The second level of all caches of a platform, if it has one, and whether it can be reached. */
final class SecondLevel implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SecondLevel.class);
  private static final String NAME = "answers";

  private final @Nullable RemoteCache remote;
  private final Events events;
  private volatile boolean usable = true;

  private SecondLevel(@Nullable RemoteCache remote, Events events) {
    this.remote = remote;
    this.events = events;
  }

  /** Opens the level, which delays nothing if it is not there. */
  static SecondLevel open(Optional<RedisLevel> level, Events events) {
    return new SecondLevel(level.isEmpty() ? null : open(level.get()), events);
  }

  private static RemoteCache open(RedisLevel level) {
    RemoteSettings settings = RemoteSettings.of(NAME).withTimeToLive(level.timeToLive());
    return level.client().isPresent()
        ? RemoteCache.through(level.client().get(), settings)
        : RemoteCache.inRedis(level.uri().orElseThrow().toString(), settings);
  }

  boolean isThere() {
    return remote != null;
  }

  /** {@return the answer; null if it has none, or cannot be reached} */
  @Nullable
  CachedAnswer find(CacheKey key, Version version) {
    if (remote == null) {
      return null;
    }
    try {
      return remote.get(key, version.digest()).orElse(null);
    } catch (RuntimeException | LinkageError e) {
      log.warn("The second level of the cache failed at a lookup", e);
      return null;
    }
  }

  void add(CacheKey key, CachedAnswer answer) {
    if (remote == null) {
      return;
    }
    try {
      remote.put(key, answer);
    } catch (RuntimeException | LinkageError e) {
      log.warn("The second level of the cache failed at an answer to keep", e);
    }
  }

  /** Tells a container when the level is reached, or no longer; called in intervals. */
  void watch() {
    boolean now = remote == null || remote.isUsable();
    if (now != usable) {
      usable = now;
      events.tell(
          NAME,
          CacheEvent.Kind.SECOND_LEVEL,
          now
              ? "the second level of the cache is reached again"
              : "the second level of the cache is not reached: its answers are asked of the models",
          Map.of());
    }
  }

  @Override
  public void close() {
    if (remote != null) {
      remote.close();
    }
  }
}
