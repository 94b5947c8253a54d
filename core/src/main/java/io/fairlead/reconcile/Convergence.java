package io.fairlead.reconcile;

import io.fairlead.error.ErrorKind;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import io.fairlead.operation.Plan.Change;
import io.fairlead.reconcile.Observed.Status;
import io.fairlead.reconcile.ReconcileRequest.Content;
import io.fairlead.reconcile.Resource.Goal;
import io.fairlead.reconcile.Resource.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings all resources of one operation to their goals.
 *
 * <p>It first looks at every resource and refuses before anything was changed; then it {@linkplain Driver drives} each to
 * its goal in order; and if it changed something it looks again at what it had settled before, because another process may
 * have been at it.
 */
final class Convergence<R> {
  /** How often a pass begins anew when others are at the same resources, before it gives way. */
  private static final int MOST_PASSES = 5;

  private final Reconciler reconciler;
  private final ReconcileRequest<R> request;
  private final Run<?> run;
  private final Driver driver;
  private final List<Step<?>> steps = new ArrayList<>();
  private @Nullable Content<R> content;
  private @Nullable Duration firstRestart;
  private int writesAtRestart;

  Convergence(Reconciler reconciler, ReconcileRequest<R> request, Run<?> run) {
    this(reconciler, request, run, null);
  }

  Convergence(
      Reconciler reconciler, ReconcileRequest<R> request, Run<?> run, @Nullable Preview preview) {
    this.reconciler = reconciler;
    this.request = request;
    this.run = run;
    this.driver = new Driver(reconciler, run, request.deployment(), preview);
    driver.conflict = this::lookAtSettingsAgain;
    driver.contested = this::isContested;
  }

  /** {@return what the operation returns} */
  R result() throws RunEnded {
    Content<R> made = content;
    if (made == null) {
      throw RunEnded.failed(
          request.subject(),
          driver.exception(ErrorKind.UNAVAILABLE, "what it is about could not be read", null));
    }
    return made.result().apply(Set.copyOf(driver.deleted));
  }

  /** {@return whether the operation takes things out of service} */
  boolean isRemoval() {
    return steps.stream()
        .anyMatch(step -> !step.resource.isToBeThere() && step.resource.role() == Role.VARIANT);
  }

  /** {@return what became of what this run had done} */
  Rollback.Result rollBack() throws RunEnded {
    driver.conflict = step -> {};
    return new Rollback(driver, run, steps).all(isRemoval());
  }

  // ---- preparing ----

  /** Finds out what the request is made of, which may itself be read from files or from the platform. */
  private void prepare() throws RunEnded {
    Content<R> made;
    try {
      made = driver.retrying(request.subject(), () -> request.content().prepare(new Preparation()));
    } catch (PreparationEnded e) {
      throw e.why;
    } catch (InvalidValueException e) {
      throw RunEnded.failed(
          request.subject(),
          driver.exception(ErrorKind.INVALID, String.valueOf(e.getMessage()), e));
    }
    content = made;
    steps.clear();
    driver.going.clear();
    for (Resource<?> resource : made.resources()) {
      steps.add(step(resource));
      if (!resource.isToBeThere()) {
        driver.going.add(resource.ref());
      }
    }
    driver.guard = made.guard();
    driver.steps = steps.size();
  }

  private <T> Step<T> step(Resource<T> resource) {
    return new Step<>(resource, reconciler.kind(resource.kind()), steps.size() + 1);
  }

  /** What a preparation of this run goes through. */
  private final class Preparation implements ReconcileRequest.Preparing {
    @Override
    public Inventory inventory() {
      Inventory now = driver.knownInventory();
      now.entries().forEach(entry -> driver.listed.add(entry.ref()));
      return now;
    }

    @Override
    public void report(String message) {
      run.report(0, 0, "", message);
    }

    @Override
    public void checkStop() {
      try {
        driver.checkStop();
      } catch (RunEnded e) {
        throw new PreparationEnded(e);
      }
    }
  }

  /** Carries what ends a preparation through code that declares no exceptions. */
  @SuppressWarnings("serial") // never leaves this class
  private static final class PreparationEnded extends RuntimeException {
    final RunEnded why;

    PreparationEnded(RunEnded why) {
      super(null, why, false, false);
      this.why = why;
    }
  }

  // ---- looking ----

