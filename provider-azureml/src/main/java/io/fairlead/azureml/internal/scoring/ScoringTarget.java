package io.fairlead.azureml.internal.scoring;

import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Redacted;
import io.fairlead.provider.Loopback;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Where the requests to an endpoint are sent, and with which credential. */
final class ScoringTarget {
  /** For credentials that do not say when to fetch another one. */
  private static final Duration REFRESHED_BEFORE_END = Duration.ofMinutes(2);

  /** The time that a request may take to the endpoint, whose clock may be another one. */
  private static final Duration UNUSED_BEFORE_END = Duration.ofSeconds(10);

  private final Scoring scoring;
  private final String secret;
  private final String authorization;
  private final String origin;
  private final @Nullable Instant refreshAfter;
  private final @Nullable Instant lastUse;

  private ScoringTarget(Scoring scoring, Credential credential) {
    this.scoring = scoring;
    this.secret = credential.secret();
    this.authorization = "Bearer " + secret;
    this.origin = scoring.uri().getScheme() + "://" + scoring.uri().getRawAuthority();
    this.refreshAfter = credential
        .refreshAfter()
        .or(() -> credential.expiresAt().map(end -> end.minus(REFRESHED_BEFORE_END)))
        .orElse(null);
    this.lastUse =
        credential.expiresAt().map(end -> end.minus(UNUSED_BEFORE_END)).orElse(null);
  }

  /**
   * {@return the target of an endpoint}
   *
   * @throws ServingException of kind {@code UNAUTHORIZED} if the credential cannot be sent
   */
  static ScoringTarget of(String endpoint, Scoring scoring, Credential credential) {
    if (!isHeader(credential.secret())) {
      throw new ServingException(
          AzureMlProvider.ID,
          ErrorKind.UNAUTHORIZED,
          "Endpoint '" + endpoint
              + "' cannot be invoked: its key or token is empty, or has characters that a header cannot have. "
              + "Regenerate the keys of the endpoint.");
    }
    return new ScoringTarget(scoring, credential);
  }

  private static boolean isHeader(String secret) {
    return !secret.isEmpty() && secret.chars().allMatch(letter -> letter > ' ' && letter < 127);
  }

  /**
   * Checks that a credential may be sent to a scoring URI.
   *
   * @throws ServingException of kind {@code INVALID} if anyone on the way could read it
   */
  static void check(String endpoint, URI uri) {
    boolean isConfidential = "https".equalsIgnoreCase(uri.getScheme())
        || ("http".equalsIgnoreCase(uri.getScheme()) && Loopback.isHostOf(uri));
    if (uri.getHost() == null || uri.getRawUserInfo() != null || !isConfidential) {
      throw new ServingException(
          AzureMlProvider.ID,
          ErrorKind.INVALID,
          "Endpoint '" + endpoint + "' cannot be invoked: its scoring URI is " + Redacted.uri(uri)
              + ", and keys and tokens are sent over https only, or over http to loopback. Nothing was sent.");
    }
  }

  Scoring scoring() {
    return scoring;
  }

  /** {@return the key or token itself} */
  String secret() {
    return secret;
  }

  /** {@return the value of the header that has the credential} */
  String authorization() {
    return authorization;
  }

  /** {@return the scoring URI with another path} */
  URI at(String path) {
    return URI.create(origin + path);
  }

  /** {@return whether another credential should be fetched} */
  boolean isOld(Instant now) {
    return refreshAfter != null && !now.isBefore(refreshAfter);
  }

  /** {@return whether the credential may have expired by the time that a request arrives} */
  boolean isExpired(Instant now) {
    return lastUse != null && !now.isBefore(lastUse);
  }

  /** {@return whether the credential has times, which have to be compared with the clock} */
  boolean isTimed() {
    return refreshAfter != null || lastUse != null;
  }

  /** {@return the scoring URI only} */
  @Override
  public String toString() {
    return "ScoringTarget[" + Redacted.uri(scoring.uri()) + "]";
  }
}
