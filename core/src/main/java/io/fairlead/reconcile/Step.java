package io.fairlead.reconcile;

import io.fairlead.reconcile.LastCall.Verb;
import io.fairlead.reconcile.Observed.Status;
import io.fairlead.reconcile.Situation.Fact;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is known of one resource in one run. */
final class Step<T> {
  /** How often this run changes what others change back. */
  private static final int MOST_CONTESTS = 5;

  /** How often a resource is created that the platform reports as done and does not show. */
  private static final int MOST_CREATIONS = 3;

  final Resource<T> resource;
  final ResourceKind<T> kind;
  final int number;

  /** What was seen at the first look, until it is used. */
  @Nullable
  Observed<T> looked;

  LastCall<T> last = new LastCall.None<>();

  /** The operation of the last call, while it is at work. */
  Optional<String> operation = Optional.empty();

  /** The platform does not want to be asked about the operation before. */
  Duration notBefore = Duration.ZERO;

  /** What it was before this run changed it first. */
  Optional<T> before = Optional.empty();

  /** This run created it. */
  boolean created;

  int creations;
  int contests;

  /** It was seen on its way since the last change. */
  boolean seenChanging;

  /** A change was sent since what was superseded was last deleted, even if it was refused. */
  boolean tried;

  /** It was as it should be at some time in this run. */
  boolean settled;

  /** It failed under this run's change. */
  boolean failedHere;

  /** The last change failed for a reason that passes. */
  boolean retrying;

  int refusals;
  int failedOperations;

  @Nullable
  Duration waitBegan;

  @Nullable
  Duration hiddenSince;

  Step(Resource<T> resource, ResourceKind<T> kind, int number) {
    this.resource = resource;
    this.kind = kind;
    this.number = number;
  }

  /** {@return a step that is to delete what this one has created} */
  Step<T> toRollBack(Resource.Goal goal) {
    Step<T> removal = new Step<>(resource.to(goal), kind, number);
    removal.last = last;
    removal.created = created;
    removal.failedHere = failedHere;
    return removal;
  }

  boolean isAsDesired(T actual) {
    return kind.matches(resource.desired(Optional.of(actual)), actual);
  }

  /** A variant of others blocks its name; a part or a shared resource of theirs is their business. */
  boolean isLeftAloneIfForeign() {
    return switch (resource.goal()) {
      case ABSENT_IF_UNUSED, ABSENT_IF_ORPHAN -> true;
      case ABSENT -> resource.role() != Resource.Role.VARIANT;
      default -> false;
    };
  }

  // ---- what has happened ----

  /** After a lost answer, what is there now may be what this run made. */
  void adopt(Observed<T> seen, String run, Duration now) {
    boolean there = seen.status() != Status.ABSENT && seen.status() != Status.DELETING;
    if (last.mayHaveCreated() && there) {
      created = seen.run().map(run::equals).orElse(true);
      last = new LastCall.Answered<>(Verb.CREATE, last.wanted(), last.sentAt().orElse(now), now);
    }
  }

  void accepted(Verb verb, Optional<T> wanted, Accepted accepted, Duration sentAt, Duration now) {
    last = new LastCall.Answered<>(verb, wanted, sentAt, now);
    operation = accepted.operation();
    askAfter(accepted.askAfter(), now);
    refusals = 0;
    hiddenSince = null;
    retrying = false;
    waitBegan = now;
  }

  void askAfter(Optional<Duration> pause, Duration now) {
    notBefore = pause.map(now::plus).orElse(Duration.ZERO);
  }

  void operationSucceeded(Duration now) {
    if (last instanceof LastCall.Answered<T> answered) {
      last = answered.endedAt(now);
    }
    seenChanging = false;
  }

  /** It is over: nothing of it may still show. */
  void operationFailed() {
    last = new LastCall.None<>();
    seenChanging = false;
  }

  // ---- what is known ----

  boolean mayHaveCreated() {
    return created || last.mayHaveCreated();
  }

  boolean carriesTheRun(Observed<T> seen, String run) {
    boolean there = seen.status() != Status.ABSENT && seen.status() != Status.DELETING;
    return there && !seen.foreign() && seen.run().map(run::equals).orElse(created);
  }

  /** {@return whether it is what this run has created, as it wrote it, or what has failed under it} */
  boolean isOfRun(Observed<T> seen, String run) {
    boolean made = created && seen.run().map(run::equals).orElse(true);
    boolean unchanged = seen.status() != Status.READY
        || last.wanted().isEmpty()
        || kind.matches(last.wanted().get(), seen.value().orElseThrow());
    boolean failed = failedHere && seen.status() == Status.FAILED;
    return !seen.foreign() && unchanged && (made || failed);
  }

  /** {@return what is so now, as far as this step alone knows} */
  Set<Fact> facts(Observed<T> seen, String run, Duration now, Duration settling) {
    Set<Fact> facts = EnumSet.noneOf(Fact.class);
    add(facts, Fact.OF_THIS_RUN, isOfRun(seen, run));
    add(facts, Fact.CHANGE_ACCEPTED, last.isAcceptedChange());
    add(facts, Fact.DELETION_ACCEPTED, last.isAcceptedDeletion());
    add(facts, Fact.SETTLING, isWithin(last.acceptedAt(), now, settling));
    add(facts, Fact.MAY_STILL_SHOW, isWithin(last.sentAt(), now, settling));
    add(facts, Fact.SEEN_CHANGING, seenChanging);
    add(facts, Fact.CREATED, created);
    add(facts, Fact.RETRYING, retrying);
    add(facts, Fact.CONTESTED, contests >= MOST_CONTESTS);
    add(facts, Fact.CREATED_TOO_OFTEN, creations >= MOST_CREATIONS);
    add(facts, Fact.ONLY_IF_PRESENT, resource.goal() == Resource.Goal.ADJUSTED_IF_PRESENT);
    add(facts, Fact.LEFT_ALONE, seen.foreign() && isLeftAloneIfForeign());
    add(
        facts,
        Fact.MAY_BE_USED,
        resource.goal() == Resource.Goal.ABSENT_IF_UNUSED
            || resource.goal() == Resource.Goal.ABSENT_IF_ORPHAN);
    boolean isVariant = resource.role() == Resource.Role.VARIANT;
    add(facts, Fact.LOST, settled && isVariant && seen.status() != Status.CHANGING);
    if (seen.status() == Status.READY) {
      T actual = seen.value().orElseThrow();
      add(facts, Fact.AS_BEFORE, before.isPresent() && kind.matches(before.get(), actual));
      add(
          facts,
          Fact.AS_WRITTEN,
          last.wanted().isPresent() && kind.matches(last.wanted().get(), actual));
    }
    return facts;
  }

  private static boolean isWithin(Optional<Duration> since, Duration now, Duration time) {
    return since.isPresent() && now.minus(since.get()).compareTo(time) < 0;
  }

  private static void add(Set<Fact> facts, Fact fact, boolean isSo) {
    if (isSo) {
      facts.add(fact);
    }
  }

  @Override
  public String toString() {
    return resource.ref().toString();
  }
}
