package io.fairlead.reconcile;

import static io.fairlead.reconcile.Situation.Fact.AS_BEFORE;
import static io.fairlead.reconcile.Situation.Fact.AS_DESIRED;
import static io.fairlead.reconcile.Situation.Fact.AS_WRITTEN;
import static io.fairlead.reconcile.Situation.Fact.CHANGE_ACCEPTED;
import static io.fairlead.reconcile.Situation.Fact.CONTESTED;
import static io.fairlead.reconcile.Situation.Fact.CREATED;
import static io.fairlead.reconcile.Situation.Fact.CREATED_TOO_OFTEN;
import static io.fairlead.reconcile.Situation.Fact.DELETION_ACCEPTED;
import static io.fairlead.reconcile.Situation.Fact.FOREIGN_AND_KEPT;
import static io.fairlead.reconcile.Situation.Fact.LISTED;
import static io.fairlead.reconcile.Situation.Fact.LOST;
import static io.fairlead.reconcile.Situation.Fact.MAY_BE_USED;
import static io.fairlead.reconcile.Situation.Fact.MAY_STILL_APPEAR;
import static io.fairlead.reconcile.Situation.Fact.NOTHING_TO_DELETE;
import static io.fairlead.reconcile.Situation.Fact.NOT_LISTED;
import static io.fairlead.reconcile.Situation.Fact.OF_THIS_RUN;
import static io.fairlead.reconcile.Situation.Fact.ONLY_IF_PRESENT;
import static io.fairlead.reconcile.Situation.Fact.RESTORED;
import static io.fairlead.reconcile.Situation.Fact.RETRYING;
import static io.fairlead.reconcile.Situation.Fact.SEEN_CHANGING;
import static io.fairlead.reconcile.Situation.Fact.SETTLING;
import static io.fairlead.reconcile.Situation.Fact.UNUSED;
import static io.fairlead.reconcile.Situation.Fact.USED;
import static io.fairlead.reconcile.Situation.Fact.WROTE;

/**
 * A decision of the next step of reconciling one resource, from its situation alone.
 *
 * <p>One for each outcome. A policy makes no call and does not wait, so it is tested as a table.
 */
@FunctionalInterface
interface Policy {
  Move next(Situation now);

  /** Exists, as desired. */
  Policy BE_PRESENT = now -> {
    if (now.operation().isPresent()) {
      return ofOperation(now.operation().get());
    }
    return switch (now.status()) {
      case READY -> ofReady(now);
      case CHANGING -> Move.WAIT;
      case DELETING -> Move.WAIT_UNTIL_DELETED;
      case FAILED -> {
        boolean duringThisRun = now.is(CHANGE_ACCEPTED) || now.is(SEEN_CHANGING);
        yield duringThisRun && !now.is(RETRYING) ? Move.FAIL_MODEL : Move.REPLACE;
      }
      case ABSENT -> ofAbsent(now);
    };
  };

  private static Move ofOperation(Outcome.State operation) {
    return switch (operation) {
      case RUNNING -> Move.WAIT;
      case SUCCEEDED -> Move.LOOK_AGAIN;
      case FAILED -> Move.RETRY_OPERATION;
    };
  }

  private static Move ofReady(Situation now) {
    if (now.is(AS_DESIRED)) {
      return Move.DONE;
    }
    if (now.is(LOST)) {
      return Move.FAIL_LOST;
    }
    if (now.is(CHANGE_ACCEPTED) && now.is(AS_BEFORE)) {
      return now.is(SETTLING) && !now.is(SEEN_CHANGING)
          ? Move.WAIT_UNTIL_CHANGE_VISIBLE
          : Move.FAIL_ROLLED_BACK;
    }
    return now.is(CHANGE_ACCEPTED) && now.is(CONTESTED) ? Move.FAIL_CONTESTED : Move.UPDATE;
  }

