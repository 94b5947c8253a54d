package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import io.fairlead.operation.Plan.Change;
import io.fairlead.reconcile.Observed.Status;
import io.fairlead.reconcile.Resource.Goal;
import io.fairlead.reconcile.Resource.Role;
import io.fairlead.reconcile.Run.Stopped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one loop: reads what is there, compares it with what should be, and walks there.
 *
 * <p>It first looks at every resource and refuses before anything was changed; then it brings each to its goal in order;
 * and if it changed something it looks again at what it had settled before, because another process may have been at
 * it. All that is known of the platform's answers is in the comments of this class and proven in the tests over every
 * call and every fault.
 */
final class Convergence<R> {
  /** How often a walk begins anew when others are at the same resources, before it gives way. */
  private static final int MOST_PASSES = 5;

  private final Reconciler reconciler;
  private final Walk<R> walk;
  private final Run<?> run;
  private final List<Step<?>> steps = new ArrayList<>();
  private final Set<ResourceRef> going = new HashSet<>();
  private Duration deadline;
  private @Nullable Inventory inventory;
  private Walk.@Nullable Content<R> content;
  private int inventoryTakenAt;

  /** Nothing was written and nothing was waited for since the walk looked. */
  private boolean calm = true;

  /** Somebody else holds the name now. */
  private boolean lost;

  private int writes;
  private @Nullable Preview previewing;
  private @Nullable Duration firstRestart;

  Convergence(Reconciler reconciler, Walk<R> walk, Run<?> run) {
    this.reconciler = reconciler;
    this.walk = walk;
    this.run = run;
    this.deadline = run.sinceBegin().plus(reconciler.limit());
  }

  /** Finds out what the walk is made of, which may itself be read from the platform. */
  private Walk.Content<R> prepare() throws Failure, Stopped, DeadlinePassed {
    Walk.Content<R> made = retrying(walk.subject(), walk.content());
    content = made;
    for (Resource<?> resource : made.resources()) {
      steps.add(new Step<>(resource, steps.size() + 1));
      if (!resource.isToBeThere()) {
        going.add(resource.ref());
      }
    }
    return made;
  }

  /** {@return what the operation returns} */
  R result() throws Failure {
    Walk.Content<R> made = content;
    if (made == null) {
      throw new Failure(
          walk.subject(),
          exception(ErrorKind.UNAVAILABLE, "what it is about could not be read", null));
    }
    Set<ResourceRef> deleted = new HashSet<>();
    for (Step<?> step : steps) {
      if (step.deleteAccepted) {
        deleted.add(step.resource.ref());
      }
    }
    return made.result().apply(deleted);
  }

  /** {@return whether the walk takes things out of service} */
  boolean isRemoval() {
    return steps.stream()
        .anyMatch(step -> !step.resource.isToBeThere() && step.resource.role() == Role.VARIANT);
  }

  /** Ends a walk in time, with the last thing that was seen. */
  @SuppressWarnings("serial") // never leaves this package
  static final class DeadlinePassed extends Exception {
    DeadlinePassed() {
      super(null, null, false, false);
    }
  }

  /** Begins the walk anew: something that a step depends on was not there. */
  @SuppressWarnings("serial") // never leaves this package
  private static final class Restart extends Exception {
    final ServingException cause;

    Restart(ServingException cause) {
      super(null, null, false, false);
      this.cause = cause;
    }
  }

  /** A failure with the step that it happened at. */
  @SuppressWarnings("serial") // never leaves this package
  static final class Failure extends Exception {
    final String resource;
    final ServingException why;

    Failure(String resource, ServingException why) {
      super(null, null, false, false);
      this.resource = resource;
      this.why = why;
    }
  }

  /** What is known of one resource in this run. */
  private static final class Step<T> {
    final Resource<T> resource;
    final int number;

    @Nullable
    Observed<T> looked;

    @Nullable
    Duration waitBegan;

    int failures;
    int contests;
    /** A call that makes it may have been sent, and nobody knows whether it arrived. */
    boolean ambiguous;

    boolean created;
    boolean deleteAccepted;
    boolean seenChanging;
    boolean failedHere;
    /** A call that makes or changes it was sent, even if it was refused. */
    boolean tried;
    /** It was as it should be at some time in this run. */
    boolean settled;

    @Nullable
    Duration acceptedAt;

    /** When a call that makes or changes it was last sent, whatever came back. */
    @Nullable
    Duration sentAt;

    @Nullable
    Duration hiddenSince;

    @Nullable
    String operation;

    @Nullable
    T before;

    @Nullable
    T written;

    /** What is not so is not removed. */
    Predicate<Observed<T>> onlyIf = seen -> true;

