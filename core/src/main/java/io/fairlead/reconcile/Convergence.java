package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import io.fairlead.operation.Plan.Change;
import io.fairlead.reconcile.Observed.Status;
import io.fairlead.reconcile.ReconcileRequest.Content;
import io.fairlead.reconcile.ReconcileRequest.Guard;
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
 * The one loop: reads what is there, compares it with what should be, and brings it there.
 *
 * <p>It first looks at every resource and refuses before anything was changed; then it brings each to its goal in order;
 * and if it changed something it looks again at what it had settled before, because another process may have been at
 * it. All that is known of the platform's answers is in the comments of this class and proven in the tests over every
 * call and every fault.
 */
final class Convergence<R> {
  /** How often a pass begins anew when others are at the same resources, before it gives way. */
  private static final int MOST_PASSES = 5;

  /** How often a resource is created that the platform reports as done and does not show. */
  private static final int MOST_CREATIONS = 3;

  private final Reconciler reconciler;
  private final ReconcileRequest<R> request;
  private final Run<?> run;
  private final List<Step<?>> steps = new ArrayList<>();
  private final Set<ResourceRef> going = new HashSet<>();
  private final Set<ResourceRef> deleted = new HashSet<>();

  /** What was listed when the operation was prepared. */
  private final Set<ResourceRef> listed = new HashSet<>();

  private Look look = new Look();
  private Duration deadline;
  private @Nullable Inventory inventory;
  private @Nullable Content<R> content;
  private int inventoryTakenAt;

  /** Nothing was written and nothing was waited for since the first look. */
  private boolean calm = true;

  /** Somebody else holds the name now. */
  private boolean lost;

  private int writes;
  private @Nullable Preview previewing;
  private @Nullable Duration firstRestart;

  Convergence(Reconciler reconciler, ReconcileRequest<R> request, Run<?> run) {
    this.reconciler = reconciler;
    this.request = request;
    this.run = run;
    this.deadline = run.sinceBegin().plus(reconciler.limit());
  }

  /** Finds out what the request is made of, which may itself be read from files or from the platform. */
  private Content<R> prepare() throws Failure, Stopped, DeadlinePassed {
    Content<R> made;
    try {
      made = retrying(request.subject(), () -> request.content().prepare(new Preparation()));
    } catch (PreparationEnded e) {
      if (e.stopped != null) {
        throw e.stopped;
      }
      throw new DeadlinePassed();
    } catch (InvalidValueException e) {
      throw new Failure(
          request.subject(), exception(ErrorKind.INVALID, String.valueOf(e.getMessage()), e));
    }
    content = made;
    steps.clear();
    going.clear();
    for (Resource<?> resource : made.resources()) {
      steps.add(step(resource));
      if (!resource.isToBeThere()) {
        going.add(resource.ref());
      }
    }
    return made;
  }

  private <T> Step<T> step(Resource<T> resource) {
    return new Step<>(resource, reconciler.kind(resource.kind()), steps.size() + 1);
  }

  /** What a preparation of this run goes through. */
  private final class Preparation implements ReconcileRequest.Preparing {
    @Override
    public Inventory inventory() {
      Inventory now = knownInventory();
      now.entries().forEach(entry -> listed.add(entry.ref()));
      return now;
    }

    @Override
    public void report(String message) {
      run.report(0, 0, "", message);
    }

    @Override
    public void checkStop() {
      try {
        run.checkStop();
      } catch (Stopped e) {
        throw new PreparationEnded(e);
      }
      if (run.sinceBegin().compareTo(deadline) > 0) {
        throw new PreparationEnded(null);
      }
    }
  }

  /** Carries what ends a preparation through code that declares no exceptions. */
  @SuppressWarnings("serial") // never leaves this class
  private static final class PreparationEnded extends RuntimeException {
    /** Why; nothing if the deadline has passed. */
    final @Nullable Stopped stopped;

    PreparationEnded(@Nullable Stopped stopped) {
      super(null, stopped, false, false);
      this.stopped = stopped;
    }
  }

