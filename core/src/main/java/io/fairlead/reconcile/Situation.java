package io.fairlead.reconcile;

import java.util.Optional;
import java.util.Set;

/**
 * What is known of one resource at one moment of a run: all that a {@link Policy} decides by.
 *
 * @param status what was seen
 * @param operation how far the platform's operation on it is, if this run has one
 * @param facts what else is so
 */
record Situation(
    Observed.Status status, Optional<Outcome.State> operation, Set<Situation.Fact> facts) {
  /** Something that is so. */
  enum Fact {
    /** It is as it should be. */
    AS_DESIRED,
    /** It is as it was before this run changed it. */
    AS_BEFORE,
    /** It is as this run wrote it last. */
    AS_WRITTEN,
    /** This run created it, and it is still as this run wrote it; or it failed under this run's change. */
    OF_THIS_RUN,
    /** The platform accepted that it is created or changed. */
    CHANGE_ACCEPTED,
    /** The platform accepted that it goes. */
    DELETION_ACCEPTED,
    /** What was accepted was accepted so lately that it may not show yet. */
    SETTLING,
    /** What this run sent may be done and not show yet. */
    MAY_STILL_SHOW,
    /** It was seen on its way since this run's last change. */
    SEEN_CHANGING,
    /** This run created it. */
    CREATED,
    /** The last change failed for a reason that passes. */
    RETRYING,
    /** It was settled in this run, and another run holds the name by now. */
    LOST,
    /** Another process has undone this run's changes too often. */
    CONTESTED,
    /** It was created too often without ever showing. */
    CREATED_TOO_OFTEN,
    /** This run has written the former state again. */
    RESTORED,
    /** It is to be adjusted only if it is there. */
    ONLY_IF_PRESENT,
    /** It belongs to others, and is left alone. */
    LEFT_ALONE,
    /** This run has deleted it or tried to. */
    WROTE,
    /** The operation failed because there is nothing to delete. */
    FOUND_NOTHING,
    /** It was asked whether it is listed, and it is. */
    LISTED,
    /** It was asked whether it is listed, and it is not, or has been for too long. */
    NOT_LISTED,
    /** It goes only if nothing uses it. */
    MAY_BE_USED,
    /** It was asked whether something uses it, and something does. */
    USED,
    /** It was asked whether something uses it, and nothing does. */
    UNUSED
  }

  Situation {
    facts = Set.copyOf(facts);
  }

  boolean is(Fact fact) {
    return facts.contains(fact);
  }

  boolean operationIs(Outcome.State state) {
    return operation.equals(Optional.of(state));
  }
}
