package io.fairlead.reconcile;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.reconcile.LastCall.Verb;
import io.fairlead.reconcile.ReconcileRequest.Guard;
import io.fairlead.reconcile.Situation.Fact;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The loop that reads a resource, makes the calls that a {@link Policy} decides, and waits, one resource after the
 * other.
 *
 * <p>It makes each call once and reads again after it; the policy interprets the result. The tests cover each call with
 * each fault.
 */
final class Driver {
  private final Reconciler reconciler;
  private final Run<?> run;
  private final String deployment;
  final @Nullable Preview preview;

  /** The resources that the operation deletes. */
  final Set<ResourceRef> toDelete = new HashSet<>();

  /** The resources that were listed when the operation was prepared. */
  final Set<ResourceRef> listed = new HashSet<>();

  /** The resources that this run has deleted. */
  final Set<ResourceRef> deleted = new HashSet<>();

  /** A further precondition. */
  Guard guard = Guard.NONE;

  /** The number of resources, for progress. */
  int steps;

  private Duration deadline;
  private Look look;
  /** The resources of each kind that was listed since the last change. */
  private final Map<String, List<Listed>> lists = new HashMap<>();

  private int listsTakenAt;
  private int writes;

  /** No write and no wait since the first read. */
  private boolean undisturbed = true;

  Driver(Reconciler reconciler, Run<?> run, String deployment, @Nullable Preview preview) {
    this.reconciler = reconciler;
    this.run = run;
    this.deployment = deployment;
    this.preview = preview;
    this.look = preview == null ? new Look() : preview.look();
    this.deadline = now().plus(preview == null ? reconciler.limit() : preview.left());
  }

  /** Starts the rollback, with a new limit. */
  void beginRollback() {
    deadline = now().plus(reconciler.limit());
    lists.clear();
    refreshLook();
  }

  // ---- the loop ----

  /** The last move of a drive, and whether anything was written. */
  record End(Move move, boolean wrote) {}

  /** Drives a resource until the policy decides that it is done or stays as it is. */
  <T> End drive(Step<T> step, Policy policy) throws RunEnded {
    return new Drive<>(step, policy).run();
  }

  /** Drives a resource that this run has changed back to its former state. */
  <T> End restore(Step<T> step) throws RunEnded {
    Drive<T> drive = new Drive<>(step, Policy.BE_RESTORED);
    drive.restoring = true;
    return drive.run();
  }

  /** The drive of one resource by one policy. */
  private final class Drive<T> {
    private final Step<T> step;
    private final Policy policy;
    private boolean restoring;
    private boolean restored;
    private boolean wrote;
    private boolean deletes;
    private Optional<Boolean> isListed = Optional.empty();
    private Optional<Boolean> isUsed = Optional.empty();
    private Observed<T> seen = Observed.absent();
    private Optional<Outcome> outcome = Optional.empty();
    private @Nullable Duration refusedSince;

    Drive(Step<T> step, Policy policy) {
      this.step = step;
      this.policy = policy;
    }

    End run() throws RunEnded {
      step.waitBegan = null;
      step.refusals = 0;
      seen = restoring ? read(step) : first(step);
      boolean isFresh = true;
      while (true) {
        // While an operation is in progress, it alone is polled.
        outcome = outcome(step);
        if (outcome.isEmpty() && !isFresh) {
          seen = read(step);
        }
        isFresh = false;
        refuseForeign(step, seen);
        step.adopt(seen, run.id().value(), now());
        Move move = policy.next(situation());
        if (move == Move.DONE || move == Move.KEEP) {
          return end(move);
        }
        apply(move);
      }
    }