    Step(Resource<T> resource, int number) {
      this.resource = resource;
      this.number = number;
    }

    T desired(Optional<T> actual) {
      return resource.desired().apply(actual);
    }

    boolean matches(T actual) {
      return resource.kind().matches(desired(Optional.of(actual)), actual);
    }

    @Override
    public String toString() {
      return resource.ref().toString();
    }
  }

  // ---- looking ----

  /** {@return what the walk would do, read only; refuses by an exception where it cannot begin} */
  List<Change> look() throws Failure, Stopped, DeadlinePassed {
    prepare();
    List<Change> changes = new ArrayList<>();
    for (Step<?> step : steps) {
      changes.add(look(step));
    }
    return changes;
  }

  private <T> Change look(Step<T> step) throws Failure, Stopped, DeadlinePassed {
    Observed<T> seen = read(step);
    step.looked = seen;
    return judge(step, seen);
  }

  private <T> Change judge(Step<T> step, Observed<T> seen) throws Failure, Stopped, DeadlinePassed {
    Resource<T> resource = step.resource;
    if (seen.foreign()
        && (resource.goal() == Goal.ABSENT_IF_UNUSED || resource.goal() == Goal.ABSENT_IF_ORPHAN)) {
      return change(step, Action.KEEP, "it is not ours");
    }
    refuseForeign(step, seen);
    return switch (resource.goal()) {
      case REQUIRED -> {
        if (seen.status() == Status.ABSENT || seen.status() == Status.DELETING) {
          throw refusal(step, ErrorKind.NOT_FOUND, "is not there: deploy it first");
        }
        if (seen.status() == Status.FAILED) {
          throw refusal(
              step,
              ErrorKind.CONFLICT,
              "failed earlier (" + seen.detail() + "): deploy it again first");
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
        List<ResourceRef> users = usersOf(step);
        if (!users.isEmpty()) {
          going.remove(resource.ref());
          yield change(step, Action.KEEP, "used by " + users.get(0));
        }
        yield change(step, Action.DELETE);
      }
    };
  }

  private <T> Change judgePresent(Step<T> step, Observed<T> seen)
      throws Failure, Stopped, DeadlinePassed {
    if (seen.status() == Status.READY) {
      T actual = seen.value().orElseThrow();
      T desired = desired(step, seen);
      if (step.resource.kind().matches(desired, actual)) {
        return change(step, Action.KEEP);
      }
      refuseImmutable(step, actual, desired);
      return change(step, Action.UPDATE, Fields.changes(actual, desired).toArray(String[]::new));
    }
    desired(step, seen);
    return switch (seen.status()) {
      case ABSENT, DELETING -> change(step, Action.CREATE);
      case FAILED -> change(step, Action.REPLACE, seen.detail());
      default ->
        change(
            step,
            Action.KEEP,
            "on its way" + (seen.detail().isEmpty() ? "" : ": " + seen.detail()));
    };
  }

  private static Change change(Step<?> step, Action action, String... details) {
    return new Change(step.toString(), action, List.of(details));
  }

  /** {@return the walk's plan on what earlier walks of the same preview would have left} */
  Plan preview(Preview earlier) throws Stopped {
    List<Change> changes = new ArrayList<>();
    previewing = earlier;
    try {
      prepare();
      for (Step<?> step : steps) {
        changes.add(preview(step, earlier));
      }
      earlier.note(steps.stream().<Resource<?>>map(step -> step.resource).toList(), changes);
    } catch (Failure e) {
      changes.add(
          new Change(e.resource, Action.UNKNOWN, List.of(String.valueOf(e.why.getMessage()))));
    } catch (DeadlinePassed e) {
      changes.add(
          new Change(walk.subject(), Action.UNKNOWN, List.of("it could not be read in time")));
    }
    return new Plan(changes, walk.lossy());
  }

  private <T> Change preview(Step<T> step, Preview earlier) throws Stopped {
    Change change;
    Observed<T> seen = Observed.absent();
    try {
      Optional<Observed<T>> left = earlier.find(step.resource);
      seen = left.isPresent() ? left.get() : read(step);
      change = judge(step, seen);
    } catch (Failure e) {
      boolean unread = e.why.kind() == ErrorKind.UNAUTHORIZED || e.why.retryable();
      change =
          change(step, unread ? Action.UNKNOWN : Action.REFUSE, String.valueOf(e.why.getMessage()));
    } catch (DeadlinePassed e) {
      change = change(step, Action.UNKNOWN, "it could not be read in time");
    }
    earlier.note(step.resource, change.action(), seen);
    return change;
  }

  // ---- walking ----

  /** Walks to the goal. */
  void walk() throws Failure, Stopped, DeadlinePassed {
    look();
    for (int pass = 1; ; pass++) {
      try {
        int lastWritten = 0;
        for (Step<?> step : steps) {
          run.checkStop();
          if (bring(step)) {
            lastWritten = step.number;
          }
        }
        if (othersKeptTheirHandsOff(lastWritten)) {
          return;
        }
        if (pass == MOST_PASSES) {
          throw new Failure(
              walk.subject(),
              exception(
                  ErrorKind.CONFLICT,
                  "others keep changing the same resources: run it again when they have ended",
                  null));
        }
      } catch (Restart e) {
        waitToRestart(e);
      }
    }
  }

  private void waitToRestart(Restart restart) throws Failure, Stopped, DeadlinePassed {
    Duration now = run.sinceBegin();
    if (firstRestart == null) {
      firstRestart = now;
    } else if (now.minus(firstRestart).compareTo(reconciler.retry().settling()) > 0) {
      throw new Failure(walk.subject(), restart.cause);
    }
    pause(reconciler.retry().first());
  }

  /**
   * {@return whether all is as it was settled}
   *
   * <p>What was settled before the last change is looked at again. A run that changed a variant that was there may have
   * taken it from another run, which then takes back its own pieces, so everything is looked at, a moment later.
   */
  private boolean othersKeptTheirHandsOff(int lastWritten) throws Failure, Stopped, DeadlinePassed {
    boolean tookOver = steps.stream()
        .anyMatch(step ->
            step.resource.role() == Role.VARIANT && (step.before != null || step.contests > 0));
    if (tookOver) {
      pause(reconciler.polling().first());
    }
    for (Step<?> step : steps) {
      if ((tookOver || step.number < lastWritten) && !isAsSettled(step)) {
        return false;
      }
    }
    return true;
  }

  private <T> boolean isAsSettled(Step<T> step) throws Failure, Stopped, DeadlinePassed {
    Goal goal = step.resource.goal();
    boolean fixed = step.resource.kind().isNamedByContent() || step.resource.role() == Role.SHARED;
    if (fixed || (goal != Goal.PRESENT && goal != Goal.ABSENT)) {
      return true;
    }
    Observed<T> seen = read(step);
    if (!isAs(step, goal, seen)) {
      // One look may have been at an older state.
      pause(reconciler.polling().first());
      seen = read(step);
    }
    boolean as = isAs(step, goal, seen);
    if (!as) {
      refuseIfLost(step, seen);
    }
    return as;
  }

  private static <T> boolean isAs(Step<T> step, Goal goal, Observed<T> seen) {
    return goal == Goal.ABSENT
        ? seen.status() == Status.ABSENT
        : seen.status() == Status.READY && step.matches(seen.value().orElseThrow());
  }

  private <T> boolean bring(Step<T> step) throws Failure, Stopped, DeadlinePassed, Restart {
    step.waitBegan = null;
    step.failures = 0;
    return switch (step.resource.goal()) {
      case PRESENT, ADJUSTED_IF_PRESENT -> bringThere(step);
      case REQUIRED -> waitUntilReady(step);
      case ABSENT, ABSENT_IF_UNUSED, ABSENT_IF_ORPHAN -> remove(step, "deleting");
    };
  }

  private <T> boolean waitUntilReady(Step<T> step) throws Failure, Stopped, DeadlinePassed {
    for (Observed<T> seen = first(step); ; seen = read(step)) {
      if (seen.status() == Status.READY) {
        return false;
      }
      judge(step, seen);
      waitFor(step, seen.detail());
    }
  }

  /** Brings one resource to where it should be and returns whether anything was written. */
  private <T> boolean bringThere(Step<T> step) throws Failure, Stopped, DeadlinePassed, Restart {
    boolean wrote = false;
    Observed<T> seen = first(step);
    boolean isFresh = true;
    while (true) {
      Optional<Outcome> outcome = outcome(step);
      if (outcome.isEmpty() && !isFresh) {
        seen = read(step);
        isFresh = true;
      }
      refuseForeign(step, seen);
      adopt(step, seen);
      if (outcome.isPresent() && outcome.get().state() == Outcome.State.FAILED) {
        // It is over: nothing of it may still show.
        step.sentAt = null;
        step.failedHere = true;
        throw new Failure(step.toString(), outcome.get().error().orElseThrow());
      }
      if (outcome.isPresent() && outcome.get().state() == Outcome.State.SUCCEEDED) {
        // What was read before the operation ended says nothing of what there is now.
        step.acceptedAt = run.sinceBegin();
        step.seenChanging = false;
        seen = read(step);
        isFresh = true;
        continue;
      }
      String stage =
          outcome.map(Outcome::stage).filter(text -> !text.isEmpty()).orElse(seen.detail());
      if (outcome.isPresent()) {
        // The operation alone tells how far it is; the resource is read when it has ended.
        step.seenChanging = true;
        waitFor(step, stage);
      } else {
        switch (seen.status()) {
          case READY -> {
            T actual = seen.value().orElseThrow();
            T desired = desired(step, seen);
            if (step.resource.kind().matches(desired, actual)) {
              if (step.tried) {
                tidy(step);
              }
              settle(step, wrote);
              return wrote;
            }
            wrote |= change(step, seen, actual, desired);
          }
          case CHANGING -> {
            step.seenChanging = true;
            waitFor(step, stage);
          }
          case DELETING -> waitFor(step, "waiting until it is gone");
          case FAILED -> {
            if (step.acceptedAt != null || step.seenChanging) {
              step.failedHere = true;
              throw new Failure(
                  step.toString(), exception(ErrorKind.MODEL_FAILED, reason(seen), null));
            }
            report(step, "it failed earlier (" + reason(seen) + "); making it anew");
            delete(step, seen);
            waitFor(step, "waiting until it is gone");
          }
          case ABSENT -> {
            if (step.resource.goal() == Goal.ADJUSTED_IF_PRESENT) {
              return wrote;
            }
            refuseIfLost(step, seen);
            wrote |= create(step, seen);
          }
        }
      }
      isFresh = step.operation == null;
      seen = isFresh ? read(step) : seen;
    }
  }

  /** After a lost answer, what is there now may be what this run made. */
  private void adopt(Step<?> step, Observed<?> seen) {
    boolean there = seen.status() != Status.ABSENT && seen.status() != Status.DELETING;
    if (step.ambiguous && there) {
      step.ambiguous = false;
      step.created = seen.run().map(run.id().value()::equals).orElse(true);
      step.acceptedAt = run.sinceBegin();
    }
  }

  private <T> boolean create(Step<T> step, Observed<T> seen)
      throws Failure, Stopped, DeadlinePassed, Restart {
    if (isSettling(step)) {
      waitFor(step, "waiting until it shows");
      return false;
    }
    if (step.created && step.seenChanging) {
      throw new Failure(
          step.toString(),
          exception(
              ErrorKind.MODEL_FAILED,
              "it went away while it was being made: " + reason(seen),
              null));
    }
    T desired = desired(step, seen);
    step.seenChanging = false;
    boolean wasAmbiguous = step.ambiguous;
    Duration wasSentAt = step.sentAt;
    try {
      report(step, "creating");
      step.tried = true;
      step.written = desired;
      step.sentAt = run.sinceBegin();
      step.ambiguous = true;
      Started started = step.resource.kind().create(step.resource.name(), desired, mark(step));
      step.created = true;
      accepted(step, started, desired);
      return true;
    } catch (ServingException e) {
      step.ambiguous = wasAmbiguous || mayHaveBeenDone(e.kind());
      step.sentAt = mayHaveBeenDone(e.kind()) ? step.sentAt : wasSentAt;
      switch (e.kind()) {
        case ALREADY_EXISTS -> waitForHidden(step, e);
        case NOT_FOUND -> throw new Restart(e);
        default -> retryLater(step, e);
      }
      return step.ambiguous;
    }
  }

  /** {@return whether a call that failed so may have had its effect all the same} */
  private static boolean mayHaveBeenDone(ErrorKind kind) {
    return kind == ErrorKind.TIMEOUT
        || kind == ErrorKind.UNAVAILABLE
        || kind == ErrorKind.CANCELLED
        || kind == ErrorKind.UNKNOWN;
  }

  /** It is said to be there and cannot be read: it was just made, is just going, or is where we cannot look. */
  private void waitForHidden(Step<?> step, ServingException e)
      throws Failure, Stopped, DeadlinePassed {
    Duration now = run.sinceBegin();
    if (step.hiddenSince == null) {
      step.hiddenSince = now;
    } else if (now.minus(step.hiddenSince).compareTo(reconciler.retry().settling()) > 0) {
      throw new Failure(
          step.toString(),
          exception(
              ErrorKind.ALREADY_EXISTS,
              "the name is taken by something that cannot be read from here (another account, project or resource group?): "
                  + "choose another name (" + e.getMessage() + ")",
              e));
    }
    waitFor(step, "waiting until it shows");
  }

  private <T> boolean change(Step<T> step, Observed<T> seen, T actual, T desired)
      throws Failure, Stopped, DeadlinePassed, Restart {
    refuseIfLost(step, seen);
    T before = step.before;
    if (step.acceptedAt != null && before != null) {
      boolean asBefore = step.resource.kind().matches(before, actual);
      if (asBefore && !step.seenChanging && isSettling(step)) {
        waitFor(step, "waiting until the change shows");
        return false;
      }
      if (asBefore) {
        throw new Failure(step.toString(), takenBack(seen));
      }
    }
    if (step.acceptedAt != null && ++step.contests > MOST_PASSES) {
      throw new Failure(
          step.toString(),
          exception(
              ErrorKind.CONFLICT,
              "somebody else keeps changing it: run this again when they have ended",
              null));
    }
    refuseImmutable(step, actual, desired);
    if (step.before == null && !step.created) {
      step.before = actual;
    }
    step.seenChanging = false;
    Duration wasSentAt = step.sentAt;
    try {
      report(step, "updating " + String.join(", ", Fields.changes(actual, desired)));
      step.tried = true;
      step.written = desired;
      step.sentAt = run.sinceBegin();
      accepted(step, step.resource.kind().update(step.resource.name(), seen, desired), desired);
      return true;
    } catch (ServingException e) {
      step.sentAt = mayHaveBeenDone(e.kind()) ? step.sentAt : wasSentAt;
      if (e.kind() == ErrorKind.NOT_FOUND) {
        throw new Restart(e);
      }
      step.acceptedAt = null;
      retryLater(step, e);
      return true;
    }
  }

  private ServingException takenBack(Observed<?> seen) {
    return seen.detail().isEmpty()
        ? exception(
            ErrorKind.UNKNOWN,
            "it is again as it was before: the platform took the change back and gives no reason, or somebody else did",
            null)
        : exception(
            ErrorKind.MODEL_FAILED, "the platform took the change back: " + seen.detail(), null);
  }

  private <T> void accepted(Step<T> step, Started started, T desired) {
    writes++;
    calm = false;
    firstRestart = null;
    step.failures = 0;
    step.ambiguous = false;
    step.hiddenSince = null;
    step.written = desired;
    step.acceptedAt = run.sinceBegin();
    step.waitBegan = run.sinceBegin();
    step.operation = started.operation().orElse(null);
  }

  private void settle(Step<?> step, boolean wrote) {
    step.settled = true;
    step.operation = null;
    Duration took =
        step.acceptedAt == null ? Duration.ZERO : run.sinceBegin().minus(step.acceptedAt);
    report(
        step,
        wrote
            ? "ready" + (took.toSeconds() > 0 ? " after " + took.toSeconds() + " s" : "")
            : "is as it should be");
  }

  private boolean isSettling(Step<?> step) {
    return step.acceptedAt != null
        && run.sinceBegin().minus(step.acceptedAt).compareTo(reconciler.retry().settling()) < 0;
  }

  // ---- removing ----

  /** Brings one resource away and returns whether anything was written. */
  private <T> boolean remove(Step<T> step, String verb) throws Failure, Stopped, DeadlinePassed {
    boolean wrote = false;
    // While an operation is at work, it alone tells how far it is.
    for (Observed<T> seen = first(step); ; seen = step.operation == null ? read(step) : seen) {
      if (seen.status() == Status.ABSENT) {
        // Also where nothing had to be done any more: a run that died may not have come to this.
        if (wrote || step.resource.goal() != Goal.ABSENT_IF_ORPHAN) {
          tidy(step);
        }
        if (wrote) {
          report(step, "gone");
        }
        return wrote;
      }
      if (step.resource.goal() != Goal.ABSENT && (seen.foreign() || isStillUsed(step))) {
        return wrote;
      }
      refuseForeign(step, seen);
      if (!step.onlyIf.test(seen)) {
        return wrote;
      }
      Optional<Outcome> outcome = outcome(step);
      if (outcome.isPresent() && outcome.get().state() == Outcome.State.FAILED) {
        throw new Failure(step.toString(), outcome.get().error().orElseThrow());
      }
      if (outcome.isPresent() && outcome.get().state() == Outcome.State.SUCCEEDED) {
        step.acceptedAt = run.sinceBegin();
        continue;
      }
      if (outcome.isPresent()
          || seen.status() == Status.DELETING
          || (step.acceptedAt != null && isSettling(step))) {
        waitFor(step, "waiting until it is gone");
      } else {
        report(step, verb);
        delete(step, seen);
        wrote = true;
      }
    }
  }

  private void tidy(Step<?> step) throws Failure, Stopped, DeadlinePassed {
    retrying(step.toString(), () -> {
      step.resource.kind().tidy(step.resource.name());
      return true;
    });
    step.tried = false;
  }

  /** Something may have begun to use it since it was looked at. */
  private boolean isStillUsed(Step<?> step) throws Failure, Stopped, DeadlinePassed {
    Goal goal = step.resource.goal();
    if (goal == Goal.ABSENT || step.acceptedAt != null) {
      return false;
    }
    if (going.contains(step.resource.ref())) {
      boolean used = goal == Goal.ABSENT_IF_ORPHAN
          ? inventory(step).orphans().stream()
              .noneMatch(orphan -> orphan.ref().equals(step.resource.ref()))
          : !usersOf(step).isEmpty();
      if (!used) {
        return false;
      }
      going.remove(step.resource.ref());
    }
    report(step, "stays: something else uses it");
    return true;
  }

  private <T> void delete(Step<T> step, Observed<T> seen) throws Failure, Stopped, DeadlinePassed {
    try {
      Started started = step.resource.kind().delete(step.resource.name(), seen);
      writes++;
      calm = false;
      step.failures = 0;
      step.operation = started.operation().orElse(null);
      if (!step.resource.isToBeThere()) {
        step.deleteAccepted = true;
        step.acceptedAt = run.sinceBegin();
      }
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        waitFor(step, "waiting until it is gone");
      } else {
        retryLater(step, e);
      }
    }
  }

