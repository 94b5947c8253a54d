package io.fairlead.rollout;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Endpoint;
import java.time.Duration;
import java.util.SortedSet;

/**
 * Where the guards of a {@link Rollout} look: what becomes of the requests to a variant.
 *
 * <p>{@link io.fairlead.platform.CallEvidence} counts what an application calls, and {@link
 * io.fairlead.platform.ProbeEvidence} asks by itself. An implementation may read a metrics system in place of both, if
 * that knows which variant a request was for.
 *
 * <p>A source that does not answer promotes nothing: a guard that sees no requests does not pass.
 */
@FunctionalInterface
public interface Evidence {
  /**
   * Begins to count the requests to a variant. Called for each step of a rollout, just before the variant gets its weight:
   * what it throws keeps the step from beginning, and is tried again where it passes.
   *
   * @param variant the variant
   * @param limits the durations for which it counts the requests that take longer; may be empty
   * @return the window, which the rollout closes at the end of the step
   */
  Window open(Endpoint variant, SortedSet<Duration> limits);

  /**
   * {@return this evidence and another, added up; no request may be seen by both}
   *
   * <p>While one cannot be read, the other is still looked at.
   */
  default Evidence and(Evidence other) {
    requireNonNull(other, "other");
    return (variant, limits) -> {
      Window first = open(variant, limits);
      try {
        return new JoinedWindows(first, other.open(variant, limits));
      } catch (RuntimeException | Error e) {
        first.close();
        throw e;
      }
    };
  }

  /** A count of the requests to one variant, from its opening on. Used by one thread. */
  interface Window extends AutoCloseable {
    /**
     * {@return what was seen since the opening: counts only grow}
     *
     * <p>Called at each look of the rollout, on its thread, which is interrupted if the rollout has to stop; it should
     * return within seconds. What it throws is reported as progress of the rollout, and asked again at the next look.
     */
    Observations seen();

    @Override
    default void close() {}
  }
}