    private Situation situation() throws RunEnded {
      Set<Fact> facts =
          step.facts(seen, run.id().value(), now(), reconciler.retry().settling());
      if (policy == Policy.BE_PRESENT
          && seen.status() == Observed.Status.READY
          && outcome.isEmpty()) {
        T actual = seen.value().orElseThrow();
        if (step.kind.matches(desired(step, seen), actual)) {
          facts.add(Fact.AS_DESIRED);
        }
      }
      if (restored) {
        facts.add(Fact.RESTORED);
      }
      if (deletes) {
        facts.add(Fact.WROTE);
      }
      isListed.ifPresent(is -> facts.add(is ? Fact.LISTED : Fact.NOT_LISTED));
      isUsed.ifPresent(is -> facts.add(is ? Fact.USED : Fact.UNUSED));
      boolean foundNothing = outcome
          .flatMap(Outcome::error)
          .filter(error -> error.kind() == ErrorKind.NOT_FOUND)
          .isPresent();
      if (foundNothing) {
        facts.add(Fact.NOTHING_TO_DELETE);
      }
      isListed = Optional.empty();
      isUsed = Optional.empty();
      return new Situation(seen.status(), outcome.map(Outcome::state), facts);
    }

    private End end(Move move) throws RunEnded {
      if (policy == Policy.BE_PRESENT && seen.status() == Observed.Status.READY) {
        if (step.tried) {
          deleteSuperseded(step);
        }
        settle();
      } else if (policy == Policy.BE_ROLLED_BACK && wrote) {
        deleteSuperseded(step);
      } else if (policy == Policy.BE_ABSENT && move == Move.DONE) {
        // Also where nothing had to be deleted: a run that died may not have got here.
        if (wrote || step.resource.goal() != Resource.Goal.ABSENT_IF_ORPHAN) {
          deleteSuperseded(step);
        }
        if (wrote) {
          report(step, "deleted");
        }
      }
      return new End(move, restoring ? restored : wrote);
    }

    private void settle() {
      step.settled = true;
      Duration took = step.last.acceptedAt().map(now()::minus).orElse(Duration.ZERO);
      String after = took.toSeconds() > 0 ? " after " + took.toSeconds() + " s" : "";
      report(step, wrote ? "ready" + after : "is as desired");
    }

    private void apply(Move move) throws RunEnded {
      switch (move) {
        case WAIT -> {
          step.seenChanging = true;
          waitFor(step, stage());
        }
        case WAIT_UNTIL_VISIBLE -> waitFor(step, "waiting until it is visible");
        case WAIT_UNTIL_CHANGE_VISIBLE -> waitFor(step, "waiting until the change is visible");
        case WAIT_UNTIL_DELETED -> waitFor(step, "waiting until it is deleted");
        case WAIT_IN_CASE_IT_APPEARS -> waitFor(step, "waiting in case it appears");
        case WAIT_UNTIL_UNLISTED ->
          waitFor(step, "it is listed but cannot be read: waiting until both agree");
        case LOOK_AGAIN -> lookAgain();
        case RETRY_OPERATION -> retryOperation();
        case CREATE -> create();
        case UPDATE -> update();
        case REPLACE -> {
          report(step, "it failed earlier (" + reason(seen) + "); creating it again");
          delete();
          waitFor(step, "waiting until it is deleted");
        }
        case DELETE -> {
          report(step, policy == Policy.BE_ROLLED_BACK ? "rolling back" : "deleting");
          delete();
          wrote = true;
          deletes = true;
        }
        case CHECK_LISTED -> isListed = Optional.of(isStillListed(step));
        case CHECK_USED -> isUsed = Optional.of(isStillUsed(step));
        default -> throw failure(move);
      }
    }

    private String stage() {
      return outcome.map(Outcome::stage).filter(text -> !text.isEmpty()).orElse(seen.detail());
    }

    /** Discards what was read before the operation ended. */
    private void lookAgain() {
      boolean failed =
          outcome.filter(ended -> ended.state() == Outcome.State.FAILED).isPresent();
      if (failed) {
        step.operationFailed();
      } else {
        step.operationSucceeded(now());
      }
      refreshLook();
    }

