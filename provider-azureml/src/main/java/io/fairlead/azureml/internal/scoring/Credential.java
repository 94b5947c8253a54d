package io.fairlead.azureml.internal.scoring;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;

/**
 * A key or a token with which an endpoint is invoked.
 *
 * @param secret the key or the token itself
 * @param refreshAfter when another one should be fetched; empty to do so a while before it expires
 * @param expiresAt when it expires; empty if it does not
 */
public record Credential(
    String secret, Optional<Instant> refreshAfter, Optional<Instant> expiresAt) {
  public Credential {
    requireNonNull(secret, "secret");
    requireNonNull(refreshAfter, "refreshAfter");
    requireNonNull(expiresAt, "expiresAt");
  }

  /** {@return a key, which does not expire} */
  public static Credential key(String key) {
    return new Credential(key, Optional.empty(), Optional.empty());
  }

  /** {@return the times only} */
  @Override
  public String toString() {
    return "Credential[refreshAfter=" + refreshAfter + ", expiresAt=" + expiresAt + "]";
  }
}
