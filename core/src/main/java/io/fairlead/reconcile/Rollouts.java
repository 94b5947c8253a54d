package io.fairlead.reconcile;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.Version;
import io.fairlead.operation.Operation;
import io.fairlead.provider.Durations;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.CompositeOperations.Steps;
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Observations;
import io.fairlead.rollout.Rollout;
import io.fairlead.rollout.Rollout.Undecided;
import io.fairlead.rollout.RolloutStep;
import io.fairlead.rollout.internal.Watch;
import java.time.Duration;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * The rollouts of one platform: each a loop over traffic weights and looks at the evidence.
 *
 * <p>The candidate's weight is the state. A rollout that died is resumed at the first step that has not less, which bakes
 * anew: no clock outlives a process. That a version was rolled back is noted before its weight is taken, so that a process
 * that dies in between leaves a rollback to be finished, and not a rollout to be gone on with.
 */
final class Rollouts implements AutoCloseable {
  private static final int TOLD_IN_A_STEP = 10;
  /** For how long a change is tried again while the platform does not answer. */
  private static final Duration PATIENCE = Duration.ofHours(1);

  private final String platform;
  private final TimeSource time;
  private final Ground ground;
  private final CompositeOperations operations;

  Rollouts(String platform, TimeSource time, Ground ground) {
    this.platform = platform;
    this.time = time;
    this.ground = ground;
    this.operations = new CompositeOperations(platform, time, Durations.LONGEST);
  }

  /** What a rollout reads and changes. */
  interface Ground {
    /**
     * {@return a part of an operation that has been started: it waits until the two are ready, and the traffic is settled}
     */
    Operation<?> settle(Endpoint stable, Endpoint candidate);

    /**
     * {@return how things stand; empty while the traffic is being changed}
     *
     * @throws ServingException of kind {@code NOT_FOUND} if one of the two is not deployed
     */
    Optional<Standing> standing(Endpoint stable, Endpoint candidate);

    /** {@return whether it is noted that a version was rolled back} */
    boolean isRolledBack(Endpoint candidate, String version);

    /** {@return a part of an operation that has been started: the candidate goes from one of these weights to another} */
    Operation<?> move(Endpoint stable, Endpoint candidate, Set<Integer> expected, int percent);

    /** {@return the same on the way back, for which the candidate, which may be broken, need not be ready} */
    Operation<?> moveBack(Endpoint stable, Endpoint candidate, Set<Integer> expected, int percent);

    /** {@return a part of an operation that has been started: the note of what was rolled back changes} */
    Operation<?> note(Endpoint candidate, Desired<RolledBack> note);
  }

  /**
   * How a candidate stands.
   *
   * @param weight its weight, in percent
   * @param others what variants other than it and the stable one have, in percent
   * @param version what identifies it from its creation to its deletion
   */
  record Standing(int weight, int others, String version) {}

  /** Starts a rollout, after those before it at the same name. */
  Operation<Version> start(
      Endpoint stable, Endpoint candidate, Rollout rollout, Evidence evidence) {
    return operations.run(
        "roll out",
        candidate.routing().path(),
        candidate.name(),
        steps -> new Running(steps, stable, candidate, rollout, evidence).run());
  }

  @Override
  public void close() {
    operations.close();
  }

  /** One rollout, on its thread. */
  private final class Running {
    private final Steps steps;
    private final Endpoint stable;
    private final Endpoint candidate;
    private final String path;
    private final Rollout rollout;
    private final Evidence evidence;
    /** The weights that the candidate may have by this rollout's doing: two while one is being changed to the other. */
    private Set<Integer> weights = Set.of();

    private String version = "";
    private Duration told = Duration.ZERO;
    private List<Boolean> toldVerdicts = List.of();

    Running(Steps steps, Endpoint stable, Endpoint candidate, Rollout rollout, Evidence evidence) {
      this.steps = steps;
      this.stable = stable;
      this.candidate = candidate;
      this.path = candidate.routing().path();
      this.rollout = rollout;
      this.evidence = evidence;
    }

