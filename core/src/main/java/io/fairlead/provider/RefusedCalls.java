package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Retries of calls that the platform rejects before they have any effect, within the caller's limit.
 *
 * <p>A call whose request may have reached the model is never sent twice: invoking a model is not idempotent, and a
 * slow model would be invoked again while it still works on the first request. A connection that broke, and an answer
 * that did not come in time, are such; a throttled request is not. The provider's {@link Refusals#policy} says which
 * rejections are safe to retry.
 */
public final class RefusedCalls {
  private final String platform;
  private final TimeSource time;
  private final RandomGenerator random;

  /** Creates the retries of one platform's calls. */
  public RefusedCalls(String platform, TimeSource time, RandomGenerator random) {
    this.platform = requireNonNull(platform, "platform");
    this.time = requireNonNull(time, "time");
    this.random = requireNonNull(random, "random");
  }

  /** The classification of a vendor's exceptions. */
  public interface Refusals<X extends RuntimeException> {
    /** {@return the type of the vendor's exception; any other exception is thrown unchanged} */
    Class<X> type();

    /**
     * {@return the policy by which a call is retried; empty if it must not be}
     *
     * <p>Empty unless the vendor documents that it rejected the request before it had any effect. After all other
     * failures, above all a broken connection, the model may have been invoked.
     */
    Optional<RetryPolicy> policy(X refusal);

    /** {@return the pause that the platform asked for, such as by a {@code Retry-After} header} */
    default Optional<Duration> retryAfter(X refusal) {
      return Optional.empty();
    }

    /** {@return the exception for callers, whose message begins with {@code what}} */
    ServingException failure(String what, X failure);
  }

  /**
   * Makes a call, and retries it after a pause while it is rejected.
   *
   * @param what the call, as the beginning of a sentence, such as {@code Invoke bert}
   * @param deadline the limit on all attempts and pauses; a pause that exceeds it is not started
   * @param call makes the call, given the remaining time
   */
  public <T, X extends RuntimeException> T call(
      String what, Deadline deadline, Refusals<X> refusals, Function<Duration, T> call) {
    @Nullable X refused = null;
    for (int attempt = 1; ; attempt++) {
      Duration left = deadline.left();
      if (left.isZero()) {
        throw timedOut(what, deadline, attempt - 1, refused);
      }
      try {
        return call.apply(left);
      } catch (RuntimeException e) {
        if (!refusals.type().isInstance(e)) {
          throw e;
        }
        refused = refusals.type().cast(e);
      }
      Optional<Duration> pause = pause(refusals, refused, attempt);
      if (pause.isEmpty() || deadline.left().compareTo(pause.get()) <= 0) {
        throw refusals.failure(attempt == 1 ? what : what + " (" + attempt + " attempts)", refused);
      }
      pause(what, pause.get());
    }
  }

  private <X extends RuntimeException> Optional<Duration> pause(
      Refusals<X> refusals, X refused, int attempt) {
    return refusals
        .policy(refused)
        .filter(policy -> attempt < policy.attempts())
        .map(policy -> {
          Duration pause = policy.pauseAfter(attempt, random);
          Duration asked = refusals.retryAfter(refused).orElse(Duration.ZERO);
          return asked.compareTo(pause) > 0 ? asked : pause;
        });
  }

  private ServingException timedOut(
      String what, Deadline deadline, int rejected, @Nullable RuntimeException refused) {
    String after = rejected == 0
        ? "before the first attempt"
        : "after " + rejected + " rejected " + (rejected == 1 ? "attempt" : "attempts");
    return ServingException.builder(
            platform,
            ErrorKind.TIMEOUT,
            what + " timed out " + after + ": its limit is " + Durations.shown(deadline.limit())
                + ". Retry with a longer one.")
        .cause(refused)
        .build();
  }

  /**
   * Waits before a retry.
   *
   * @throws ServingException of kind {@link ErrorKind#CANCELLED} if the thread is interrupted; its interrupt flag stays
   *     set
   */
  public void pause(String what, Duration pause) {
    try {
      time.pause(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          platform,
          ErrorKind.CANCELLED,
          what + " was cancelled: the thread was interrupted before the next attempt.",
          e);
    }
  }
}
