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
 * Calls that are tried again while the platform refuses them before it has done anything, within the caller's limit.
 *
 * <p>A call whose request may have reached the model is never sent twice: invoking a model is not idempotent, and a slow
 * model would be invoked again while it still works on the first request. A connection that broke, and an answer that
 * did not come in time, are such; a throttled request is not. Which refusals are certain is what the provider's {@link
 * Refusals#policy} says.
 */
public final class RefusedCalls {
  private final String platform;
  private final TimeSource time;
  private final RandomGenerator random;

  /** Makes what tries calls of one platform again. */
  public RefusedCalls(String platform, TimeSource time, RandomGenerator random) {
    this.platform = requireNonNull(platform, "platform");
    this.time = requireNonNull(time, "time");
    this.random = requireNonNull(random, "random");
  }

  /** What a provider knows of its vendor's exceptions. */
  public interface Refusals<X extends RuntimeException> {
    /** {@return the vendor's exception; any other one is thrown as it is} */
    Class<X> type();

    /**
     * {@return how a call is tried again; empty if it must not be}
     *
     * <p>Empty unless the vendor says that it refused the request before it did anything with it. After all else, a
     * broken connection above all, the model may have been invoked.
     */
    Optional<RetryPolicy> policy(X refusal);

    /** {@return how long the platform asked to wait, such as by a {@code Retry-After} header} */
    default Optional<Duration> retryAfter(X refusal) {
      return Optional.empty();
    }

    /** {@return a failure as callers get it; {@code what} begins its message} */
    ServingException failure(String what, X failure);
  }

  /**
   * Makes a call, and makes it again after a pause while it is refused.
   *
   * @param what what it is about, as the beginning of a sentence, such as {@code Invoke bert}
   * @param deadline the limit on all attempts and pauses; a pause that does not fit into it is not begun
   * @param call takes the time that is left for it
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
            what + " timed out " + after + ": its limit is " + deadline.limit()
                + ". Retry with a longer one.")
        .cause(refused)
        .build();
  }

  /**
   * Waits before something is tried again.
   *
   * @throws ServingException of kind {@link ErrorKind#CANCELLED} if the thread is interrupted, which stays so
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