    /**
     * Retries an operation that failed with a retryable error, after a pause, or fails with its error. If a dependency
     * is gone, such as one that another process has swept meanwhile, the pass starts again, once.
     */
    private void retryOperation() throws RunEnded {
      ServingException why = outcome.flatMap(Outcome::error).orElseThrow();
      step.operationFailed();
      step.failedHere |= policy == Policy.BE_PRESENT;
      if (why.kind() == ErrorKind.NOT_FOUND
          && policy == Policy.BE_PRESENT
          && ++step.failedOperations == 1) {
        step.retrying = true;
        throw RunEnded.restart(step.toString(), why);
      }
      if (!why.retryable() || ++step.failedOperations >= Step.MOST_FAILED_OPERATIONS) {
        throw RunEnded.failed(step.toString(), why);
      }
      step.retrying = true;
      report(step, "retrying: " + why.getMessage());
      pauseAfter(step.failedOperations, why);
    }

    // ---- calls ----

    private void create() throws RunEnded {
      T desired = desired(step, seen);
      refuseUncreatable(step, desired);
      step.seenChanging = false;
      LastCall<T> before = step.last;
      Duration sentAt = now();
      report(step, "creating");
      step.tried = true;
      step.last = new LastCall.Unanswered<>(Verb.CREATE, Optional.of(desired), sentAt);
      refreshLook();
      try {
        Accepted accepted = step.kind.create(step.resource.name(), desired, owner(step));
        wrote();
        step.created = true;
        step.creations++;
        step.accepted(Verb.CREATE, Optional.of(desired), accepted, sentAt, now());
        wrote = true;
      } catch (ServingException e) {
        step.last = mayHaveHadItsEffect(e) ? step.last : before;
        wrote |= step.last.mayHaveCreated();
        switch (e.kind()) {
          case ALREADY_EXISTS -> waitForHidden(e);
          case NOT_FOUND -> throw RunEnded.restart(step.toString(), e);
          default -> retryLater(step, e);
        }
      }
    }

    /**
     * Waits for a resource that exists and cannot be read: it was just created, is being deleted, or is not readable
     * with these credentials.
     */
    private void waitForHidden(ServingException e) throws RunEnded {
      if (step.hiddenSince == null) {
        step.hiddenSince = now();
      } else if (hasSettled(step.hiddenSince)) {
        throw RunEnded.failed(
            step.toString(),
            exception(
                ErrorKind.ALREADY_EXISTS,
                "the name is taken by a resource that cannot be read (in another account, project or resource "
                    + "group?): choose another name (" + e.getMessage() + ")",
                e));
      }
      waitFor(step, "waiting until it is visible");
    }

    private void update() throws RunEnded {
      T actual = seen.value().orElseThrow();
      T desired = restoring ? step.before.orElseThrow() : desired(step, seen);
      if (!restoring) {
        if (!undisturbed && contested.test(step)) {
          waitFor(step, "waiting: another process is deploying the variant");
          return;
        }
        step.contests += step.last.isAcceptedChange() ? 1 : 0;
        refuseImmutable(step, actual, desired);
        if (step.before.isEmpty() && !step.created) {
          step.before = Optional.of(actual);
        }
        step.seenChanging = false;
      }
      report(
          step,
          restoring
              ? "rolling back"
              : "updating " + String.join(", ", Fields.changes(actual, desired)));
      LastCall<T> before = step.last;
      // A rollback requires the state that this run wrote forwards.
      Optional<T> wanted = restoring ? before.wanted() : Optional.of(desired);
      Duration sentAt = now();
      step.tried = true;
      step.last = new LastCall.Unanswered<>(Verb.UPDATE, wanted, sentAt);
      refreshLook();
      try {
        Accepted accepted = step.kind.update(step.resource.name(), seen, desired);
        wrote();
        step.accepted(Verb.UPDATE, wanted, accepted, sentAt, now());
        restored |= restoring;
        refusedSince = null;
      } catch (ServingException e) {
        step.last = mayHaveHadItsEffect(e) ? step.last : before.inconclusive();
        if (restoring) {
          failIfRefusedTooLong(e);
        } else if (e.kind() == ErrorKind.NOT_FOUND) {
          throw RunEnded.restart(step.toString(), e);
        }
        retryLater(step, e);
      } finally {
        wrote = true;
      }
    }

