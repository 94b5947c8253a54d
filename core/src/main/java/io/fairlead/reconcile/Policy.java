package io.fairlead.reconcile;

import static io.fairlead.reconcile.Situation.Fact.AS_BEFORE;
import static io.fairlead.reconcile.Situation.Fact.AS_DESIRED;
import static io.fairlead.reconcile.Situation.Fact.AS_WRITTEN;
import static io.fairlead.reconcile.Situation.Fact.CHANGE_ACCEPTED;
import static io.fairlead.reconcile.Situation.Fact.CONTESTED;
import static io.fairlead.reconcile.Situation.Fact.CREATED;
import static io.fairlead.reconcile.Situation.Fact.CREATED_TOO_OFTEN;
import static io.fairlead.reconcile.Situation.Fact.DELETION_ACCEPTED;
import static io.fairlead.reconcile.Situation.Fact.FOUND_NOTHING;
import static io.fairlead.reconcile.Situation.Fact.LEFT_ALONE;
import static io.fairlead.reconcile.Situation.Fact.LISTED;
import static io.fairlead.reconcile.Situation.Fact.LOST;
import static io.fairlead.reconcile.Situation.Fact.MAY_BE_USED;
import static io.fairlead.reconcile.Situation.Fact.MAY_STILL_SHOW;
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
 * Decides what to do next about one resource, by nothing but what is known of it.
 *
 * <p>One for each thing that a resource can come to. They make no call and wait for nothing, so each is a table, which its
 * test reads out.
 */
@FunctionalInterface
interface Policy {
  Move next(Situation now);

  /** It is there, as desired. */
  Policy BE_PRESENT = now -> {
    if (now.operation().isPresent()) {
      return ofOperation(now.operation().get());
    }
    return switch (now.status()) {
      case READY -> ofReady(now);
      case CHANGING -> Move.WAIT;
      case DELETING -> Move.WAIT_UNTIL_IT_IS_GONE;
      case FAILED -> {
        boolean underThisRun = now.is(CHANGE_ACCEPTED) || now.is(SEEN_CHANGING);
        yield underThisRun && !now.is(RETRYING) ? Move.FAIL_MODEL : Move.REPLACE;
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
          ? Move.WAIT_UNTIL_THE_CHANGE_SHOWS
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
      return Move.WAIT_UNTIL_IT_SHOWS;
    }
    if (now.is(CREATED_TOO_OFTEN)) {
      return Move.FAIL_NEVER_SHOWS;
    }
    boolean went = now.is(CREATED) && now.is(SEEN_CHANGING) && !now.is(RETRYING);
    return went ? Move.FAIL_WENT_AWAY : Move.CREATE;
  }

  /** It is there already, whatever it is. */
  Policy BE_READY = now -> switch (now.status()) {
    case READY -> Move.DONE;
    case CHANGING -> Move.WAIT;
    case FAILED -> Move.FAIL_FAILED_EARLIER;
    case ABSENT, DELETING -> Move.FAIL_ABSENT;
  };

  /** It is not there. */
  Policy BE_ABSENT = now -> {
    if (now.status() == Observed.Status.ABSENT) {
      if (now.is(WROTE) || now.is(NOT_LISTED)) {
        return Move.DONE;
      }
      return now.is(LISTED) ? Move.WAIT_UNTIL_IT_IS_LISTED_NO_LONGER : Move.ASK_WHETHER_LISTED;
    }
    if (now.is(LEFT_ALONE)) {
      return Move.KEEP;
    }
    if (now.is(MAY_BE_USED) && !now.is(DELETION_ACCEPTED) && !now.is(UNUSED)) {
      return now.is(USED) ? Move.KEEP : Move.ASK_WHETHER_USED;
    }
    if (now.operationIs(Outcome.State.RUNNING)) {
      return Move.WAIT_UNTIL_IT_IS_GONE;
    }
    if (now.operationIs(Outcome.State.FAILED) && !now.is(FOUND_NOTHING)) {
      return Move.RETRY_OPERATION;
    }
    if (now.operation().isPresent()) {
      return Move.LOOK_AGAIN;
    }
    boolean going = now.is(DELETION_ACCEPTED) && now.is(SETTLING);
    return going || now.status() == Observed.Status.DELETING
        ? Move.WAIT_UNTIL_IT_IS_GONE
        : Move.DELETE;
  };

  /** What this run created is not there, unless it is no longer this run's. */
  Policy BE_ROLLED_BACK = now -> {
    if (now.status() == Observed.Status.ABSENT) {
      return now.is(MAY_STILL_SHOW) && !now.is(WROTE) ? Move.WAIT_WHETHER_IT_SHOWS : Move.DONE;
    }
    return now.is(OF_THIS_RUN) ? BE_ABSENT.next(now) : Move.KEEP;
  };

  /**
   * What this run changed is again what it was, unless it is no longer as this run wrote it.
   *
   * <p>While a change is under way, what is read may be what was there before it.
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
    if (now.is(AS_BEFORE) && (now.is(RESTORED) || now.is(AS_WRITTEN) || !now.is(MAY_STILL_SHOW))) {
      return Move.DONE;
    }
    if (now.is(AS_BEFORE) || (now.is(RESTORED) && now.is(MAY_STILL_SHOW))) {
      return Move.WAIT_UNTIL_THE_CHANGE_SHOWS;
    }
    return now.is(AS_WRITTEN) ? Move.UPDATE : Move.KEEP;
  };
}