  private <T> Change judge(Step<T> step, Observed<T> seen) throws RunEnded {
    if (seen.foreign() && step.isLeftAloneIfForeign()) {
      return change(step, Action.KEEP, "it is not managed by Fairlead");
    }
    driver.refuseForeign(step, seen);
    return switch (step.resource.goal()) {
      case REQUIRED -> {
        Move move = Policy.BE_READY.next(new Situation(seen.status(), Optional.empty(), Set.of()));
        if (move == Move.FAIL_ABSENT || move == Move.FAIL_FAILED_EARLIER) {
          throw driver.refusal(step, seen, move);
        }
        yield change(step, Action.KEEP);
      }
      case PRESENT -> judgePresent(step, seen);
      case ADJUSTED_IF_PRESENT ->
        seen.status() == Status.ABSENT ? change(step, Action.KEEP) : judgePresent(step, seen);
      case ABSENT, ABSENT_IF_ORPHAN ->
        change(step, seen.status() == Status.ABSENT ? Action.KEEP : Action.DELETE);
      case ABSENT_IF_UNUSED -> {
        if (seen.status() == Status.ABSENT) {
          yield change(step, Action.KEEP);
        }
        List<ResourceRef> users = driver.usersOf(step);
        if (!users.isEmpty()) {
          driver.going.remove(step.resource.ref());
          yield change(step, Action.KEEP, "used by " + users.get(0));
        }
        yield change(step, Action.DELETE);
      }
    };
  }

  private <T> Change judgePresent(Step<T> step, Observed<T> seen) throws RunEnded {
    T desired = driver.desired(step, seen);
    return switch (seen.status()) {
      case READY -> {
        T actual = seen.value().orElseThrow();
        if (step.kind.matches(desired, actual)) {
          yield change(step, Action.KEEP);
        }
        driver.refuseImmutable(step, actual, desired);
        yield change(step, Action.UPDATE, Fields.changes(actual, desired).toArray(String[]::new));
      }
      case ABSENT -> {
        driver.refuseUncreatable(step, desired);
        yield change(step, Action.CREATE);
      }
      case DELETING -> change(step, Action.CREATE);
      case FAILED -> change(step, Action.REPLACE, seen.detail());
      case CHANGING ->
        change(
            step,
            Action.KEEP,
            "on its way" + (seen.detail().isEmpty() ? "" : ": " + seen.detail()));
    };
  }

  private static Change change(Step<?> step, Action action, String... details) {
    return new Change(step.toString(), action, List.of(details));
  }

  /** {@return the plan on what earlier operations of the same preview would have left} */
  Plan plan(Preview earlier) throws RunEnded {
    List<Change> changes = new ArrayList<>();
    try {
      prepare();
      for (Step<?> step : steps) {
        changes.add(plan(step, earlier));
      }
      earlier.note(steps.stream().<Resource<?>>map(step -> step.resource).toList(), changes);
    } catch (RunEnded e) {
      changes.add(new Change(
          e.why == RunEnded.Why.FAILED ? e.resource() : request.subject(),
          Action.UNKNOWN,
          List.of(unread(e))));
    }
    Content<R> made = content;
    return new Plan(changes, made == null ? List.of() : made.ignored());
  }

  private <T> Change plan(Step<T> step, Preview earlier) throws RunEnded {
    Change change;
    Observed<T> seen = Observed.absent();
    try {
      Optional<Observed<T>> left = earlier.find(step.resource);
      seen = left.isPresent() ? left.get() : driver.read(step);
      change = judge(step, seen);
    } catch (RunEnded e) {
      boolean isRefused = e.why == RunEnded.Why.FAILED
          && e.failure().kind() != ErrorKind.UNAUTHORIZED
          && !e.failure().retryable();
      change = change(step, isRefused ? Action.REFUSE : Action.UNKNOWN, unread(e));
    }
    earlier.note(step.resource, change.action(), seen);
    return change;
  }

  /** {@return why something could not be read; a run that was stopped is no plan} */
  private static String unread(RunEnded e) throws RunEnded {
    return switch (e.why) {
      case FAILED -> String.valueOf(e.failure().getMessage());
      case OUT_OF_TIME -> "it could not be read in time";
      default -> throw e;
    };
  }

  // ---- converging ----

  /** Brings the platform to where it should be. */
  void converge() throws RunEnded {
    boolean wrote = round();
    for (int rounds = 1; request.isRepeated() && wrote; rounds++) {
      if (rounds >= MOST_PASSES) {
        throw othersKeepModifying();
      }
      driver.lookAnew();
      wrote = round();
    }
  }

  /** Finds out what there is to do and does it; returns whether anything was written. */
  private boolean round() throws RunEnded {
    int before = driver.writes();
    prepare();
    for (Step<?> step : steps) {
      look(step);
    }
    for (int pass = 1; ; pass++) {
      try {
        int lastWritten = 0;
        for (Step<?> step : steps) {
          run.checkStop();
          if (bring(step)) {
            lastWritten = step.number;
          }
        }
        if (isUndisturbed(lastWritten)) {
          return driver.writes() > before;
        }
        if (pass >= MOST_PASSES) {
          throw othersKeepModifying();
        }
      } catch (RunEnded e) {
        waitToBeginAnew(e);
      }
    }
  }

