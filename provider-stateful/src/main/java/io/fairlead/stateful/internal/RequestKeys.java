package io.fairlead.stateful.internal;

import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hasher128;
import com.dynatrace.hash4j.hashing.Hashing;
import io.fairlead.platform.Request;
import io.fairlead.stateful.internal.cache.CacheKey;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The keys of requests to one model version: 128 bits over the tenant's scope, the version's digest, the content type
 * and the body, by XXH3 (Yann Collet, 2019).
 *
 * <p>The digest makes each version a key space of its own, in memory, in a snapshot and in a second level alike: an
 * answer of another version cannot be found.
 */
final class RequestKeys {
  private static final Hasher128 HASHER = Hashing.xxh3_128();

  /** In the place of a content type, for keys of cells; no content type has a control character. */
  private static final String CELLS = "\u0000cells";

  /** Between a content type, which has no control character, and a path. */
  private static final char PATH = '\u0000';

  private static final String APPROXIMATE = "\u0000approximate";

  /** So many content types are remembered with their hash; a type may have a parameter that differs in each request. */
  private static final int MOST_REMEMBERED = 16;

  private final String digest;
  private final ConcurrentMap<String, HashValue128> withoutScope = new ConcurrentHashMap<>();

  RequestKeys(String digest) {
    this.digest = digest;
  }

  /** {@return the key of exactly this request} */
  CacheKey exact(String scope, Request request) {
    return exact(scope, kind(request), request.bodyUnsafe());
  }

  /** {@return what a request's bytes are: its content type, and the path of the container if it has one} */
  static String kind(Request request) {
    return request
        .path()
        .map(path -> request.contentType() + PATH + path)
        .orElseGet(request::contentType);
  }

  /** {@return a request whose bytes are of a kind} */
  static Request request(String kind, byte[] body) {
    int path = kind.indexOf(PATH);
    return path < 0
        ? Request.ofUnsafe(body, kind)
        : Request.ofUnsafe(body, kind.substring(0, path)).withPath(kind.substring(path + 1));
  }

  CacheKey exact(String scope, String contentType, byte[] body) {
    return key(scope, contentType, body);
  }

  /** {@return the key of all requests in a cell} */
  CacheKey cell(String scope, byte[] cell) {
    return key(scope, CELLS, cell);
  }

  /** {@return the key of all requests in a cell whose answers are alike, but not the same} */
  CacheKey approximate(String scope, byte[] cell) {
    return key(scope, APPROXIMATE, cell);
  }

  /** {@return the number of a session in a scope; never 0} */
  static long session(String scope, String session) {
    return HASHER.hashStream().putString(scope).putString(session).getAsLong() | 1;
  }

  private CacheKey key(String scope, String contentType, byte[] body) {
    HashValue128 place = place(scope, contentType);
    HashValue128 content = HASHER.hashBytesTo128Bits(body);
    return new CacheKey(
        place.getMostSignificantBits() ^ content.getMostSignificantBits(),
        place.getLeastSignificantBits() ^ content.getLeastSignificantBits());
  }

  /** The rest of the key, which many requests share. */
  private HashValue128 place(String scope, String contentType) {
    if (!scope.isEmpty()) {
      return hashed(scope, contentType);
    }
    HashValue128 known = withoutScope.get(contentType);
    if (known != null) {
      return known;
    }
    HashValue128 hashed = hashed(scope, contentType);
    if (withoutScope.size() < MOST_REMEMBERED) {
      withoutScope.put(contentType, hashed);
    }
    return hashed;
  }

  private HashValue128 hashed(String scope, String contentType) {
    return HASHER
        .hashStream()
        .putString(digest)
        .putString(scope)
        .putString(contentType)
        .get();
  }
}
