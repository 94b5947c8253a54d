package io.fairlead.reconcile;

import java.util.Optional;

/** What the operations make of the traffic weights that are there. */
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

  /** The candidate gets a share, and the stable variant what that leaves. */
  record Split(String stable, String candidate, int percent) implements Desired<Traffic> {
    @Override
    public Traffic from(Optional<Traffic> actual) {
      return actual.orElse(Traffic.NONE).split(stable, candidate, percent);
    }
  }

  /** A variant's share goes to the others. */
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