    private void failIfRefusedTooLong(ServingException e) throws RunEnded {
      if (refusedSince == null) {
        refusedSince = now();
      } else if (hasSettled(refusedSince)) {
        throw RunEnded.failed(step.toString(), e);
      }
    }

    private void delete() throws RunEnded {
      Duration sentAt = now();
      refreshLook();
      try {
        Accepted accepted =
            step.kind.delete(step.resource.name(), seen, deletedTogetherWith(step.resource.ref()));
        wrote();
        boolean isToGo = policy != Policy.BE_PRESENT;
        LastCall<T> before = step.last;
        step.accepted(Verb.DELETE, before.wanted(), accepted, sentAt, now());
        if (isToGo) {
          deleted.add(step.resource.ref());
        } else {
          // The create is next.
          step.last = new LastCall.None<>();
          step.seenChanging = false;
          step.retrying = true;
        }
      } catch (ServingException e) {
        if (e.kind() == ErrorKind.NOT_FOUND) {
          waitFor(step, "waiting until it is deleted");
        } else {
          retryLater(step, e);
          onDeletionRefused.run(step);
        }
      }
    }

    // ---- failures ----

    private RunEnded failure(Move move) {
      return switch (move) {
        case FAIL_ABSENT, FAIL_FAILED_EARLIER -> refusal(step, seen, move);
        case FAIL_MODEL -> {
          step.failedHere = true;
          yield failed(ErrorKind.MODEL_FAILED, reason(seen));
        }
        case FAIL_DISAPPEARED ->
          // A platform that takes back what it could not create says why.
          seen.detail().isEmpty()
              ? failed(
                  ErrorKind.CONFLICT,
                  "another process deleted it while it was being created: retry if it should exist")
              : failed(
                  ErrorKind.MODEL_FAILED,
                  "it disappeared while it was being created: " + seen.detail());
        case FAIL_NEVER_VISIBLE ->
          failed(
              ErrorKind.UNKNOWN,
              "it was created " + step.creations
                  + " times, and the platform reports each as done without showing it: check it in the "
                  + "platform's console");
        case FAIL_ROLLED_BACK ->
          seen.detail().isEmpty()
              ? failed(
                  ErrorKind.UNKNOWN,
                  "it has its former state again: the platform rolled the change back and gives no reason, or "
                      + "another process did")
              : failed(
                  ErrorKind.MODEL_FAILED, "the platform rolled the change back: " + seen.detail());
        case FAIL_CONTESTED ->
          failed(
              ErrorKind.CONFLICT, "another process keeps modifying it: retry when it has finished");
        case FAIL_LOST -> lost(step, seen);
        default -> throw new IllegalStateException("no failure: " + move);
      };
    }

    private RunEnded failed(ErrorKind kind, String message) {
      return RunEnded.failed(step.toString(), exception(kind, message, null));
    }
  }

  /** A check before the update of a resource that was read before something else was written. */
  interface Contested {
    boolean test(Step<?> step) throws RunEnded;
  }

  /** Whether an update has to wait for another process that is deploying the variant that it is for. */
  Contested contested = step -> false;

  /** A callback after a delete was rejected for now. */
  interface DeletionRefused {
    void run(Step<?> step) throws RunEnded;
  }

  /** Called when a delete was rejected for now. */
  DeletionRefused onDeletionRefused = step -> {};

  private Set<ResourceRef> deletedTogetherWith(ResourceRef ref) {
    Set<ResourceRef> all = new HashSet<>(toDelete);
    all.add(ref);
    return Set.copyOf(all);
  }

  private OwnerTag owner(Step<?> step) {
    return new OwnerTag(step.kind.isNamedByContent() ? "" : deployment, run.id().value());
  }

  /** {@return whether a call that failed with this may have had its effect} */
  private static boolean mayHaveHadItsEffect(ServingException e) {
    return switch (e.kind()) {
      case TIMEOUT, UNAVAILABLE, CANCELLED, UNKNOWN -> true;
      default -> false;
    };
  }

