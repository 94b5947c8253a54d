package io.fairlead.rollout.internal;

import io.fairlead.rollout.Guard;
import io.fairlead.rollout.Observations;

/**
 * A guard during one step: what it makes of the observations so far.
 *
 * <p>Two series of sequential probability ratio tests. One counts the failures that are the candidate's for sure, and
 * refuses it. The other counts those of which nobody knows, too, as if all of them were its own, and lets it pass: so what
 * cannot be attributed neither refuses a candidate nor promotes it.
 */
public final class Watch {
  private final Guard guard;
  private final Tests known;
  private final Tests suspected;

  private Observations seen = Observations.NONE;
  private boolean refused;
  private boolean passed;

  /** Begins to watch. */
  public Watch(Guard guard) {
    this.guard = guard;
    this.known = new Tests(guard);
    this.suspected = new Tests(guard);
  }

  /**
   * Takes a further look.
   *
   * @param now all that was seen since the step began; if it is less than before, the source has begun anew: what it
   *     missed is not guessed, and the candidate has to pass anew
   */
  public void look(Observations now) {
    long requests = now.requests() - seen.requests();
    long hits = guard.count(now) - guard.count(seen);
    long unattributed = now.unattributed() - seen.unattributed();
    seen = now;
    if (requests < 0 || hits < 0 || unattributed < 0) {
      suspected.beginAnew();
      passed = false;
      return;
    }
    // A failure may be seen a look later than its request: the ratio of all is right all the same.
    refused |= known.add(requests, hits) == Verdict.TOO_MANY;
    passed = switch (suspected.add(requests + unattributed, hits + unattributed)) {
      case FEW -> true;
      case TOO_MANY -> false;
      case UNDECIDED -> passed;
    };
  }

  /** {@return whether the candidate is refused, for good} */
  public boolean hasRefused() {
    return refused;
  }

  /** {@return whether the candidate has passed, and nothing that was seen since makes that doubtful} */
  public boolean hasPassed() {
    return passed && !refused;
  }

  /** {@return what it has seen, as in {@code 61 of 812 requests failed (7.51%), where at most 2% may}} */
  public String finding() {
    return guard.finding(seen);
  }

  /** {@return what it has seen, and whether that is enough} */
  public String verdict() {
    return finding() + (refused ? ": refused" : hasPassed() ? ": passed" : ": undecided");
  }

  private enum Verdict {
    FEW,
    TOO_MANY,
    UNDECIDED
  }

  /**
   * Sequential probability ratio tests, one after the other.
   *
   * <p>Of each, the likelihood ratio of the intolerable share to the limit is followed: where it falls to {@link
   * Guard#MISSED}, there are few hits, and the next test begins. Test number k finds too many where the ratio rises to k
   * (k + 1) / {@link Guard#FALSE_ALARM}. By Ville's inequality it does that at or below the limit with a probability of at
   * most the inverse, whenever it is looked at, and the inverses of all k sum to {@link Guard#FALSE_ALARM}. In the same way
   * the first test finds few at or above the intolerable share with a probability of at most {@link Guard#MISSED}.
   */
  private static final class Tests {
    private final double perHit;
    private final double perOther;
    private double logRatio;
    private long number = 1;

    Tests(Guard guard) {
      this.perHit = Math.log(guard.intolerable() / guard.limit());
      this.perOther = Math.log1p(-guard.intolerable()) - Math.log1p(-guard.limit());
    }

    void beginAnew() {
      logRatio = 0;
    }

    Verdict add(long requests, long hits) {
      logRatio += hits * perHit + (requests - hits) * perOther;
      if (logRatio >= Math.log((double) number * (number + 1) / Guard.FALSE_ALARM)) {
        beginAnew();
        return Verdict.TOO_MANY;
      }
      if (logRatio <= Math.log(Guard.MISSED)) {
        beginAnew();
        number++;
        return Verdict.FEW;
      }
      return Verdict.UNDECIDED;
    }
  }
}
