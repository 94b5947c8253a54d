package io.fairlead.stateful.internal.persistence;

import io.fairlead.provider.Loopback;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * The URI of a Redis or Valkey server. Neither its text nor any message about it has the password.
 */
final class RedisAddress {
  private static final int DEFAULT_PORT = 6379;
  private static final String FORM =
      "must be like rediss://user:password@host:6379/0, or redis:// without TLS";

  private final URI uri;

  private RedisAddress(URI uri) {
    this.uri = uri;
  }

  /**
   * Checks a URI.
   *
   * @throws IllegalArgumentException if it is none of a server, or would send its password in plaintext to another
   *     machine
   */
  static RedisAddress of(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      // Its message has the text, and so has the password.
      throw new IllegalArgumentException("The URI of the Redis server " + FORM + ".");
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    boolean plaintext = scheme.equals("redis");
    if (uri.getHost() == null || (!plaintext && !scheme.equals("rediss"))) {
      throw new IllegalArgumentException("The URI of the Redis server " + FORM + ".");
    }
    RedisAddress address = new RedisAddress(uri);
    if (plaintext && uri.getRawUserInfo() != null && !Loopback.isHostOf(uri)) {
      throw new IllegalArgumentException("The password of " + address
          + " would be sent in plaintext: use rediss://, or a server on this machine.");
    }
    return address;
  }

  /** {@return the URI, with the password} */
  URI uri() {
    return uri;
  }

  @Override
  public String toString() {
    return uri.getScheme() + "://" + uri.getHost() + ":"
        + (uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort());
  }
}
