package io.fairlead.reconcile;

import static java.util.stream.Collectors.joining;

import io.fairlead.grammar.Problems;
import java.util.Optional;
import java.util.Set;

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

  /**
   * The candidate goes from one of the weights that it may have to another, and the stable variant has the rest of the two.
   *
   * @param expected what it may have, in percent; another weight is somebody else's, and stays. Empty for any
   */
  record Move(String stable, String candidate, Set<Integer> expected, int percent)
      implements Desired<Traffic> {
    @Override
    public Traffic from(Optional<Traffic> actual) {
      Traffic now = actual.orElse(Traffic.NONE);
      Problems.in("Traffic")
          .check(
              expected.isEmpty()
                  || expected.contains(now.of(candidate))
                  || now.of(candidate) == percent,
              candidate,
              "must have the weight that its rollout gave it, " + shown()
                  + ": somebody else has changed it",
              now.of(candidate))
          .throwIfAny();
      return now.split(stable, candidate, percent);
    }

    private String shown() {
      return expected.stream().sorted().map(String::valueOf).collect(joining(" or "));
    }
  }

  /** A variant's weight is divided among the others. */
  record Without(String variant) implements Desired<Traffic> {
    @Override
    public Traffic from(Optional<Traffic> actual) {
      return actual.orElse(Traffic.NONE).without(variant);
    }
  }

  /** The split stays as it is, once no change of it is in progress. */
  record None() implements Desired<Traffic> {
    @Override
    public Traffic from(Optional<Traffic> actual) {
      return actual.orElse(Traffic.NONE);
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
