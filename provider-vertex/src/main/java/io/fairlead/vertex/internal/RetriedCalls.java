package io.fairlead.vertex.internal;

import com.google.api.gax.rpc.ApiException;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import io.fairlead.vertex.VertexProvider;
import java.time.Duration;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * Calls about predictions, tried again where Vertex AI refused to ask the model.
 *
 * <p>Whatever else went wrong, the model may have been asked already, and asking is not idempotent: a slow model that was
 * given up on would be asked again while it still works on the first request.
 */
final class RetriedCalls {
  private static final RetryPolicy REFUSED = new RetryPolicy(
      5, Duration.ofMillis(250), Duration.ofSeconds(4), RetryPolicy.DEFAULT.settling());

  private final VertexErrors errors;
  private final TimeSource time;
  private final RandomGenerator random;

  RetriedCalls(VertexErrors errors, TimeSource time, RandomGenerator random) {
    this.errors = errors;
    this.time = time;
    this.random = random;
  }

  TimeSource time() {
    return time;
  }

  /**
   * Makes a call.
   *
   * @param what what it is about, as the beginning of a sentence
   * @param end when the time for all tries and pauses is over
   * @param call takes the time that is left for it
   */
  <T> T call(String what, Duration end, Function<Duration, T> call) {
    for (int tries = 1; ; tries++) {
      Duration left = end.minus(time.elapsed());
      if (left.isNegative() || left.isZero()) {
        throw overdue(what, tries);
      }
      try {
        return call.apply(left);
      } catch (ApiException e) {
        Duration pause = pause(e, tries);
        boolean again = VertexErrors.isRefusedForNow(e)
            && tries < REFUSED.attempts()
            && end.minus(time.elapsed()).compareTo(pause) > 0;
        if (!again) {
          throw errors.predictionFailure(tries == 1 ? what : what + " (" + tries + " times)", e);
        }
        pause(what, pause);
      }
    }
  }

  private Duration pause(ApiException e, int tries) {
    Duration pause = REFUSED.pauseAfter(tries, random);
    Duration asked = VertexErrors.retryAfter(e).orElse(Duration.ZERO);
    return asked.compareTo(pause) > 0 ? asked : pause;
  }

  private static ServingException overdue(String what, int tries) {
    String after = tries == 1 ? "" : " after " + (tries - 1) + " refusals";
    return new ServingException(
        VertexProvider.ID, ErrorKind.TIMEOUT, what + " failed: the time for it is over" + after);
  }

  /** Waits before something is tried again. */
  void pause(String what, Duration pause) {
    try {
      time.pause(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.CANCELLED,
          what + " failed: it was interrupted while it waited to try again",
          e);
    }
  }
}
