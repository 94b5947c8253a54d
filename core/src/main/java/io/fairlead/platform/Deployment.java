package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.TrafficWeight;
import java.util.Optional;

/**
 * A deployment in the list of a platform: a variant of an endpoint, a function or a stateful container.
 *
 * @param name its public name
 * @param variant its variant, on platforms that have variants
 * @param state its state
 * @param weight its share of the requests to the name
 * @param detail why it is not ready, or empty
 */
public record Deployment(
    String name, Optional<String> variant, State state, TrafficWeight weight, String detail) {
  /** The state of a deployment. */
  public enum State {
    /** It answers requests. */
    READY,
    /** It is being created, changed or deleted. */
    CHANGING,
    /** It failed and answers no requests. */
    FAILED
  }

  public Deployment {
    requireNonNull(name, "name");
    requireNonNull(variant, "variant");
    requireNonNull(state, "state");
    requireNonNull(weight, "weight");
    requireNonNull(detail, "detail");
  }

  /** {@return the deployment as one line of text, such as {@code ask/blue READY 90%}} */
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