  private void wrote() {
    writes++;
    undisturbed = false;
    refreshLook();
  }

  int writes() {
    return writes;
  }

  void deleteSuperseded(Step<?> step) throws RunEnded {
    retrying(step.toString(), () -> {
      step.kind.deleteSuperseded(step.resource.name());
      return true;
    });
    step.tried = false;
  }

  // ---- reading ----

  <T> Observed<T> read(Step<T> step) throws RunEnded {
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

  /** {@return the result of the first read, if nothing has happened since, or else of a new one} */
  private <T> Observed<T> first(Step<T> step) throws RunEnded {
    Observed<T> looked = step.looked;
    step.looked = null;
    // Creating an absent resource detects by itself if it was created meanwhile.
    boolean toBeCreated = step.resource.goal() == Resource.Goal.PRESENT
        && step.resource.role() != Resource.Role.SETTING;
    boolean trusted =
        undisturbed || (looked != null && looked.status() == Observed.Status.ABSENT && toBeCreated);
    return looked != null && trusted ? looked : read(step);
  }

  /** Discards what was read, except in a preview, which changes nothing. */
  void refreshLook() {
    if (preview == null) {
      look = new Look();
    }
  }

  Inventory knownInventory() {
    return inventoryOf(kind -> true);
  }

  /** {@return the resources of chosen kinds, each of which is listed once between two changes} */
  private Inventory inventoryOf(Predicate<ResourceKind<?>> chosen) {
    // While this run wrote or waited, something else may have started to use a resource.
    if (listsTakenAt != writes) {
      lists.clear();
      listsTakenAt = writes;
    }
    return reconciler.inventory(chosen, kind -> {
      List<Listed> known = lists.get(kind.name());
      if (known == null) {
        known = Reconciler.list(kind, look);
        lists.put(kind.name(), known);
      }
      return known;
    });
  }

  private Inventory inventory(Step<?> step) throws RunEnded {
    return retrying(step.toString(), this::knownInventory);
  }

  List<ResourceRef> usersOf(Step<?> step) throws RunEnded {
    ResourceRef ref = step.resource.ref();
    Inventory possible =
        retrying(step.toString(), () -> inventoryOf(kind -> kind.mayUse(ref.kind())));
    List<ResourceRef> users = new ArrayList<>(possible.usersOf(ref, toDelete));
    if (preview != null) {
      users.removeIf(preview::isGone);
      users.addAll(preview.plannedUsersOf(ref, toDelete));
    }
    return users;
  }

  /** {@return whether a shared resource that is to be deleted is used by others, so that it is not even read} */
  boolean isKept(Step<?> step) throws RunEnded {
    return step.resource.goal() == Resource.Goal.ABSENT_IF_UNUSED && isStillUsed(step);
  }

  /** Checked now, whatever the first read said: of several concurrent removals, the last finds no user. */
  private boolean isStillUsed(Step<?> step) throws RunEnded {
    ResourceRef ref = step.resource.ref();
    boolean mayBeOrphan = step.resource.goal() == Resource.Goal.ABSENT_IF_ORPHAN;
    boolean isOrphan = mayBeOrphan
        && inventory(step).orphans().stream().anyMatch(orphan -> orphan.ref().equals(ref));
    List<ResourceRef> users = usersOf(step);
    boolean used = mayBeOrphan ? !isOrphan : !users.isEmpty();
    if (used) {
      toDelete.remove(ref);
      report(
          step,
          "kept: " + (users.isEmpty() ? "something else uses it" : "used by " + users.get(0)));
    } else {
      toDelete.add(ref);
    }
    return used;
  }

  /**
   * {@return whether a resource that reads as absent is still listed}
   *
   * <p>Either the read or the list is stale, or it was created or deleted between the two. If it is listed for longer
   * than the platform takes to settle, it counts as deleted.
   */
  private boolean isStillListed(Step<?> step) throws RunEnded {
    ResourceRef ref = step.resource.ref();
    if (!listed.contains(ref)) {
      return false;
    }
    Inventory ofKind =
        retrying(step.toString(), () -> inventoryOf(kind -> kind.name().equals(ref.kind())));
    if (!ofKind.contains(ref)) {
      return false;
    }
    if (step.hiddenSince == null) {
      step.hiddenSince = now();
    }
    return !hasSettled(step.hiddenSince);
  }

  private boolean hasSettled(Duration since) {
    return now().minus(since).compareTo(reconciler.retry().settling()) >= 0;
  }

  <T> T desired(Step<T> step, Observed<T> seen) throws RunEnded {
    Guard asked = guard;
    Optional<String> refused = retrying(
        step.toString(), () -> asked.refusal(step.resource, seen.value(), this::knownInventory));
    if (refused.isPresent()) {
      throw RunEnded.failed(step.toString(), exception(ErrorKind.CONFLICT, refused.get(), null));
    }
    try {
      return step.resource.desired(seen.value());
    } catch (InvalidValueException e) {
      throw RunEnded.failed(
          step.toString(), exception(ErrorKind.CONFLICT, String.valueOf(e.getMessage()), e));
    }
  }

  /** {@return the status of the platform's operation, if there is one; one that cannot be polled counts as running} */
  private Optional<Outcome> outcome(Step<?> step) throws RunEnded {
    if (step.operation.isEmpty()) {
      return Optional.empty();
    }
    if (now().compareTo(step.notBefore) < 0) {
      return Optional.of(Outcome.running("waiting as long as the platform asked for"));
    }
    try {
      Outcome outcome = step.kind.poll(step.operation.get());
      step.askAfter(outcome.askAfter(), now());
      if (outcome.state() != Outcome.State.RUNNING) {
        step.operation = Optional.empty();
      }
      return Optional.of(outcome);
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        step.operation = Optional.empty();
        return Optional.empty();
      }
      if (!e.retryable()) {
        step.operation = Optional.empty();
        throw RunEnded.failed(step.toString(), e);
      }
      if (e.retryAfter().isPresent()) {
        step.askAfter(e.retryAfter(), now());
      }
      return Optional.of(Outcome.running("its progress cannot be read at the moment"));
    }
  }

