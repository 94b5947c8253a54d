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
import org.jspecify.annotations.Nullable;

/**
 * The rollouts of one platform: each a loop over traffic weights and looks at the evidence.
 *
 * <p>The candidate's weight is the state. A rollout that died is resumed at the first step that has not less, which bakes
 * anew: no clock outlives a process. That a version is rolled back is marked on the platform before its requests are taken,
 * if that can be done soon, and again after that: a process that dies in between leaves a rollback to be finished.
 */
final class Rollouts implements AutoCloseable {
  /** For how long a change is tried again while the platform does not answer. */
  private static final Duration PATIENCE = Duration.ofHours(1);
  /** The same on the way back, when nothing else is left to be done. */
  private static final Duration PATIENCE_BACK = Duration.ofDays(1);
  /** For how long the requests of a refused candidate wait for its mark. */
  private static final Duration MARK_LIMIT = Duration.ofSeconds(30);

  private static final int TOLD_IN_A_BAKE = 10;
  private static final int TOLD_IN_A_STEP = 100;

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
    /** {@return an operation that waits until the two are ready, and the traffic is settled} */
    Operation<?> settle(Endpoint stable, Endpoint candidate);

    /** {@return an operation that waits until the traffic is settled} */
    Operation<?> settleTraffic(Endpoint candidate);

    /**
     * {@return how things stand}
     *
     * @throws ServingException of kind {@code NOT_FOUND} if one of the two is not deployed
     */
    Standing standing(Endpoint stable, Endpoint candidate);

    /** {@return what is marked of a version} */
    RolledBack.State rolledBack(Endpoint candidate, String version);

    /**
     * {@return an operation by which the candidate goes from one weight to another}
     *
     * @param expected the weights that it may have; empty for any
     */
    Operation<?> move(Endpoint stable, Endpoint candidate, Set<Integer> expected, int percent);

    /** {@return the same on the way back, which waits for no other, and for which neither has to be ready} */
    Operation<?> moveBack(Endpoint stable, Endpoint candidate, Set<Integer> expected, int percent);