  /** {@return what the operation returns} */
  R result() throws Failure {
    Content<R> made = content;
    if (made == null) {
      throw new Failure(
          request.subject(),
          exception(ErrorKind.UNAVAILABLE, "what it is about could not be read", null));
    }
    return made.result().apply(Set.copyOf(deleted));
  }

  /** {@return whether the operation takes things out of service} */
  boolean isRemoval() {
    return steps.stream()
        .anyMatch(step -> !step.resource.isToBeThere() && step.resource.role() == Role.VARIANT);
  }

  /** Ends an operation in time, with the last thing that was seen. */
  @SuppressWarnings("serial") // never leaves this package
  static final class DeadlinePassed extends Exception {
    DeadlinePassed() {
      super(null, null, false, false);
    }
  }

  /** Begins the pass anew: something that a step depends on was not there. */
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
    final ResourceKind<T> kind;
    final int number;

    @Nullable
    Observed<T> looked;

    @Nullable
    Duration waitBegan;

    int failures;
    int failedOperations;
    int contests;
    int creations;
    /** The last change failed for a reason that passes, and is tried again. */
    boolean retrying;
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

    /** The platform does not want to be asked before. */
    @Nullable
    Duration notBefore;

    @Nullable
    T before;

    @Nullable
    T written;

    /** What is not so is not removed. */
    Predicate<Observed<T>> onlyIf = seen -> true;

    Step(Resource<T> resource, ResourceKind<T> kind, int number) {
      this.resource = resource;
      this.kind = kind;
      this.number = number;
    }

    boolean matches(T actual) {
      return kind.matches(resource.desired(Optional.of(actual)), actual);
    }

