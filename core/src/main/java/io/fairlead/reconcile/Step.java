package io.fairlead.reconcile;

import io.fairlead.reconcile.LastCall.Verb;
import io.fairlead.reconcile.Observed.Status;
import io.fairlead.reconcile.Situation.Fact;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The state of one resource within one run. */
final class Step<T> {
  /** The limit on updates that another process overwrites. */
  private static final int MOST_CONTESTS = 5;

  /** The limit on creates that the platform reports as done while the resource does not become visible. */
  private static final int MOST_CREATIONS = 3;

  /** The limit on operations that fail for reasons that pass: each may have taken many minutes. */
  static final int MOST_FAILED_OPERATIONS = 5;

  final Resource<T> resource;
  final ResourceKind<T> kind;
  final int number;

  /** Its kind and name, as in messages. */
  private final String text;

  /** The result of the first read, until it is used. */
  @Nullable
  Observed<T> looked;

  LastCall<T> last = new LastCall.None<>();

  /** The platform's operation of the last call, while it is in progress. */
  Optional<String> operation = Optional.empty();

  /** The earliest time of the next poll, as the platform asked for. */
  Duration notBefore = Duration.ZERO;

  /** Its state before the first change of this run. */
  Optional<T> before = Optional.empty();

  /** This run created it. */
  boolean created;

  int creations;
  int contests;

  /** It was read as changing since the last change. */
  boolean seenChanging;

  /** A change was sent, with or without success, since superseded resources were last deleted. */
  boolean tried;

  /** It has reached its goal in this run. */
  boolean settled;

  /** It failed after this run's change. */
  boolean failedHere;

  /** The last change failed with a retryable error. */
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
    this.text = resource.ref().toString();
  }

  /** {@return a step that deletes what this one has created} */
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

  /** {@return whether it stays if it is foreign; a foreign variant is refused instead, because it has the name} */
  boolean isLeftAloneIfForeign() {
    return switch (resource.goal()) {
      case ABSENT_IF_UNUSED, ABSENT_IF_ORPHAN -> true;
      case ABSENT -> resource.role() != Resource.Role.VARIANT;
      default -> false;
    };
  }

  // ---- events ----

  /** Adopts a resource that exists after a create without an answer, if it carries this run's tag or none. */
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

  /** The operation has failed, so that no effect of it will appear. */
  void operationFailed() {
    if (last instanceof LastCall.Answered<T> answered && answered.verb() == Verb.CREATE) {
      // The platform has not reported it as done.
      creations--;
    }
    last = new LastCall.None<>();
    seenChanging = false;
  }

  // ---- facts ----

  boolean mayHaveCreated() {
    return created || last.mayHaveCreated();
  }

  boolean carriesTheRun(Observed<T> seen, String run) {
    boolean there = seen.status() != Status.ABSENT && seen.status() != Status.DELETING;
    return there && !seen.foreign() && seen.run().map(run::equals).orElse(created);
  }

  /** {@return whether this run created it, and its state is still as written, or it failed after this run's change} */
  boolean isOfRun(Observed<T> seen, String run) {
    boolean made = created && seen.run().map(run::equals).orElse(true);
    boolean unchanged = seen.status() != Status.READY
        || last.wanted().isEmpty()
        || kind.matches(last.wanted().get(), seen.value().orElseThrow());
    boolean failed = failedHere && seen.status() == Status.FAILED;
    return !seen.foreign() && unchanged && (made || failed);
  }

  /** {@return the facts that this step knows by itself} */
  Set<Fact> facts(Observed<T> seen, String run, Duration now, Duration settling) {
    Set<Fact> facts = EnumSet.noneOf(Fact.class);
    add(facts, Fact.OF_THIS_RUN, isOfRun(seen, run));
    add(facts, Fact.CHANGE_ACCEPTED, last.isAcceptedChange());
    add(facts, Fact.DELETION_ACCEPTED, last.isAcceptedDeletion());
    add(facts, Fact.SETTLING, isWithin(last.acceptedAt(), now, settling));
    add(facts, Fact.MAY_STILL_APPEAR, isWithin(last.sentAt(), now, settling));
    add(facts, Fact.SEEN_CHANGING, seenChanging);
    add(facts, Fact.CREATED, created);
    add(facts, Fact.RETRYING, retrying);
    add(facts, Fact.CONTESTED, contests >= MOST_CONTESTS);
    add(facts, Fact.CREATED_TOO_OFTEN, creations >= MOST_CREATIONS);
    add(facts, Fact.ONLY_IF_PRESENT, resource.goal() == Resource.Goal.ADJUSTED_IF_PRESENT);
    add(facts, Fact.FOREIGN_AND_KEPT, seen.foreign() && isLeftAloneIfForeign());
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
    return text;
  }
}