  // ---- refusing ----

  void refuseForeign(Step<?> step, Observed<?> seen) throws RunEnded {
    boolean foreign = seen.foreign() && seen.status() != Observed.Status.ABSENT;
    if (foreign && !step.isLeftAloneIfForeign()) {
      throw refusal(
          step,
          ErrorKind.ALREADY_EXISTS,
          "already exists and is not managed by Fairlead, so it is left untouched: choose another name, or remove it "
              + "yourself");
    }
  }

  <T> void refuseImmutable(Step<T> step, T actual, T desired) throws RunEnded {
    Optional<String> reason = step.kind.cannotUpdate(actual, desired);
    if (reason.isPresent()) {
      throw refusal(step, ErrorKind.CONFLICT, reason.get());
    }
  }

  <T> void refuseUncreatable(Step<T> step, T desired) throws RunEnded {
    Optional<String> reason = retrying(
        step.toString(), () -> step.kind.cannotCreate(step.resource.name(), desired, look));
    if (reason.isPresent()) {
      throw refusal(step, ErrorKind.CONFLICT, reason.get());
    }
  }

  /** {@return what a change involves beside the changed fields, for a plan} */
  <T> List<String> sideEffects(Step<T> step, Observed<T> seen, Optional<T> desired)
      throws RunEnded {
    return retrying(
        step.toString(),
        () ->
            step.kind.sideEffects(step.resource.name(), seen, desired, Set.copyOf(toDelete), look));
  }

  /** Of several concurrent deployments, the last that wrote the resource that serves requests has the variant. */
  RunEnded lost(Step<?> step, Observed<?> seen) {
    isLost = true;
    return refusal(
        step,
        ErrorKind.CONFLICT,
        "was " + (seen.status() == Observed.Status.READY ? "changed" : "removed")
            + " by another process meanwhile, and its "
            + "change stays: check it, and retry if yours should replace it");
  }

  /** Whether another run has taken the variant over. */
  boolean isLost;