  // ---- undoing ----

  /** What became of what a failed run had done. */
  record Undone(List<String> takenBack, List<String> left, List<Throwable> problems) {}

  /** Takes back, in reverse order, what this run made or changed, and nothing else. */
  Undone undo() throws Stopped {
    Undone undone = new Undone(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    deadline = run.sinceBegin().plus(reconciler.limit());
    List<Step<?>> reversed = new ArrayList<>(steps);
    Collections.reverse(reversed);
    inventory = null;
    steps.stream()
        .filter(step -> step.created || step.ambiguous)
        .forEach(step -> going.add(step.resource.ref()));
    // What variants share is what the one who holds the name needs it to be, and what goes no
    // longer needs its share.
    boolean forward = lost || (isRemoval() && steps.stream().anyMatch(step -> step.deleteAccepted));
    for (Step<?> step : reversed) {
      run.checkStop();
      boolean made = step.created || step.ambiguous || step.failedHere;
      boolean changed =
          step.before != null && !(forward && step.resource.role() == Role.SHARED_SETTING);
      if (made || changed || step.tried) {
        undo(step, made || changed, undone);
      }
    }
    return undone;
  }

  private <T> void undo(Step<T> step, boolean done, Undone undone) throws Stopped {
    step.looked = null;
    step.acceptedAt = null;
    step.waitBegan = null;
    step.failures = 0;
    try {
      boolean restored =
          done && ((step.before != null && !step.created) ? restore(step) : takeAway(step));
      if (restored) {
        undone.takenBack.add(step.toString());
      }
      if (step.tried) {
        tidy(step);
      }
    } catch (Failure e) {
      undone.left.add(step + " (" + e.why.getMessage() + ")");
      undone.problems.add(e.why);
    } catch (DeadlinePassed e) {
      undone.left.add(step + " (it was not gone in time)");
    }
  }

  /** Only what nobody else has changed since is taken away. */
  private <T> boolean takeAway(Step<T> step) throws Failure, Stopped, DeadlinePassed {
    Observed<T> seen = read(step);
    step.waitBegan = run.sinceBegin();
    while ((step.ambiguous || step.created)
        && seen.status() == Status.ABSENT
        && mayStillShow(step)) {
      waitFor(step, "waiting whether it shows after all");
      seen = read(step);
    }
    adopt(step, seen);
    if (seen.status() == Status.ABSENT || !isOfThisRun(step, seen)) {
      going.remove(step.resource.ref());
      return false;
    }
    Goal goal = step.resource.role() == Role.SHARED ? Goal.ABSENT_IF_UNUSED : Goal.ABSENT;
    Step<T> removal = new Step<>(step.resource.to(goal), step.number);
    removal.onlyIf = now -> isOfThisRun(step, now);
    return remove(removal, "taking back");
  }

  /** {@return whether what this run sent may be done and not show yet} */
  private boolean mayStillShow(Step<?> step) {
    return step.sentAt != null
        && run.sinceBegin().minus(step.sentAt).compareTo(reconciler.retry().settling()) < 0;
  }

  private <T> boolean isOfThisRun(Step<T> step, Observed<T> seen) {
    boolean made = step.created && seen.run().map(run.id().value()::equals).orElse(true);
    boolean unchanged = seen.status() != Status.READY
        || step.written == null
        || step.resource.kind().matches(step.written, seen.value().orElseThrow());
    boolean failed = step.failedHere && seen.status() == Status.FAILED;
    return !seen.foreign() && unchanged && (made || failed);
  }

  /**
   * Only what is still as this run wrote it is brought back to what it was, once the change has ended that is under way:
   * until then, what is read may be what was there before.
   */
  private <T> boolean restore(Step<T> step) throws Failure, Stopped, DeadlinePassed {
    T before = requireNonNull(step.before);
    T written = step.written;
    boolean sent = false;
    Duration refusedSince = null;
    while (true) {
      Observed<T> seen = read(step);
      Optional<Outcome> outcome = outcome(step);
      Outcome.State work = outcome.map(Outcome::state).orElse(null);
      if (work == Outcome.State.FAILED && sent) {
        throw new Failure(step.toString(), outcome.orElseThrow().error().orElseThrow());
      }
      if (work == Outcome.State.FAILED || work == Outcome.State.SUCCEEDED) {
        // What was read before the operation ended says nothing of what there is now.
        step.sentAt = work == Outcome.State.FAILED ? null : run.sinceBegin();
        continue;
      }
      if (work == Outcome.State.RUNNING || seen.status() == Status.CHANGING) {
        waitFor(step, seen.detail());
        continue;
      }
      if (seen.status() != Status.READY) {
        return false;
      }
      T actual = seen.value().orElseThrow();
      boolean asBefore = step.resource.kind().matches(before, actual);
      boolean asWritten = written != null && step.resource.kind().matches(written, actual);
      if (asBefore && (sent || asWritten || !mayStillShow(step))) {
        return sent;
      }
      if (asBefore || (sent && mayStillShow(step))) {
        waitFor(step, "waiting whether the change shows");
        continue;
      }
      if (!asWritten) {
        return false;
      }
      report(step, "taking back");
      try {
        step.sentAt = run.sinceBegin();
        step.operation = step.resource
            .kind()
            .update(step.resource.name(), seen, before)
            .operation()
            .orElse(null);
        sent = true;
      } catch (ServingException e) {
        refusedSince = refusedSince == null ? run.sinceBegin() : refusedSince;
        if (run.sinceBegin().minus(refusedSince).compareTo(reconciler.retry().settling()) > 0) {
          throw new Failure(step.toString(), e);
        }
        retryLater(step, e);
      }
    }
  }

  // ---- refusing ----

  private void refuseForeign(Step<?> step, Observed<?> seen) throws Failure {
    if (seen.foreign() && seen.status() != Status.ABSENT) {
      throw refusal(
          step,
          ErrorKind.ALREADY_EXISTS,
          "is there already and was not made by this library, so it is not touched: choose another name, or remove it "
              + "yourself");
    }
  }

  private <T> void refuseImmutable(Step<T> step, T actual, T desired) throws Failure {
    Optional<String> reason = step.resource.kind().cannotUpdate(actual, desired);
    if (reason.isPresent()) {
      throw refusal(step, ErrorKind.CONFLICT, reason.get());
    }
  }

  /** The resource that serves requests decides which of several deployments holds the name: the last to write it. */
  private void refuseIfLost(Step<?> step, Observed<?> seen) throws Failure {
    if (step.settled && step.resource.role() == Role.VARIANT && seen.status() != Status.CHANGING) {
      lost = true;
      throw refusal(
          step,
          ErrorKind.CONFLICT,
          "was " + (seen.status() == Status.READY ? "changed" : "removed")
              + " by somebody else meanwhile, and theirs "
              + "stays: look at it, and run this again if it should be yours");
    }
  }

  private Failure refusal(Step<?> step, ErrorKind kind, String why) {
    // What the platform would answer to the same call a moment later is the same.
    return new Failure(
        step.toString(),
        ServingException.builder(reconciler.platform(), kind, step + " " + why)
            .retryable(false)
            .build());
  }

  // ---- calling and waiting ----

  private <T> T desired(Step<T> step, Observed<T> seen) throws Failure, Stopped, DeadlinePassed {
    try {
      return retrying(step.toString(), () -> step.desired(seen.value()));
    } catch (InvalidValueException e) {
      throw new Failure(
          step.toString(), exception(ErrorKind.CONFLICT, String.valueOf(e.getMessage()), e));
    }
  }

  /** {@return what was seen when the walk looked, if nothing has happened since, or what is seen now} */
  private <T> Observed<T> first(Step<T> step) throws Failure, Stopped, DeadlinePassed {
    Observed<T> looked = step.looked;
    step.looked = null;
    // Making what is not there finds out by itself if it came meanwhile.
    boolean toBeMade =
        step.resource.goal() == Goal.PRESENT && step.resource.role() != Role.SHARED_SETTING;
    boolean trusted = calm || (looked != null && looked.status() == Status.ABSENT && toBeMade);
    return looked != null && trusted ? looked : read(step);
  }

  private <T> Observed<T> read(Step<T> step) throws Failure, Stopped, DeadlinePassed {
    return retrying(step.toString(), () -> {
      try {
        return step.resource.kind().read(step.resource.name());
      } catch (ServingException e) {
        if (e.kind() == ErrorKind.NOT_FOUND) {
          return Observed.absent();
        }
        throw e;
      }
    });
  }

  private Inventory inventory(Step<?> step) throws Failure, Stopped, DeadlinePassed {
    // Something else may have begun to use a thing while this run wrote or waited.
    Inventory known = inventory;
    if (known == null || inventoryTakenAt != writes) {
      known = retrying(step.toString(), reconciler::inventory);
      inventory = known;
      inventoryTakenAt = writes;
    }
    return known;
  }

  private List<ResourceRef> usersOf(Step<?> step) throws Failure, Stopped, DeadlinePassed {
    ResourceRef ref = step.resource.ref();
    List<ResourceRef> users = new ArrayList<>(inventory(step).usersOf(ref, going));
    Preview earlier = previewing;
    if (earlier != null) {
      users.removeIf(earlier::isGone);
      users.addAll(earlier.plannedUsersOf(ref, going));
    }
    return users;
  }

  private <V> V retrying(String what, Supplier<V> call) throws Failure, Stopped, DeadlinePassed {
    int failures = 0;
    while (true) {
      try {
        return call.get();
      } catch (ServingException e) {
        if (!e.retryable() || ++failures >= reconciler.retry().attempts()) {
          throw new Failure(what, e);
        }
        pauseAfter(failures, e);
      }
    }
  }

  /** {@return how far the platform's operation is, if there is one; one that cannot be asked counts as at work} */
  private Optional<Outcome> outcome(Step<?> step) throws Failure {
    String operation = step.operation;
    if (operation == null) {
      return Optional.empty();
    }
    try {
      Outcome outcome = step.resource.kind().poll(operation);
      if (outcome.state() != Outcome.State.RUNNING) {
        step.operation = null;
      }
      return Optional.of(outcome);
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        step.operation = null;
        return Optional.empty();
      }
      if (!e.retryable()) {
        step.operation = null;
        throw new Failure(step.toString(), e);
      }
      return Optional.of(Outcome.running("its progress cannot be read at the moment"));
    }
  }