    Version run() {
      Standing standing = settled();
      weights = Set.of(standing.weight());
      version = standing.version();
      checkRoom(standing);
      if (steps.patiently(PATIENCE, () -> ground.isRolledBack(candidate, version))) {
        beginAgain(standing);
      }
      int before = standing.weight();
      steps.undoBy(
          path + " to " + before + "%",
          () -> ground.moveBack(stable, candidate, weights, before),
          PATIENCE,
          wayOut());
      int now = before;
      for (RolloutStep step : rollout.steps()) {
        if (step.weight().percent() >= before) {
          now = step.weight().percent();
          moveTo(now);
          bake(step);
        }
      }
      return candidate.at(new TrafficWeight(now));
    }

    private void await(Supplier<Operation<?>> operation) {
      steps.patiently(PATIENCE, () -> steps.await(operation::get));
    }

    private Standing settled() {
      while (true) {
        await(() -> ground.settle(stable, candidate));
        Optional<Standing> standing =
            steps.patiently(PATIENCE, () -> ground.standing(stable, candidate));
        if (standing.isPresent()) {
          return standing.get();
        }
      }
    }

    private void checkRoom(Standing standing) {
      int last = rollout.steps().get(rollout.steps().size() - 1).weight().percent();
      if (last + standing.others() > 100) {
        throw conflict(path + " cannot get " + last + "%, because other variants have "
            + standing.others() + "%: route their requests away first");
      }
      if (standing.weight() > last) {
        throw conflict(path + " has " + standing.weight() + "%, more than the last step, " + last
            + "%: route it back first");
      }
    }

    private void beginAgain(Standing standing) {
      if (rollout.again()) {
        await(() -> ground.note(candidate, new RolledBack.Without(version)));
        return;
      }
      steps.commit();
      if (standing.weight() > 0) {
        // The process that rolled it back did not come to the end of it.
        takeItsRequests();
      }
      throw conflict(path + " was rolled back before: undeploy it and deploy a better one, or roll "
          + "it out once more with Rollout.onceMore()");
    }

    private void moveTo(int percent) {
      if (weights.equals(Set.of(percent))) {
        return;
      }
      Set<Integer> possible = new TreeSet<>(weights);
      possible.add(percent);
      Set<Integer> from = weights;
      weights = possible;
      await(() -> ground.move(stable, candidate, from, percent));
      weights = Set.of(percent);
    }

    /** Waits at a weight until the step is over, and throws if it does not end well. */
    private void bake(RolloutStep step) {
      List<Watch> watches = rollout.guards().stream().map(Watch::new).toList();
      Duration begin = time.elapsed();
      Duration longest = sum(step.bake(), rollout.patience());
      try (Evidence.Window window = open()) {
        report(step, "for " + Durations.shown(step.bake()) + " at least");
        told = begin;
        while (true) {
          Duration spent = time.elapsed().minus(begin);
          Duration end = spent.compareTo(step.bake()) < 0 ? step.bake() : longest;
          steps.pause(Durations.atMost(rollout.look(), end.minus(spent)));
          boolean seen = see(step, window, watches);
          for (Watch watch : watches) {
            if (watch.hasRefused()) {
              throw refused(step, watch);
            }
          }
          boolean itsOwn = isItsOwn(step);
          spent = time.elapsed().minus(begin);
          boolean passed = watches.stream().allMatch(Watch::hasPassed);
          if (seen && itsOwn && passed && spent.compareTo(step.bake()) >= 0) {
            return;
          }
          if (spent.compareTo(longest) >= 0) {
            throw undecided(step, watches);
          }
        }
      }
    }

    private Evidence.Window open() {
      try {
        return evidence.open(candidate, limits());
      } catch (IllegalArgumentException e) {
        throw ServingException.builder(
                platform, ErrorKind.INVALID, "the evidence is refused: " + e.getMessage())
            .cause(e)
            .build();
      }
    }

    /** {@return whether the evidence could be read} */
    private boolean see(RolloutStep step, Evidence.Window window, List<Watch> watches) {
      try {
        Observations seen = window.seen();
        watches.forEach(watch -> watch.look(seen));
      } catch (RuntimeException e) {
        steps.checkStop();
        report(step, "the evidence cannot be read: " + e);
        return false;
      }
      tell(step, watches);
      return true;
    }

