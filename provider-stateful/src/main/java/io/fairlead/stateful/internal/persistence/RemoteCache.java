package io.fairlead.stateful.internal.persistence;

import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import java.util.Optional;

/**
 * A second level of the cache, beyond this process.
 *
 * <p>Its trouble is a miss, never an exception, and costs no caller more than the command's timeout; while it is not
 * usable, it costs nothing. Safe for concurrent use.
 */
public interface RemoteCache extends AutoCloseable {
  /**
   * Opens a cache in Redis or Valkey. A server that is not there delays nothing.
   *
   * @param uri such as {@code rediss://user:password@host:6379/0}
   * @throws IllegalArgumentException if the URI is none of a server, or would send its password in plaintext to another
   *     machine; the message does not have the password
   * @throws IllegalStateException if Lettuce is not on the class path
   */
  static RemoteCache inRedis(String uri, RemoteSettings settings) {
    try {
      return LettuceRemote.open(uri, settings);
    } catch (NoClassDefFoundError e) {
      throw new IllegalStateException(
          "A cache in Redis needs io.lettuce:lettuce-core, which is not on the class path.", e);
    }
  }

  /**
   * Opens a cache through a client of the user's, which stays as it is.
   *
   * @param client Lettuce's {@code RedisClient}
   */
  static RemoteCache through(Object client, RemoteSettings settings) {
    return LettuceRemote.over(client, settings);
  }

  /**
   * Checks the URI of a server, without Lettuce and without a call.
   *
   * @throws IllegalArgumentException if it is none, or would send its password in plaintext to another machine; the
   *     message does not have the password
   */
  static void checkAddress(String uri) {
    var unused = RedisAddress.of(uri);
  }

  /**
   * Looks an answer up.
   *
   * @param key the key
   * @param modelDigest the digest of the model that has to have answered
   * @return the answer, without the request it was given to; empty if there is none, or in trouble
   */
  Optional<CachedAnswer> get(CacheKey key, String modelDigest);

  /** Begins to store an answer, without the request that may be retained with it. */
  void put(CacheKey key, CachedAnswer answer);

  /** {@return whether it is connected and answers; if not, it is tried again in the background} */
  boolean isUsable();

  /** {@return what happened so far} */
  Counts counts();

  /** Ends the connection. Every call after that is a miss. */
  @Override
  void close();

  /**
   * What happened so far.
   *
   * @param hits lookups that were answered
   * @param misses lookups of keys that are not there
   * @param invalid lookups of what is there, but is not the answer of this key and model
   * @param failures lookups that failed or took too long
   * @param skipped lookups that were not tried, because it was not usable
   * @param stored answers that were stored
   * @param unstored answers that were not, for any reason
   */
  record Counts(
      long hits,
      long misses,
      long invalid,
      long failures,
      long skipped,
      long stored,
      long unstored) {}
}
