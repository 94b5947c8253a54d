package io.fairlead.config;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * What happens to what is deployed when an application starts.
 *
 * @param limit the longest that the application waits for it, before it is ready
 * @param onFailure what happens if it cannot be deployed
 */
public record StartSettings(Duration limit, OnFailure onFailure) {
  public static final StartSettings DEFAULT =
      new StartSettings(Duration.ofMinutes(30), OnFailure.FAIL);

  public StartSettings {
    requireNonNull(limit, "limit");
    requireNonNull(onFailure, "onFailure");
  }

  /** What happens if something cannot be deployed at start. */
  public enum OnFailure {
    /** The application does not start. */
    FAIL,
    /** The application starts, and its health is DOWN. */
    DOWN
  }
}
