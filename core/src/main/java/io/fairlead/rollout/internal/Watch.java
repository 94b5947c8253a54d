package io.fairlead.rollout.internal;

import io.fairlead.rollout.Guard;
import io.fairlead.rollout.Observations;

/**
 * A guard during one step: what it makes of the observations so far.
 *
 * <p>Sequential probability ratio tests, one after the other. Of each, the likelihood ratio of the intolerable share to the
 * limit is followed: where it falls to {@link Guard#MISSED}, the guard has passed, and the next test begins. Test number k
 * refuses the candidate where the ratio rises to k (k + 1) / {@link Guard#FALSE_ALARM}. By Ville's inequality it does that
 * at or below the limit with a probability of at most the inverse, whenever it is looked at, and the inverses of all k sum
 * to {@link Guard#FALSE_ALARM}. In the same way the first test passes at or above the intolerable share with a probability
 * of at most {@link Guard#MISSED}.
 */
public final class Watch {
  private final Guard guard;
  private final double perHit;
  private final double perOther;

  private Observations seen = Observations.NONE;
  private double logRatio;
  private long test = 1;
  private boolean refused;

  public Watch(Guard guard) {
    this.guard = guard;
    this.perHit = Math.log(guard.intolerable() / guard.limit());
    this.perOther = Math.log((1 - guard.intolerable()) / (1 - guard.limit()));
  }

  /**
   * Takes a further look.
   *
   * @param now all that was seen since the step began; if it is less than before, the source has begun anew, and what it
   *     missed is not guessed
   */
  public void look(Observations now) {
    long requests = now.requests() - seen.requests();
    long hits = guard.count(now) - guard.count(seen);
    seen = now;
    if (refused || requests < 0 || hits < 0 || hits > requests) {
      return;
    }
    logRatio += hits * perHit + (requests - hits) * perOther;
    refused = logRatio >= Math.log((double) test * (test + 1) / Guard.FALSE_ALARM);
    if (logRatio <= Math.log(Guard.MISSED)) {
      logRatio = 0;
      test++;
    }
  }

  /** {@return whether the candidate is refused} */
  public boolean hasRefused() {
    return refused;
  }

  /** {@return whether the candidate has passed, and is not refused since} */
  public boolean hasPassed() {
    return test > 1 && !refused;
  }

  /** {@return what it has seen, as in {@code 61 of 812 requests failed (7.51%), where at most 2% may}} */
  public String finding() {
    return guard.finding(seen);
  }

  /** {@return what it has seen, and whether that is enough} */
  public String verdict() {
    return finding() + (refused ? ": refused" : hasPassed() ? ": passed" : ": undecided");
  }
}
