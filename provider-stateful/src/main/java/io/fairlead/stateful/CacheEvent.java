package io.fairlead.stateful;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * A decision about a container's state that was made without being asked for, with the numbers that it was made by.
 *
 * @param at when it was made, by the platform's clock
 * @param container the container's name
 * @param kind what was decided
 * @param message the decision as a sentence, for people
 * @param numbers what it was made by and what it changed, by name, such as {@code hitRatio.before}; sorted
 */
public record CacheEvent(
    Instant at, String container, Kind kind, String message, Map<String, Double> numbers) {
  /** The kind of a decision. */
  public enum Kind {
    /** The share of the window in a tuned cache was changed. */
    WINDOW,
    /** The cache is passed by for most requests, because it does not pay, or no longer. */
    BYPASS,
    /** Keys of cells are used, or not, and why. */
    KEYS,
    /** Approximate keys are served from, or no longer. */
    APPROXIMATION,
    /** A version was published, warm or cold. */
    VERSION,
    /** A snapshot was restored, written, or could not be. */
    SNAPSHOT,
    /** The second level of the cache is reached, or no longer. */
    SECOND_LEVEL
  }

  public CacheEvent {
    requireNonNull(at, "at");
    requireNonNull(container, "container");
    requireNonNull(kind, "kind");
    requireNonNull(message, "message");
    numbers = Collections.unmodifiableMap(new TreeMap<>(numbers));
  }

  /** {@return the event as one line of text} */
  @Override
  public String toString() {
    return container + ": " + message;
  }
}
