package io.fairlead.reconcile;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
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
 * The convergence of one operation: all of its resources are reconciled with their goals.
 *
 * <p>It first reads each resource and refuses before anything is changed; then it {@linkplain Driver drives} each to
 * its goal, in order; and if it changed something, it reads again those that had reached their goals before, because
 * another process may have changed them.
 */
final class Convergence<R> {
  /** The limit on passes while other processes change the same resources. */
  private static final int MOST_PASSES = 5;

  private static final String NOT_READ = "not read, for the reason above";

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
    driver.onDeletionRefused = this::reconcileSettingsAgain;
    driver.contested = this::isContested;
  }

  /** {@return the result of the operation} */
  R result() throws RunEnded {
    Content<R> made = content;
    if (made == null) {
      throw RunEnded.failed(
          request.subject(),
          driver.exception(ErrorKind.UNAVAILABLE, "its resources could not be read", null));
    }
    return made.result().apply(Set.copyOf(driver.deleted));
  }

  /** {@return whether the operation deletes variants} */
  boolean isRemoval() {
    return steps.stream()
        .anyMatch(step -> !step.resource.isToExist() && step.resource.role() == Role.VARIANT);
  }

  /** {@return the result of rolling back this run} */
  Rollback.Result rollBack() throws RunEnded {
    driver.onDeletionRefused = step -> {};
    return new Rollback(driver, run, steps).all(isRemoval());
  }

  // ---- preparing ----

  /** Prepares the content of the request, which may read files or the platform. */
  private void prepare() throws RunEnded {
    Content<R> made;
    try {
      made = driver.retrying(request.subject(), () -> request.content().prepare(new Context()));
    } catch (PreparationEnded e) {
      throw e.why;
    } catch (InvalidValueException e) {
      throw RunEnded.failed(
          request.subject(),
          driver.exception(ErrorKind.INVALID, String.valueOf(e.getMessage()), e));
    }
    content = made;
    steps.clear();
    driver.toDelete.clear();
    for (Resource<?> resource : made.resources()) {
      steps.add(step(resource));
      if (!resource.isToExist()) {
        driver.toDelete.add(resource.ref());
      }
    }
    driver.guard = made.guard();
    driver.steps = steps.size();
  }

  private <T> Step<T> step(Resource<T> resource) {
    return new Step<>(resource, reconciler.kind(resource.kind()), steps.size() + 1);
  }

  /** The context of a preparation of this run. */
  private final class Context implements ReconcileRequest.PreparationContext {
    @Override
    public Inventory inventory() {
      Optional<ServingException> unreachable =
          Optional.ofNullable(driver.preview).flatMap(Preview::unreachable);
      if (unreachable.isPresent()) {
        throw new PreparationEnded(RunEnded.failed(request.subject(), unreachable.get()));
      }
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

  /** A carrier of {@link RunEnded} through code that declares no checked exceptions. */
  @SuppressWarnings("serial") // never leaves this class
  private static final class PreparationEnded extends RuntimeException {
    final RunEnded why;

    PreparationEnded(RunEnded why) {
      super(null, why, false, false);
      this.why = why;
    }
  }

  // ---- reading ----

  private <T> Change assess(Step<T> step, Observed<T> seen) throws RunEnded {
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
      case PRESENT -> assessPresent(step, seen);
      case ADJUSTED_IF_PRESENT ->
        seen.status() == Status.ABSENT ? change(step, Action.KEEP) : assessPresent(step, seen);
      case ABSENT, ABSENT_IF_ORPHAN ->
        change(step, seen.status() == Status.ABSENT ? Action.KEEP : Action.DELETE);
      case ABSENT_IF_UNUSED -> {
        if (seen.status() == Status.ABSENT) {
          yield change(step, Action.KEEP);
        }
        List<ResourceRef> users = driver.usersOf(step);
        if (!users.isEmpty()) {
          driver.toDelete.remove(step.resource.ref());
          yield change(step, Action.KEEP, "used by " + users.get(0));
        }
        yield change(step, Action.DELETE);
      }
    };
  }

  private <T> Change assessPresent(Step<T> step, Observed<T> seen) throws RunEnded {
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
            "in progress" + (seen.detail().isEmpty() ? "" : ": " + seen.detail()));
    };
  }

  private static Change change(Step<?> step, Action action, String... details) {
    return new Change(step.toString(), action, List.of(details));
  }

  /** {@return the plan, on the state that earlier operations of the same preview would leave} */
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
          isRefusal(e) ? Action.REFUSE : Action.UNKNOWN,
          List.of(unread(e, earlier))));
    }
    Content<R> made = content;
    return new Plan(changes, made == null ? List.of() : made.warnings());
  }

  private <T> Change plan(Step<T> step, Preview earlier) throws RunEnded {
    Change change;
    Observed<T> seen = Observed.absent();
    Optional<Observed<T>> left = earlier.find(step.resource);
    if (left.isEmpty() && earlier.unreachable().isPresent()) {
      return change(step, Action.UNKNOWN, ifAbsent(step, NOT_READ));
    }
    try {
      if (left.isEmpty()) {
        driver.checkStop();
      }
      seen = left.isPresent() ? left.get() : driver.read(step);
      change = withSideEffects(step, seen, assess(step, seen));
    } catch (RunEnded e) {
      change = isRefusal(e)
          ? change(step, Action.REFUSE, unread(e, earlier))
          : change(step, Action.UNKNOWN, ifAbsent(step, unread(e, earlier)));
    }
    earlier.note(step.resource, change.action(), seen);
    return change;
  }

  private <T> Change withSideEffects(Step<T> step, Observed<T> seen, Change change)
      throws RunEnded {
    boolean changes = switch (change.action()) {
      case CREATE, UPDATE, REPLACE, DELETE -> true;
      default -> false;
    };
    if (!changes) {
      return change;
    }
    Optional<T> desired = change.action() == Action.DELETE
        ? Optional.empty()
        : Optional.of(driver.desired(step, seen));
    List<String> details = new ArrayList<>(change.details());
    details.addAll(driver.sideEffects(step, seen, desired));
    return new Change(change.resource(), change.action(), details);
  }

  /** {@return whether the operation itself would end so, and not only its preview} */
  private static boolean isRefusal(RunEnded e) {
    return e.why == RunEnded.Why.FAILED
        && e.failure().kind() != ErrorKind.UNAUTHORIZED
        && e.failure().kind() != ErrorKind.TIMEOUT
        && !e.failure().retryable();
  }

  /** {@return why a resource could not be read; rethrows if the run was stopped} */
  private String unread(RunEnded e, Preview earlier) throws RunEnded {
    ServingException failure = switch (e.why) {
      case FAILED -> e.failure();
      case TIMED_OUT ->
        driver.exception(ErrorKind.TIMEOUT, "the limit on reading has passed", null);
      default -> throw e;
    };
    boolean isToldAlready = earlier.unreachable().filter(failure::equals).isPresent();
    earlier.note(failure);
    return isToldAlready ? NOT_READ : String.valueOf(failure.getMessage());
  }

  /** {@return the reason why a resource is unknown, and what would be created if it is absent} */
  private <T> String[] ifAbsent(Step<T> step, String reason) {
    List<String> details = new ArrayList<>();
    if (step.resource.goal() == Goal.PRESENT) {
      details.add("created if absent");
      Secrets secrets = new Secrets(request.secrets());
      wanted(step.resource).stream().map(secrets::removedFrom).forEach(details::add);
    }
    details.add(reason);
    return details.toArray(String[]::new);
  }

  private static <T> List<String> wanted(Resource<T> resource) {
    try {
      return Fields.of(resource.desired(Optional.empty()));
    } catch (InvalidValueException e) {
      // It cannot be created, only merged into what is there.
      return List.of();
    }
  }

  // ---- converging ----

  /** Reconciles all resources. */
  void converge() throws RunEnded {
    boolean wrote = reconcileOnce();
    for (int rounds = 1; request.isRepeated() && wrote; rounds++) {
      if (rounds >= MOST_PASSES) {
        throw othersKeepModifying();
      }
      driver.refreshLook();
      wrote = reconcileOnce();
    }
  }

  /** Prepares and reconciles once; returns whether anything was written. */
  private boolean reconcileOnce() throws RunEnded {
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
          if (reconcile(step)) {
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
        waitBeforeRestart(e);
      }
    }
  }

  private <T> void look(Step<T> step) throws RunEnded {
    if (driver.isKept(step)) {
      return;
    }
    Observed<T> seen = driver.read(step);
    step.looked = seen;
    assess(step, seen);
  }

  /**
   * {@return whether another process is deploying the variant that a change is for}
   *
   * <p>A resource that variants share is not changed for a variant that another process has deployed differently
   * meanwhile: that is refused as it would be at the first read.
   */
  private boolean isContested(Step<?> changed) throws RunEnded {
    for (Step<?> step : steps) {
      boolean isAhead = step.number > changed.number && !step.tried;
      if (isAhead
          && step.resource.role() == Role.VARIANT
          && step.resource.goal() == Goal.PRESENT
          && isBeingDeployed(step)) {
        return true;
      }
    }
    return false;
  }

  private <T> boolean isBeingDeployed(Step<T> variant) throws RunEnded {
    Observed<T> seen = driver.read(variant);
    if (seen.status() == Status.READY) {
      assess(variant, seen);
    }
    return seen.status() == Status.CHANGING;
  }

  private boolean reconcile(Step<?> step) throws RunEnded {
    return !driver.isKept(step) && drive(step);
  }

  private boolean drive(Step<?> step) throws RunEnded {
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

  /** Reconciles settings again: a delete may be rejected because of one that was changed and was not visible yet. */
  private void reconcileSettingsAgain(Step<?> removed) throws RunEnded {
    for (Step<?> step : steps) {
      if (step.number < removed.number && step.resource.goal() == Goal.ADJUSTED_IF_PRESENT) {
        try {
          reconcile(step);
        } catch (RunEnded e) {
          if (e.why != RunEnded.Why.RESTART) {
            throw e;
          }
          // It was deleted meanwhile, and with it the reason.
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

  /** Waits for a dependency of a step that was not found and may not be visible yet. */
  private void waitBeforeRestart(RunEnded ended) throws RunEnded {
    if (ended.why != RunEnded.Why.RESTART) {
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
   * {@return whether all resources are still as they were settled}
   *
   * <p>Those that were settled before the last change are read again. A run that changed an existing variant may have
   * taken it over from another run, which then rolls back its own resources, so everything is read again after a pause.
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
    if (!isAtGoal(step, goal, seen)) {
      // One read may have returned an older state.
      driver.pause(reconciler.polling().first());
      seen = driver.read(step);
    }
    boolean as = isAtGoal(step, goal, seen);
    if (!as
        && step.settled
        && step.resource.role() == Role.VARIANT
        && seen.status() != Status.CHANGING) {
      throw driver.lost(step, seen);
    }
    return as;
  }

  private static <T> boolean isAtGoal(Step<T> step, Goal goal, Observed<T> seen) {
    return goal == Goal.ABSENT
        ? seen.status() == Status.ABSENT || (seen.foreign() && step.isLeftAloneIfForeign())
        : seen.status() == Status.READY && step.isAsDesired(seen.value().orElseThrow());
  }
}
