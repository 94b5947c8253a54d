package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.TrafficWeight;
import java.util.Optional;

/**
 * One thing that a platform serves, as it is listed.
 *
 * @param name the name under which it is served
 * @param variant its own name behind that, on platforms that have variants
 * @param state whether it can answer
 * @param weight its share of the requests to the name
 * @param detail why it is not ready, or empty
 */
public record Deployment(
    String name, Optional<String> variant, State state, TrafficWeight weight, String detail) {
  /** Whether a deployment can answer. */
  public enum State {
    /** It answers. */
    READY,
    /** It is on its way, there or away. */
    CHANGING,
    /** It failed and answers nothing. */
    FAILED
  }

  public Deployment {
    requireNonNull(name, "name");
    requireNonNull(variant, "variant");
    requireNonNull(state, "state");
    requireNonNull(weight, "weight");
    requireNonNull(detail, "detail");
  }

  /** {@return the deployment as a line for people, such as {@code ask/blue READY 90%}} */
  @Override
  public String toString() {
    return name
        + variant.map(own -> "/" + own).orElse("")
        + " "
        + state
        + " "
        + weight.percent()
        + "%"
        + (detail.isEmpty() ? "" : " (" + detail + ")");
  }
}