  private <T> void look(Step<T> step) throws RunEnded {
    Observed<T> seen = driver.read(step);
    step.looked = seen;
    judge(step, seen);
  }

  /**
   * {@return whether another process is at work on the variant that a change is for}
   *
   * <p>Nothing that variants share is changed for one that another process has deployed otherwise meanwhile: that is
   * refused as it would be at the first look.
   */
  private boolean isContested(Step<?> changed) throws RunEnded {
    for (Step<?> step : steps) {
      boolean isToCome = step.number > changed.number && !step.tried;
      if (isToCome
          && step.resource.role() == Role.VARIANT
          && step.resource.goal() == Goal.PRESENT
          && isAtWork(step)) {
        return true;
      }
    }
    return false;
  }

  private <T> boolean isAtWork(Step<T> variant) throws RunEnded {
    Observed<T> seen = driver.read(variant);
    if (seen.status() == Status.READY) {
      judge(variant, seen);
    }
    return seen.status() == Status.CHANGING;
  }

  private boolean bring(Step<?> step) throws RunEnded {
    return driver
        .drive(
            step,
            switch (step.resource.goal()) {
              case PRESENT, ADJUSTED_IF_PRESENT -> Policy.BE_PRESENT;
              case REQUIRED -> Policy.BE_READY;
              case ABSENT, ABSENT_IF_UNUSED, ABSENT_IF_ORPHAN -> Policy.BE_ABSENT;
            })
        .wrote();
  }

  /** What refuses a removal may be a setting that was changed just before and did not show yet. */
  private void lookAtSettingsAgain(Step<?> removed) throws RunEnded {
    for (Step<?> step : steps) {
      if (step.number < removed.number && step.resource.goal() == Goal.ADJUSTED_IF_PRESENT) {
        try {
          bring(step);
        } catch (RunEnded e) {
          if (e.why != RunEnded.Why.BEGIN_ANEW) {
            throw e;
          }
          // It went meanwhile, and with it what could refuse.
        }
      }
    }
  }

  private RunEnded othersKeepModifying() {
    return RunEnded.failed(
        request.subject(),
        driver.exception(
            ErrorKind.CONFLICT,
            "another process keeps modifying the same resources: retry when it has finished",
            null));
  }

  /** Something that a step depends on was not there: it may not show yet. */
  private void waitToBeginAnew(RunEnded ended) throws RunEnded {
    if (ended.why != RunEnded.Why.BEGIN_ANEW) {
      throw ended;
    }
    Duration now = driver.now();
    if (firstRestart == null || writesAtRestart != driver.writes()) {
      firstRestart = now;
      writesAtRestart = driver.writes();
    } else if (now.minus(firstRestart).compareTo(reconciler.retry().settling()) > 0) {
      throw RunEnded.failed(request.subject(), ended.failure());
    }
    driver.pause(reconciler.retry().first());
  }

  /**
   * {@return whether all is as it was settled}
   *
   * <p>What was settled before the last change is looked at again. A run that changed a variant that was there may have
   * taken it from another run, which then rolls back its own pieces, so everything is looked at, a moment later.
   */
  private boolean isUndisturbed(int lastWritten) throws RunEnded {
    boolean tookOver = steps.stream()
        .anyMatch(step ->
            step.resource.role() == Role.VARIANT && (step.before.isPresent() || step.contests > 0));
    if (tookOver) {
      driver.pause(reconciler.polling().first());
    }
    for (Step<?> step : steps) {
      if ((tookOver || step.number < lastWritten) && !isAsSettled(step)) {
        return false;
      }
    }
    return true;
  }

  private <T> boolean isAsSettled(Step<T> step) throws RunEnded {
    Goal goal = step.resource.goal();
    boolean fixed = step.kind.isNamedByContent() || step.resource.role() == Role.SHARED;
    if (fixed || (goal != Goal.PRESENT && goal != Goal.ABSENT)) {
      return true;
    }
    Observed<T> seen = driver.read(step);
    if (!isAs(step, goal, seen)) {
      // One look may have been at an older state.
      driver.pause(reconciler.polling().first());
      seen = driver.read(step);
    }
    boolean as = isAs(step, goal, seen);
    if (!as
        && step.settled
        && step.resource.role() == Role.VARIANT
        && seen.status() != Status.CHANGING) {
      throw driver.lost(step, seen);
    }
    return as;
  }

  private static <T> boolean isAs(Step<T> step, Goal goal, Observed<T> seen) {
    return goal == Goal.ABSENT
        ? seen.status() == Status.ABSENT || (seen.foreign() && step.isLeftAloneIfForeign())
        : seen.status() == Status.READY && step.isAsDesired(seen.value().orElseThrow());
  }
}