  private static Move ofAbsent(Situation now) {
    if (now.is(ONLY_IF_PRESENT)) {
      return Move.DONE;
    }
    if (now.is(LOST)) {
      return Move.FAIL_LOST;
    }
    if (now.is(CHANGE_ACCEPTED) && now.is(SETTLING)) {
      return Move.WAIT_UNTIL_VISIBLE;
    }
    if (now.is(CREATED_TOO_OFTEN)) {
      return Move.FAIL_NEVER_VISIBLE;
    }
    boolean disappeared = now.is(CREATED) && now.is(SEEN_CHANGING) && !now.is(RETRYING);
    return disappeared ? Move.FAIL_DISAPPEARED : Move.CREATE;
  }

  /** Exists and is ready, in any state. */
  Policy BE_READY = now -> switch (now.status()) {
    case READY -> Move.DONE;
    case CHANGING -> Move.WAIT;
    case FAILED -> Move.FAIL_FAILED_EARLIER;
    case ABSENT, DELETING -> Move.FAIL_ABSENT;
  };

  /** Does not exist. */
  Policy BE_ABSENT = now -> {
    if (now.status() == Observed.Status.ABSENT) {
      if (now.is(WROTE) || now.is(NOT_LISTED)) {
        return Move.DONE;
      }
      return now.is(LISTED) ? Move.WAIT_UNTIL_UNLISTED : Move.CHECK_LISTED;
    }
    if (now.is(FOREIGN_AND_KEPT)) {
      return Move.KEEP;
    }
    if (now.is(MAY_BE_USED) && !now.is(DELETION_ACCEPTED) && !now.is(UNUSED)) {
      return now.is(USED) ? Move.KEEP : Move.CHECK_USED;
    }
    if (now.operationIs(Outcome.State.RUNNING)) {
      return Move.WAIT_UNTIL_DELETED;
    }
    if (now.operationIs(Outcome.State.FAILED) && !now.is(NOTHING_TO_DELETE)) {
      return Move.RETRY_OPERATION;
    }
    if (now.operation().isPresent()) {
      return Move.LOOK_AGAIN;
    }
    boolean beingDeleted = now.is(DELETION_ACCEPTED) && now.is(SETTLING);
    return beingDeleted || now.status() == Observed.Status.DELETING
        ? Move.WAIT_UNTIL_DELETED
        : Move.DELETE;
  };

  /** Does not exist, if this run created it and nothing else has changed it since. */
  Policy BE_ROLLED_BACK = now -> {
    if (now.status() == Observed.Status.ABSENT) {
      return now.is(MAY_STILL_APPEAR) && !now.is(WROTE) ? Move.WAIT_IN_CASE_IT_APPEARS : Move.DONE;
    }
    return now.is(OF_THIS_RUN) ? BE_ABSENT.next(now) : Move.KEEP;
  };

  /**
   * Has its state from before this run, unless something else has changed it since.
   *
   * <p>While a change is in progress, a read may return the state from before it.
   */
  Policy BE_RESTORED = now -> {
    if (now.operationIs(Outcome.State.RUNNING) || now.status() == Observed.Status.CHANGING) {
      return Move.WAIT;
    }
    if (now.operationIs(Outcome.State.FAILED) && now.is(RESTORED)) {
      return Move.RETRY_OPERATION;
    }
    if (now.operation().isPresent()) {
      return Move.LOOK_AGAIN;
    }
    if (now.status() != Observed.Status.READY) {
      return Move.KEEP;
    }
    if (now.is(AS_BEFORE)
        && (now.is(RESTORED) || now.is(AS_WRITTEN) || !now.is(MAY_STILL_APPEAR))) {
      return Move.DONE;
    }
    if (now.is(AS_BEFORE) || (now.is(RESTORED) && now.is(MAY_STILL_APPEAR))) {
      return Move.WAIT_UNTIL_CHANGE_VISIBLE;
    }
    return now.is(AS_WRITTEN) ? Move.UPDATE : Move.KEEP;
  };
}