    /** {@return whether the weight could be read; throws if it is somebody else's} */
    private boolean isItsOwn(RolloutStep step) {
      Optional<Standing> standing;
      try {
        standing = ground.standing(stable, candidate);
      } catch (ServingException e) {
        steps.checkStop();
        if (e.kind() == ErrorKind.NOT_FOUND) {
          throw somebodyElse(String.valueOf(e.getMessage()));
        }
        report(step, "its weight cannot be read: " + e.getMessage());
        return false;
      }
      standing
          .map(Standing::weight)
          .filter(weight -> !weights.contains(weight))
          .ifPresent(weight -> {
            throw somebodyElse(path + " has " + weight + "% by now");
          });
      return standing.isPresent();
    }

    /** Tells how it goes when a guard has come to another verdict, and ten times within the bake time. */
    private void tell(RolloutStep step, List<Watch> watches) {
      List<Boolean> verdicts = watches.stream().map(Watch::hasPassed).toList();
      Duration now = time.elapsed();
      if (!verdicts.equals(toldVerdicts)
          || now.minus(told).compareTo(step.bake().dividedBy(TOLD_IN_A_STEP)) >= 0) {
        report(step, findings(watches));
        told = now;
        toldVerdicts = verdicts;
      }
    }

    private ServingException refused(RolloutStep step, Watch watch) {
      steps.commit();
      if (!note()) {
        // After its requests are taken, which does not wait for this.
        steps.undoBy(
            "the note of that",
            () -> ground.note(candidate, new RolledBack.With(version)),
            PATIENCE,
            "the same rollout, run again, would begin anew");
      }
      takeItsRequests();
      return failure(
          ErrorKind.MODEL_FAILED, "at " + step.weight().percent() + "%, " + watch.finding());
    }

    /** {@return whether it could be noted that the candidate is rolled back} */
    private boolean note() {
      try {
        steps.await(() -> ground.note(candidate, new RolledBack.With(version)));
        return true;
      } catch (ServingException e) {
        steps.checkStop();
        return false;
      }
    }

    private ServingException undecided(RolloutStep step, List<Watch> watches) {
      steps.commit();
      String seen = "too little was seen at " + step.weight().percent() + "% within "
          + Durations.shown(sum(step.bake(), rollout.patience())) + ": " + findings(watches);
      if (rollout.undecided() == Undecided.HOLD) {
        return failure(
            ErrorKind.TIMEOUT,
            seen + ". It keeps its weight: run the same rollout again, or route to another");
      }
      takeItsRequests();
      return failure(ErrorKind.TIMEOUT, seen);
    }

    /** From here on it can only fail, and the candidate gets no more requests. */
    private void takeItsRequests() {
      steps.undoBy(
          path + " to 0%",
          () -> ground.moveBack(stable, candidate, weights, 0),
          PATIENCE,
          wayOut());
    }

    /** Whatever somebody else has done since stays as it is. */
    private ServingException somebodyElse(String what) {
      steps.commit();
      return conflict(
          "somebody else changed the traffic during the rollout: " + what + ". It stays as it is");
    }

    private String wayOut() {
      return "route the requests of " + path + " to " + stable.routing().path();
    }

    private NavigableSet<Duration> limits() {
      NavigableSet<Duration> limits = new TreeSet<>();
      rollout.guards().forEach(guard -> guard.slowerThan().ifPresent(limits::add));
      return limits;
    }

    private void report(RolloutStep step, String message) {
      steps.report(path, "at " + step.weight().percent() + "%: " + message);
    }
  }

  private static String findings(List<Watch> watches) {
    return String.join("; ", watches.stream().map(Watch::verdict).toList());
  }

  private static Duration sum(Duration one, Duration other) {
    return Durations.atMost(Durations.LONGEST, one)
        .plus(Durations.atMost(Durations.LONGEST, other));
  }

  private ServingException conflict(String message) {
    return failure(ErrorKind.CONFLICT, message);
  }

  private ServingException failure(ErrorKind kind, String message) {
    return ServingException.builder(platform, kind, message).retryable(false).build();
  }
}
