package io.fairlead.reconcile;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * What a run knows of one resource at one moment: the input of a {@link Policy}.
 *
 * @param status its status
 * @param operation the state of the platform's operation on it, if this run has one
 * @param facts the other facts
 */
record Situation(
    Observed.Status status, Optional<Outcome.State> operation, Set<Situation.Fact> facts) {
  /** A fact about a resource. */
  enum Fact {
    /** Its actual state is the desired one. */
    AS_DESIRED,
    /** Its actual state is that before this run changed it. */
    AS_BEFORE,
    /** Its actual state is that which this run wrote last. */
    AS_WRITTEN,
    /** This run created it, and its state is still that which this run wrote; or it failed after this run's change. */
    OF_THIS_RUN,
    /** The platform has accepted a create or an update. */
    CHANGE_ACCEPTED,
    /** The platform has accepted a delete. */
    DELETION_ACCEPTED,
    /** The change was accepted so recently that it may not be visible yet. */
    SETTLING,
    /** A call of this run may have had an effect that is not visible yet. */
    MAY_STILL_APPEAR,
    /** It was read as changing since this run's last change. */
    SEEN_CHANGING,
    /** This run created it. */
    CREATED,
    /** The last change failed with a retryable error. */
    RETRYING,
    /** It had reached its goal in this run, and another run has taken it over since. */
    LOST,
    /** Another process has overwritten this run's changes too often. */
    CONTESTED,
    /** It was created too often without becoming visible. */
    CREATED_TOO_OFTEN,
    /** This run has written the former state back. */
    RESTORED,
    /** It is adjusted only if it exists. */
    ONLY_IF_PRESENT,
    /** It is foreign, and not changed. */
    FOREIGN_AND_KEPT,
    /** This run has sent a delete. */
    WROTE,
    /** The operation failed because there was nothing to delete. */
    NOTHING_TO_DELETE,
    /** It was checked: it is listed. */
    LISTED,
    /** It was checked: it is not listed, or was listed for longer than the platform takes to settle. */
    NOT_LISTED,
    /** It is deleted only if nothing uses it. */
    MAY_BE_USED,
    /** It was checked: something uses it. */
    USED,
    /** It was checked: nothing uses it. */
    UNUSED
  }

  Situation {
    Set<Fact> copy = EnumSet.noneOf(Fact.class);
    copy.addAll(facts);
    facts = Collections.unmodifiableSet(copy);
  }

  boolean is(Fact fact) {
    return facts.contains(fact);
  }

  boolean operationIs(Outcome.State state) {
    return operation.equals(Optional.of(state));
  }
}