    /** {@return an operation that changes what is marked} */
    Operation<?> mark(Endpoint candidate, Desired<RolledBack> mark);
  }

  /**
   * How a candidate stands.
   *
   * @param version what identifies it from its creation to its deletion; empty if that cannot be read now
   * @param weight its weight, in percent; empty while the traffic is being changed
   * @param others what variants other than it and the stable one have, in percent
   */
  record Standing(Optional<String> version, Optional<Integer> weight, int others) {}

  private static RolloutStep last(Rollout rollout) {
    return rollout.steps().get(rollout.steps().size() - 1);
  }

  /** {@return why a rollout cannot begin, and what to do instead; empty if it can} */
  static Optional<String> refusal(
      Rollout rollout, Endpoint candidate, Standing standing, RolledBack.State rolledBack) {
    String path = candidate.routing().path();
    if (rolledBack != RolledBack.State.NONE && !rollout.isOnceMore()) {
      return Optional.of(path + " was rolled back before: undeploy it and deploy a better one, or "
          + "roll it out once more with Rollout.onceMore()");
    }
    int last = last(rollout).weight().percent();
    int weight = standing.weight().orElse(0);
    if (last + standing.others() > TrafficWeight.ALL.percent()) {
      return Optional.of(path + " cannot get " + last + "%, because other variants have "
          + standing.others() + "%: route their requests away first");
    }
    return weight > last
        ? Optional.of(path + " has " + weight + "%, more than the last step, " + last
            + "%: route it back first")
        : Optional.empty();
  }

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

    private String version = "";
    /** Whether a mark of it is not heeded, until it has passed a step. */
    private boolean pardoned;
    /** The weight that it had before this run. */
    private int before;
    /** The weights that it may have by this rollout's doing: two while one is being changed to the other. */
    private Set<Integer> weights = Set.of();

    private Evidence.@Nullable Window window;
    private Duration told = Duration.ZERO;
    private String toldVerdicts = "";
    private Duration complained = Duration.ZERO;
    private String complaint = "";

    Running(Steps steps, Endpoint stable, Endpoint candidate, Rollout rollout, Evidence evidence) {
      this.steps = steps;
      this.stable = stable;
      this.candidate = candidate;
      this.path = candidate.routing().path();
      this.rollout = rollout;
      this.evidence = evidence;
      this.pardoned = rollout.isOnceMore();
    }

    Version run() {
      // After the rollback, which does not wait for it.
      steps.whenFailed(this::closeWindow);
      finishRollback();
      Standing standing = settled();
      before = standing.weight().orElseThrow();
      version = standing.version().orElseThrow();
      weights = Set.of(before);
      refusal(rollout, candidate, standing, RolledBack.State.NONE).ifPresent(reason -> {
        throw conflict(reason);
      });
      steps.undoBy(
          path + " to " + before + "%",
          () -> ground.moveBack(stable, candidate, weights, before),
          PATIENCE_BACK,
          this::wayOut);
      for (RolloutStep step : rollout.steps()) {
        if (step.weight().percent() >= before) {
          checkNotRolledBack();
          take(step);
          pardon();
        }
      }
      checkNotRolledBack();
      return candidate.at(last(rollout).weight());
    }

    // ---- what others have left ----

    /** Ends what a process that died has begun: takes the requests of a version that is marked, whatever else is wrong. */
    private void finishRollback() {
      await(() -> ground.settleTraffic(candidate));
      Standing standing = steps.patiently(PATIENCE, () -> ground.standing(stable, candidate));
      if (standing.version().isEmpty()) {
        return;
      }
      version = standing.version().get();
      RolledBack.State state =
          steps.patiently(PATIENCE, () -> ground.rolledBack(candidate, version));
      boolean isPending = state == RolledBack.State.PENDING;
      if (state != RolledBack.State.NONE && !pardoned) {
        if (isPending) {
          takeRequestsAndMark(Set.of());
        }
        throw conflict(
            refusal(rollout, candidate, standing, state).orElse(path + " was rolled back before"));
      }
      if (isPending) {
        await(() -> ground.moveBack(stable, candidate, Set.of(), 0));
      }
    }

    /** Another process may run the same rollout, and refuse the candidate. */
    private void checkNotRolledBack() {
      if (!pardoned
          && steps.patiently(PATIENCE, () -> ground.rolledBack(candidate, version))
              != RolledBack.State.NONE) {
        takeRequestsAndMark(weights);
        throw conflict(path + " was rolled back by another process meanwhile");
      }
    }

    private Standing settled() {
      while (true) {
        await(() -> ground.settle(stable, candidate));
        Standing standing = steps.patiently(PATIENCE, () -> ground.standing(stable, candidate));
        if (standing.weight().isPresent() && standing.version().isPresent()) {
          return standing;
        }
      }
    }

    /** A candidate that was rolled back before has passed a step this time. */
    private void pardon() {
      if (pardoned) {
        await(() -> ground.mark(candidate, new RolledBack.With(version, RolledBack.State.NONE)));
        pardoned = false;
      }
    }

    // ---- one step ----

    /** Gives the candidate its weight, and waits until the step is over; throws if it does not end well. */
    private void take(RolloutStep step) {
      List<Watch> watches = rollout.guards().stream().map(Watch::new).toList();
      window = open();
      moveTo(step.weight().percent());
      Duration begin = time.elapsed();
      Duration longest = sum(step.bake(), rollout.patience());
      report(step, "for " + Durations.shown(step.bake()) + " at least");
      told = begin;
      toldVerdicts = "";
      while (true) {
        Duration spent = time.elapsed().minus(begin);
        Duration end = spent.compareTo(step.bake()) < 0 ? step.bake() : longest;
        Duration left = end.compareTo(spent) > 0 ? end.minus(spent) : rollout.lookInterval();
        steps.pause(Durations.atMost(rollout.lookInterval(), left));
        boolean seen = see(step, watches);
        for (Watch watch : watches) {
          if (watch.hasRefused()) {
            throw refused(step, watch);
          }
        }
        boolean itsOwn = isItsOwn(step);
        boolean passed = seen && watches.stream().allMatch(Watch::hasPassed);
        spent = time.elapsed().minus(begin);
        if (passed && itsOwn && spent.compareTo(step.bake()) >= 0) {
          closeWindow();
          return;
        }
        if (passed && !itsOwn && spent.compareTo(sum(longest, PATIENCE)) >= 0) {
          steps.commit();
          throw failure(
              ErrorKind.UNAVAILABLE,
              "the traffic could not be read at the end of the step of "
                  + step.weight().percent() + "%. It keeps its weight: run the same rollout again");
        }
        if (!passed && spent.compareTo(longest) >= 0) {
          throw undecided(step, watches);
        }
      }
    }

    private void moveTo(int percent) {
      if (weights.equals(Set.of(percent))) {
        return;
      }
      Set<Integer> from = weights;
      Set<Integer> possible = new TreeSet<>(from);
      possible.add(percent);
      weights = possible;
      try {
        await(() -> ground.move(stable, candidate, from, percent));
      } catch (ServingException e) {
        if (e.kind() == ErrorKind.CONFLICT) {
          checkItsOwn(ground.standing(stable, candidate));
        }
        throw e;
      }
      weights = Set.of(percent);
    }

    /** {@return whether the weight could be read; throws if it is somebody else's} */
    private boolean isItsOwn(RolloutStep step) {
      Standing standing;
      try {
        standing = ground.standing(stable, candidate);
      } catch (ServingException e) {
        steps.checkStop();
        if (e.kind() == ErrorKind.NOT_FOUND) {
          throw somebodyElse(String.valueOf(e.getMessage()));
        }
        complain(step, "its weight cannot be read: " + e.getMessage());
        return false;
      }
      checkItsOwn(standing);
      return standing.weight().isPresent();
    }

    private void checkItsOwn(Standing standing) {
      standing.weight().filter(weight -> !weights.contains(weight)).ifPresent(weight -> {
        throw somebodyElse(path + " has " + weight + "% by now");
      });
    }

    // ---- the evidence ----

    private Evidence.Window open() {
      try {
        return steps.patiently(PATIENCE, () -> asked(() -> evidence.open(candidate, limits())));
      } catch (ServingException e) {
        throw e;
      } catch (RuntimeException e) {
        steps.checkStop();
        throw ServingException.builder(
                platform,
                e instanceof IllegalArgumentException ? ErrorKind.INVALID : ErrorKind.UNKNOWN,
                "the evidence cannot be gathered: " + e)
            .cause(e)
            .build();
      }
    }

    /** {@return whether the evidence could be read} */
    private boolean see(RolloutStep step, List<Watch> watches) {
      Evidence.Window open = window;
      if (open == null) {
        return false;
      }
      try {
        Observations seen = asked(open::seen);
        watches.forEach(watch -> watch.look(seen));
      } catch (RuntimeException e) {
        steps.checkStop();
        complain(step, "the evidence cannot be read: " + e);
        return false;
      }
      tell(step, watches);
      return true;
    }

    /** {@return the answer of the evidence, whose errors are none of the rollout's} */
    private <T> T asked(Supplier<T> question) {
      try {
        return steps.interruptibly(question);
      } catch (LinkageError | AssertionError | StackOverflowError e) {
        throw new IllegalStateException(e.toString(), e);
      }
    }

    /** Last of all, because it may take time, and may fail. */
    private void closeWindow() {
      Evidence.Window open = window;
      window = null;
      if (open != null) {
        try {
          open.close();
        } catch (RuntimeException | LinkageError | AssertionError e) {
          steps.report(path, "the evidence cannot be closed: " + e);
        }
      }
    }

    private NavigableSet<Duration> limits() {
      NavigableSet<Duration> limits = new TreeSet<>();
      rollout.guards().forEach(guard -> guard.slowerThan().ifPresent(limits::add));
      return limits;
    }

    // ---- how it ends ----

    private ServingException refused(RolloutStep step, Watch watch) {
      ServingException why = failure(
          ErrorKind.MODEL_FAILED, "at " + step.weight().percent() + "%, " + watch.finding());
      try {
        steps.await(() -> mark(RolledBack.State.PENDING), MARK_LIMIT);
      } catch (ServingException e) {
        // Its requests are taken all the same, and it is marked after that.
      }
      takeRequestsAndMark(weights);
      return why;
    }

    @SuppressWarnings("unchecked") // whatever its result is, nobody reads it
    private Operation<Object> mark(RolledBack.State state) {
      return (Operation<Object>) ground.mark(candidate, new RolledBack.With(version, state));
    }

    /** From here on it can only fail, and the candidate gets no more requests, whoever cancels it. */
    private void takeRequestsAndMark(Set<Integer> expected) {
      steps.forgetUndos();
      steps.undoBy(
          "its mark on the platform",
          () -> mark(RolledBack.State.DONE),
          PATIENCE,
          e -> "the same rollout, run again, would begin anew");
      takeRequests(expected);
    }

    private void takeRequests(Set<Integer> expected) {
      steps.undoBy(
          path + " to 0%",
          () -> ground.moveBack(stable, candidate, expected, 0),
          PATIENCE_BACK,
          this::wayOut);
    }

    private ServingException undecided(RolloutStep step, List<Watch> watches) {
      steps.commit();
      String seen = "too little was seen at " + step.weight().percent() + "% within "
          + Durations.shown(sum(step.bake(), rollout.patience())) + ": " + verdicts(watches);
      if (rollout.undecided() == Undecided.HOLD || step.weight().percent() == before) {
        return failure(
            ErrorKind.TIMEOUT,
            seen + ". It keeps its weight: run the same rollout again, or route to another");
      }
      takeRequests(weights);
      return failure(ErrorKind.TIMEOUT, seen);
    }

    /** Whatever somebody else has done since stays as it is. */
    private ServingException somebodyElse(String what) {
      steps.commit();
      return conflict(
          "somebody else changed the traffic during the rollout: " + what + ". It stays as it is");
    }

    private String wayOut(RuntimeException e) {
      return e instanceof ServingException failure && failure.kind() == ErrorKind.CONFLICT
          ? "somebody else changed the traffic meanwhile, which stays as it is"
          : "route the requests of " + path + " to " + stable.routing().path();
    }

    // ---- words ----

    private void await(Supplier<Operation<?>> operation) {
      steps.patiently(PATIENCE, () -> steps.await(operation::get));
    }

    /** Tells how it goes when a guard has come to another verdict, and ten times within the bake time. */
    private void tell(RolloutStep step, List<Watch> watches) {
      String verdicts = watches.stream()
          .map(watch -> String.valueOf(watch.hasPassed()))
          .reduce("", String::concat);
      if (!verdicts.equals(toldVerdicts) || isLongAgo(told, step)) {
        report(step, verdicts(watches));
        told = time.elapsed();
        toldVerdicts = verdicts;
      }
    }

    private void complain(RolloutStep step, String about) {
      if (!about.equals(complaint) || isLongAgo(complained, step)) {
        report(step, about);
        complained = time.elapsed();
        complaint = about;
      }
    }

    private boolean isLongAgo(Duration last, RolloutStep step) {
      Duration longest = sum(step.bake(), rollout.patience());
      Duration since = time.elapsed().minus(last);
      return since.compareTo(step.bake().dividedBy(TOLD_IN_A_BAKE)) >= 0
          && since.compareTo(longest.dividedBy(TOLD_IN_A_STEP)) >= 0;
    }

    private void report(RolloutStep step, String message) {
      steps.report(path, "at " + step.weight().percent() + "%: " + message);
    }
  }

  private static String verdicts(List<Watch> watches) {
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