  /** {@return why a resource that the operation requires does not fulfil the requirement} */
  RunEnded refusal(Step<?> step, Observed<?> seen, Move move) {
    if (move == Move.FAIL_FAILED_EARLIER) {
      return refusal(
          step,
          ErrorKind.CONFLICT,
          "failed earlier (" + seen.detail() + "): deploy it again first");
    }
    boolean shared = step.resource.role() == Resource.Role.SHARED;
    return refusal(
        step,
        ErrorKind.NOT_FOUND,
        shared ? "does not exist: package the model again" : "is not deployed: deploy it first");
  }

  private RunEnded refusal(Step<?> step, ErrorKind kind, String why) {
    // Not retryable: the same call a moment later would be refused again.
    return RunEnded.failed(step.toString(), exception(kind, step + " " + why, null));
  }

  ServingException exception(ErrorKind kind, String message, @Nullable Throwable cause) {
    return ServingException.builder(reconciler.platform(), kind, message)
        .retryable(false)
        .cause(cause)
        .build();
  }

  private static String reason(Observed<?> seen) {
    return seen.detail().isEmpty() ? "the platform gives no reason" : seen.detail();
  }

  // ---- waiting ----

  <V> V retrying(String what, Supplier<V> call) throws RunEnded {
    int failures = 0;
    while (true) {
      try {
        return call.get();
      } catch (ServingException e) {
        if (!e.retryable() || ++failures >= reconciler.retry().attempts()) {
          throw RunEnded.failed(what, e);
        }
        pauseAfter(failures, e);
      }
    }
  }

  /** Waits after a call that was rejected for now or whose answer was lost, or fails if that happened too often. */
  private void retryLater(Step<?> step, ServingException e) throws RunEnded {
    if (!e.retryable()) {
      throw RunEnded.failed(step.toString(), e);
    }
    if (e.kind() == ErrorKind.CONFLICT) {
      if (e.retryAfter().isPresent()) {
        pause(e.retryAfter().get());
      } else {
        waitFor(step, "waiting: " + e.getMessage());
      }
      return;
    }
    if (++step.refusals >= reconciler.retry().attempts()) {
      throw RunEnded.failed(step.toString(), e);
    }
    report(step, "retrying: " + e.getMessage());
    pauseAfter(step.refusals, e);
  }

  private void pauseAfter(int failures, ServingException e) throws RunEnded {
    Duration pause = reconciler.retry().pauseAfter(failures, reconciler.random());
    Duration asked = e.retryAfter().orElse(Duration.ZERO);
    pause(asked.compareTo(pause) > 0 ? asked : pause);
  }

  private void waitFor(Step<?> step, String detail) throws RunEnded {
    Duration now = now();
    if (step.waitBegan == null) {
      step.waitBegan = now;
    }
    Duration waited = now.minus(step.waitBegan);
    report(
        step,
        (detail.isEmpty() ? "in progress" : detail)
            + (waited.toSeconds() > 0 ? " (" + waited.toSeconds() + " s)" : ""));
    Duration pause = reconciler.polling().next(waited, reconciler.random());
    Duration asked = step.notBefore.minus(now);
    pause(asked.compareTo(pause) > 0 ? asked : pause);
  }

  /** Waits, at most until the deadline, after which the caller reads one last time. */
  void pause(Duration duration) throws RunEnded {
    Duration remaining = deadline.minus(now());
    if (remaining.isNegative() || remaining.isZero()) {
      throw RunEnded.timedOut();
    }
    undisturbed = false;
    lists.clear();
    refreshLook();
    run.pause(duration.compareTo(remaining) < 0 ? duration : remaining);
  }

  /** Throws if the operation has to stop or its limit has passed. */
  void checkStop() throws RunEnded {
    run.checkStop();
    if (now().compareTo(deadline) > 0) {
      throw RunEnded.timedOut();
    }
  }

  Duration now() {
    return run.sinceBegin();
  }

  private void report(Step<?> step, String message) {
    run.report(step.number, steps, step.toString(), message);
  }
}
