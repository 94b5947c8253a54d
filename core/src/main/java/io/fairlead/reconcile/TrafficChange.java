package io.fairlead.reconcile;

import java.util.Optional;

/** The changes that operations make to a traffic split. */
final class TrafficChange {
  private TrafficChange() {}

  /** A name's first variant gets all requests, a further one none. */
  record AllToFirst(String variant) implements Desired<Traffic> {
    @Override
    public Traffic from(Optional<Traffic> actual) {
      return actual
          .filter(traffic -> !traffic.weights().isEmpty())
          .orElseGet(() -> Traffic.allTo(variant));
    }
  }

  /** The candidate gets a weight, and the stable variant the rest of the two. */
  record Split(String stable, String candidate, int percent) implements Desired<Traffic> {
    @Override
    public Traffic from(Optional<Traffic> actual) {
      return actual.orElse(Traffic.NONE).split(stable, candidate, percent);
    }
  }

  /** A variant's weight is divided among the others. */
  record Without(String variant) implements Desired<Traffic> {
    @Override
    public Traffic from(Optional<Traffic> actual) {
      return actual.orElse(Traffic.NONE).without(variant);
    }
  }

  /** No variant gets any request. */
  record Nothing() implements Desired<Traffic> {
    @Override
    public Traffic from(Optional<Traffic> actual) {
      return Traffic.NONE;
    }
  }
}