    @Override
    public String toString() {
      return resource.ref().toString();
    }
  }

  // ---- looking ----

  /** {@return what would be done, read only; refuses by an exception where it cannot begin} */
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
    if (seen.foreign() && isLeftAloneIfForeign(step)) {
      return change(step, Action.KEEP, "it is not managed by Fairlead");
    }
    refuseForeign(step, seen);
    return switch (resource.goal()) {
      case REQUIRED -> {
        if (seen.status() == Status.ABSENT || seen.status() == Status.DELETING) {
          throw refusal(
              step,
              ErrorKind.NOT_FOUND,
              resource.role() == Role.SHARED
                  ? "is not there: package the model again"
                  : "is not there: deploy it first");
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

  /** A variant of others blocks its name; a part or a shared resource of theirs is their business. */
  private static boolean isLeftAloneIfForeign(Step<?> step) {
    return switch (step.resource.goal()) {
      case ABSENT_IF_UNUSED, ABSENT_IF_ORPHAN -> true;
      case ABSENT -> step.resource.role() != Role.VARIANT;
      default -> false;
    };
  }

  private <T> Change judgePresent(Step<T> step, Observed<T> seen)
      throws Failure, Stopped, DeadlinePassed {
    if (seen.status() == Status.READY) {
      T actual = seen.value().orElseThrow();
      T desired = desired(step, seen);
      if (step.kind.matches(desired, actual)) {
        return change(step, Action.KEEP);
      }
      refuseImmutable(step, actual, desired);
      return change(step, Action.UPDATE, Fields.changes(actual, desired).toArray(String[]::new));
    }
    T wanted = desired(step, seen);
    if (seen.status() == Status.ABSENT) {
      refuseUncreatable(step, wanted);
    }
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

  /** {@return the plan on what earlier operations of the same preview would have left} */
  Plan preview(Preview earlier) throws Stopped {
    List<Change> changes = new ArrayList<>();
    previewing = earlier;
    look = earlier.look();
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
          new Change(request.subject(), Action.UNKNOWN, List.of("it could not be read in time")));
    }
    Content<R> made = content;
    return new Plan(changes, made == null ? List.of() : made.ignored());
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

  // ---- converging ----

  /** Brings the platform to where it should be. */
  void converge() throws Failure, Stopped, DeadlinePassed {
    boolean wrote = round();
    for (int rounds = 1; request.isRepeated() && wrote; rounds++) {
      if (rounds >= MOST_PASSES) {
        throw othersKeepChanging();
      }
      lookAnew();
      wrote = round();
    }
  }

  /** Finds out what there is to do and does it; returns whether anything was written. */
  private boolean round() throws Failure, Stopped, DeadlinePassed {
    int before = writes;
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
        if (isUndisturbed(lastWritten)) {
          return writes > before;
        }
        if (pass >= MOST_PASSES) {
          throw othersKeepChanging();
        }
      } catch (Restart e) {
        waitToRestart(e);
      }
    }
  }

  private Failure othersKeepChanging() {
    return new Failure(
        request.subject(),
        exception(
            ErrorKind.CONFLICT,
            "another process keeps modifying the same resources: retry when it has finished",
            null));
  }

  private void waitToRestart(Restart restart) throws Failure, Stopped, DeadlinePassed {
    Duration now = run.sinceBegin();
    if (firstRestart == null) {
      firstRestart = now;
    } else if (now.minus(firstRestart).compareTo(reconciler.retry().settling()) > 0) {
      throw new Failure(request.subject(), restart.cause);
    }
    pause(reconciler.retry().first());
  }

  /**
   * {@return whether all is as it was settled}
   *
   * <p>What was settled before the last change is looked at again. A run that changed a variant that was there may have
   * taken it from another run, which then takes back its own pieces, so everything is looked at, a moment later.
   */
  private boolean isUndisturbed(int lastWritten) throws Failure, Stopped, DeadlinePassed {
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
    boolean fixed = step.kind.isNamedByContent() || step.resource.role() == Role.SHARED;
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
        ? seen.status() == Status.ABSENT || (seen.foreign() && isLeftAloneIfForeign(step))
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
        retryOperation(step, outcome.get().error().orElseThrow());
        step.acceptedAt = null;
        step.seenChanging = false;
        seen = read(step);
        isFresh = true;
        continue;
      }
      if (outcome.isPresent() && outcome.get().state() == Outcome.State.SUCCEEDED) {
        // What was read before the operation ended says nothing of what there is now.
        step.acceptedAt = run.sinceBegin();
        step.seenChanging = false;
        lookAnew();
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
            if (step.kind.matches(desired, actual)) {
              if (step.tried) {
                deleteSuperseded(step);
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
            if (!step.retrying && (step.acceptedAt != null || step.seenChanging)) {
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
    if (step.creations >= MOST_CREATIONS) {
      throw new Failure(
          step.toString(),
          exception(
              ErrorKind.UNKNOWN,
              "it was created " + step.creations
                  + " times, and the platform does not show what it reports as done: check it in the platform's console",
              null));
    }
    if (step.created && step.seenChanging && !step.retrying) {
      throw new Failure(
          step.toString(),
          exception(
              ErrorKind.MODEL_FAILED,
              "it went away while it was being made: " + reason(seen),
              null));
    }
    T desired = desired(step, seen);
    refuseUncreatable(step, desired);
    step.seenChanging = false;
    boolean wasAmbiguous = step.ambiguous;
    Duration wasSentAt = step.sentAt;
    try {
      report(step, "creating");
      step.tried = true;
      step.written = desired;
      step.sentAt = run.sinceBegin();
      step.ambiguous = true;
      lookAnew();
      Accepted accepted = step.kind.create(step.resource.name(), desired, owner(step));
      step.created = true;
      step.creations++;
      accepted(step, accepted, desired);
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
      boolean asBefore = step.kind.matches(before, actual);
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
              "another process keeps modifying it: retry when it has finished",
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
      lookAnew();
      accepted(step, step.kind.update(step.resource.name(), seen, desired), desired);
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

  private <T> void accepted(Step<T> step, Accepted accepted, T desired) {
    writes++;
    calm = false;
    lookAnew();
    firstRestart = null;
    step.failures = 0;
    step.ambiguous = false;
    step.hiddenSince = null;
    step.retrying = false;
    step.written = desired;
    step.acceptedAt = run.sinceBegin();
    step.waitBegan = run.sinceBegin();
    began(step, accepted);
  }

  private void began(Step<?> step, Accepted accepted) {
    step.operation = accepted.operation().orElse(null);
    askAfter(step, accepted.askAfter());
  }

  private void askAfter(Step<?> step, Optional<Duration> pause) {
    step.notBefore = pause.map(run.sinceBegin()::plus).orElse(null);
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
      if (seen.status() == Status.ABSENT && !wrote && isListedAllTheSame(step)) {
        waitFor(step, "it is listed and does not show: waiting until it does, or is listed no longer");
        continue;
      }
      if (seen.status() == Status.ABSENT) {
        // Also where nothing had to be done any more: a run that died may not have come to this.
        if (wrote || step.resource.goal() != Goal.ABSENT_IF_ORPHAN) {
          deleteSuperseded(step);
        }
        if (wrote) {
          report(step, "gone");
        }
        return wrote;
      }
      if ((seen.foreign() && isLeftAloneIfForeign(step)) || isStillUsed(step)) {
        return wrote;
      }
      refuseForeign(step, seen);
      if (!step.onlyIf.test(seen)) {
        return wrote;
      }
      Optional<Outcome> outcome = outcome(step);
      if (outcome.isPresent() && outcome.get().state() == Outcome.State.FAILED) {
        ServingException why = outcome.get().error().orElseThrow();
        // A deletion that ends without finding anything is done.
        if (why.kind() != ErrorKind.NOT_FOUND) {
          retryOperation(step, why);
          step.acceptedAt = null;
        }
        lookAnew();
        continue;
      }
      if (outcome.isPresent() && outcome.get().state() == Outcome.State.SUCCEEDED) {
        step.acceptedAt = run.sinceBegin();
        lookAnew();
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
        if (step.acceptedAt == null) {
          lookAtSettingsAgain(step);
        }
      }
    }
  }

  /** What refuses a removal may be a setting that was changed just before and did not show yet. */
  private void lookAtSettingsAgain(Step<?> removed) throws Failure, Stopped, DeadlinePassed {
    for (Step<?> step : steps) {
      if (step.number < removed.number && step.resource.goal() == Goal.ADJUSTED_IF_PRESENT) {
        try {
          bring(step);
        } catch (Restart e) {
          // It went meanwhile, and with it what could refuse.
          return;
        }
      }
    }
  }

  /**
   * {@return whether something that reads as absent is in the list, too, where the two looks do not agree}
   *
   * <p>One of them is late, or it came or went between the two. Listed for longer than the platform takes to show what it
   * has accepted, it is gone.
   */
  private boolean isListedAllTheSame(Step<?> step) throws Failure, Stopped, DeadlinePassed {
    ResourceRef ref = step.resource.ref();
    if (!listed.contains(ref) || !inventory(step).contains(ref)) {
      return false;
    }
    Duration now = run.sinceBegin();
    if (step.hiddenSince == null) {
      step.hiddenSince = now;
    }
    return now.minus(step.hiddenSince).compareTo(reconciler.retry().settling()) < 0;
  }

  private void deleteSuperseded(Step<?> step) throws Failure, Stopped, DeadlinePassed {
    retrying(step.toString(), () -> {
      step.kind.deleteSuperseded(step.resource.name());
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
    // Asked now, whatever the first look said: of several removals at a time, the last finds no user.
    boolean used = goal == Goal.ABSENT_IF_ORPHAN
        ? inventory(step).orphans().stream()
            .noneMatch(orphan -> orphan.ref().equals(step.resource.ref()))
        : !usersOf(step).isEmpty();
    if (!used) {
      going.add(step.resource.ref());
      return false;
    }
    going.remove(step.resource.ref());
    report(step, "stays: something else uses it");
    return true;
  }

  private <T> void delete(Step<T> step, Observed<T> seen) throws Failure, Stopped, DeadlinePassed {
    try {
      lookAnew();
      Accepted accepted =
          step.kind.delete(step.resource.name(), seen, goingWith(step.resource.ref()));
      writes++;
      calm = false;
      lookAnew();
      step.failures = 0;
      began(step, accepted);
      if (!step.resource.isToBeThere()) {
        step.deleteAccepted = true;
        deleted.add(step.resource.ref());
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

  private Set<ResourceRef> goingWith(ResourceRef ref) {
    Set<ResourceRef> all = new HashSet<>(going);
    all.add(ref);
    return Set.copyOf(all);
  }

  // ---- undoing ----

  /**
   * What became of what a failed run had done, each looked at after the last change.
   *
   * @param rolledBack what was deleted or restored
   * @param kept what it created and others use by now
   * @param left what it created or changed and could not roll back, with the reason
   * @param problems the reasons
   */
  record Undone(
      List<String> rolledBack, List<String> kept, List<String> left, List<Throwable> problems) {}

  /** Takes back, in reverse order, what this run made or changed, and nothing else. */
  Undone undo() throws Stopped {
    Undone undone = new Undone(
        new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    deadline = run.sinceBegin().plus(reconciler.limit());
    List<Step<?>> reversed = new ArrayList<>(steps);
    Collections.reverse(reversed);
    inventory = null;
    lookAnew();
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
          step.before != null && !(forward && step.resource.role() == Role.SETTING);
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
          done && ((step.before != null && !step.created) ? restore(step) : takeAway(step, undone));
      if (restored) {
        undone.rolledBack.add(step.toString());
      }
      if (step.tried) {
        deleteSuperseded(step);
      }
    } catch (Failure e) {
      undone.left.add(step + " (" + e.why.getMessage() + ")");
      undone.problems.add(e.why);
    } catch (DeadlinePassed e) {
      undone.left.add(step + " (it was not gone in time)");
    }
  }

  /** Only what nobody else has changed since is taken away. */
  private <T> boolean takeAway(Step<T> step, Undone undone)
      throws Failure, Stopped, DeadlinePassed {
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
      if (carriesThisRun(step, seen)) {
        undone.left.add(step + " (it was changed by another process or by hand meanwhile)");
      }
      return false;
    }
    Goal goal = step.resource.role() == Role.SHARED ? Goal.ABSENT_IF_UNUSED : Goal.ABSENT;
    Step<T> removal = new Step<>(step.resource.to(goal), step.kind, step.number);
    removal.onlyIf = now -> isOfThisRun(step, now);
    if (remove(removal, "rolling back")) {
      return true;
    }
    if (carriesThisRun(step, read(step))) {
      undone.kept.add(step.toString());
    }
    return false;
  }

  /** {@return whether it is there and was created by this run, whatever it is by now} */
  private boolean carriesThisRun(Step<?> step, Observed<?> seen) {
    boolean there = seen.status() != Status.ABSENT && seen.status() != Status.DELETING;
    return there && !seen.foreign() && seen.run().map(run.id().value()::equals).orElse(step.created);
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
        || step.kind.matches(step.written, seen.value().orElseThrow());
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
        retryOperation(step, outcome.orElseThrow().error().orElseThrow());
      }
      if (work == Outcome.State.FAILED || work == Outcome.State.SUCCEEDED) {
        lookAnew();
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
      boolean asBefore = step.kind.matches(before, actual);
      boolean asWritten = written != null && step.kind.matches(written, actual);
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
      report(step, "rolling back");
      try {
        step.sentAt = run.sinceBegin();
        lookAnew();
        began(step, step.kind.update(step.resource.name(), seen, before));
        lookAnew();
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
          "already exists and is not managed by Fairlead, so it is left untouched: choose another name, or remove it "
              + "yourself");
    }
  }

  private <T> void refuseImmutable(Step<T> step, T actual, T desired) throws Failure {
    Optional<String> reason = step.kind.cannotUpdate(actual, desired);
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
              + " by another process meanwhile, and its "
              + "change stays: look at it, and retry if it should be yours");
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
    Guard guard = requireNonNull(content).guard();
    Optional<String> refused = retrying(
        step.toString(), () -> guard.refusal(step.resource, seen.value(), this::knownInventory));
    if (refused.isPresent()) {
      throw new Failure(step.toString(), exception(ErrorKind.CONFLICT, refused.get(), null));
    }
    try {
      return step.resource.desired(seen.value());
    } catch (InvalidValueException e) {
      throw new Failure(
          step.toString(), exception(ErrorKind.CONFLICT, String.valueOf(e.getMessage()), e));
    }
  }

  private <T> void refuseUncreatable(Step<T> step, T desired)
      throws Failure, Stopped, DeadlinePassed {
    Optional<String> reason = retrying(
        step.toString(), () -> step.kind.cannotCreate(step.resource.name(), desired, look));
    if (reason.isPresent()) {
      throw refusal(step, ErrorKind.CONFLICT, reason.get());
    }
  }

  /** {@return what was seen at the first look, if nothing has happened since, or what is seen now} */
  private <T> Observed<T> first(Step<T> step) throws Failure, Stopped, DeadlinePassed {
    Observed<T> looked = step.looked;
    step.looked = null;
    // Making what is not there finds out by itself if it came meanwhile.
    boolean toBeMade =
        step.resource.goal() == Goal.PRESENT && step.resource.role() != Role.SETTING;
    boolean trusted = calm || (looked != null && looked.status() == Status.ABSENT && toBeMade);
    return looked != null && trusted ? looked : read(step);
  }

  private <T> Observed<T> read(Step<T> step) throws Failure, Stopped, DeadlinePassed {
    return retrying(step.toString(), () -> {
      try {
        return step.kind.read(step.resource.name(), look);
      } catch (ServingException e) {
        if (e.kind() == ErrorKind.NOT_FOUND) {
          return Observed.absent();
        }
        throw e;
      }
    });
  }

  private Inventory inventory(Step<?> step) throws Failure, Stopped, DeadlinePassed {
    return retrying(step.toString(), this::knownInventory);
  }

  private Inventory knownInventory() {
    // Something else may have begun to use a thing while this run wrote or waited.
    Inventory known = inventory;
    if (known == null || inventoryTakenAt != writes) {
      known = reconciler.inventory(look);
      inventory = known;
      inventoryTakenAt = writes;
    }
    return known;
  }

  /** What is read from now on is asked for anew, but in a preview, which changes nothing. */
  private void lookAnew() {
    if (previewing == null) {
      look = new Look();
    }
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
    if (step.notBefore != null && run.sinceBegin().compareTo(step.notBefore) < 0) {
      return Optional.of(Outcome.running("waiting as long as the platform asked for"));
    }
    try {
      Outcome outcome = step.kind.poll(operation);
      askAfter(step, outcome.askAfter());
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

  /** Waits until an operation that failed for a passing reason can be tried again, or fails with its reason. */
  private void retryOperation(Step<?> step, ServingException why)
      throws Failure, Stopped, DeadlinePassed {
    if (!why.retryable() || ++step.failedOperations >= reconciler.retry().attempts()) {
      throw new Failure(step.toString(), why);
    }
    step.retrying = true;
    report(step, "trying again: " + why.getMessage());
    pauseAfter(step.failedOperations, why);
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
    Duration pause = reconciler.polling().next(waited, reconciler.random());
    Duration asked = step.notBefore == null ? Duration.ZERO : step.notBefore.minus(now);
    pause(asked.compareTo(pause) > 0 ? asked : pause);
  }

  /** Waits, at most until the deadline, after which the caller looks one last time. */
  private void pause(Duration duration) throws Stopped, DeadlinePassed {
    Duration remaining = deadline.minus(run.sinceBegin());
    if (remaining.isNegative() || remaining.isZero()) {
      throw new DeadlinePassed();
    }
    calm = false;
    inventory = null;
    lookAnew();
    run.pause(duration.compareTo(remaining) < 0 ? duration : remaining);
  }

  private void report(Step<?> step, String message) {
    run.report(step.number, steps.size(), step.toString(), message);
  }

  private OwnerTag owner(Step<?> step) {
    boolean forAll = step.kind.isNamedByContent();
    return new OwnerTag(forAll ? "" : request.deployment(), run.id().value());
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
