package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import io.fairlead.sagemaker.SageMakerProvider;
import java.time.Duration;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Calls to the runtime service, tried again where AWS refused to ask the model.
 *
 * <p>Whatever else went wrong, the model may have been asked already, and asking is not idempotent: a slow model that was
 * given up on would be asked again while it still works on the first request.
 */
final class RetriedCalls {
  private static final RetryPolicy REFUSED = new RetryPolicy(
      5, Duration.ofMillis(250), Duration.ofSeconds(4), RetryPolicy.DEFAULT.settling());
  /** A model is loaded for up to six minutes, after an answer that comes when a first minute is over. */
  private static final RetryPolicy LOADING = new RetryPolicy(
      5, Duration.ofSeconds(1), Duration.ofSeconds(8), RetryPolicy.DEFAULT.settling());

  private final SageMakerErrors errors;
  private final TimeSource time;
  private final RandomGenerator random;

  RetriedCalls(SageMakerErrors errors, TimeSource time, RandomGenerator random) {
    this.errors = errors;
    this.time = time;
    this.random = random;
  }

  /**
   * Makes a call.
   *
   * @param what what it is about, as the beginning of a sentence
   * @param timeout the limit on all tries and pauses
   * @param call takes the time that is left for it
   */
  <T> T call(String what, Duration timeout, Function<Duration, T> call) {
    Duration end = time.elapsed().plus(timeout);
    Duration left = timeout;
    for (int tries = 1; ; tries++) {
      try {
        return call.apply(left);
      } catch (SdkException e) {
        RetryPolicy policy = SageMakerErrors.isLoading(e) ? LOADING : REFUSED;
        Duration pause = policy.pauseAfter(tries, random);
        boolean again = SageMakerErrors.isRefusedForNow(e)
            && tries < policy.attempts()
            && end.minus(time.elapsed()).compareTo(pause) > 0;
        if (!again) {
          throw errors.failure(tries == 1 ? what : what + " (" + tries + " times)", e);
        }
        pause(what, pause);
      }
      left = end.minus(time.elapsed());
      if (left.isNegative() || left.isZero()) {
        throw new ServingException(
            SageMakerProvider.ID,
            ErrorKind.TIMEOUT,
            what + " failed: the time for it is over after " + tries + " refusals");
      }
    }
  }

  private void pause(String what, Duration pause) {
    try {
      time.pause(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          SageMakerProvider.ID,
          ErrorKind.CANCELLED,
          what + " failed: it was interrupted while it waited to try again",
          e);
    }
  }
}