  /** Waits after a call that was refused for now or whose answer was lost, or fails if that happened too often. */
  private void retryLater(Step<?> step, ServingException e)
      throws Failure, Stopped, DeadlinePassed {
    if (!e.retryable()) {
      throw new Failure(step.toString(), e);
    }
    if (e.kind() == ErrorKind.CONFLICT) {
      if (e.retryAfter().isPresent()) {
        pause(e.retryAfter().get());
      } else {
        waitFor(step, "waiting: " + e.getMessage());
      }
      return;
    }
    if (++step.failures >= reconciler.retry().attempts()) {
      throw new Failure(step.toString(), e);
    }
    report(step, "trying again: " + e.getMessage());
    pauseAfter(step.failures, e);
  }

  private void pauseAfter(int failures, ServingException e) throws Stopped, DeadlinePassed {
    Duration pause = reconciler.retry().pauseAfter(failures, reconciler.random());
    Duration asked = e.retryAfter().orElse(Duration.ZERO);
    pause(asked.compareTo(pause) > 0 ? asked : pause);
  }

  private void waitFor(Step<?> step, String detail) throws Stopped, DeadlinePassed {
    Duration now = run.sinceBegin();
    if (step.waitBegan == null) {
      step.waitBegan = now;
    }
    Duration waited = now.minus(step.waitBegan);
    report(
        step,
        (detail.isEmpty() ? "on its way" : detail)
            + (waited.toSeconds() > 0 ? " (" + waited.toSeconds() + " s)" : ""));
    pause(reconciler.polling().next(waited, reconciler.random()));
  }

  /** Waits, at most until the deadline, after which the caller looks one last time. */
  private void pause(Duration duration) throws Stopped, DeadlinePassed {
    Duration remaining = deadline.minus(run.sinceBegin());
    if (remaining.isNegative() || remaining.isZero()) {
      throw new DeadlinePassed();
    }
    calm = false;
    inventory = null;
    run.pause(duration.compareTo(remaining) < 0 ? duration : remaining);
  }

  private void report(Step<?> step, String message) {
    run.report(step.number, steps.size(), step.toString(), message);
  }

  private Mark mark(Step<?> step) {
    boolean forAll = step.resource.kind().isNamedByContent();
    return new Mark(forAll ? "" : walk.deployment(), run.id().value());
  }

  private static String reason(Observed<?> seen) {
    return seen.detail().isEmpty() ? "the platform gives no reason" : seen.detail();
  }

  private ServingException exception(ErrorKind kind, String message, @Nullable Throwable cause) {
    return ServingException.builder(reconciler.platform(), kind, message)
        .retryable(false)
        .cause(cause)
        .build();
  }
}
