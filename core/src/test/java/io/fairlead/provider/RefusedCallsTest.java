package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.RefusedCalls.Refusals;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RefusedCallsTest {
  private static final RetryPolicy POLICY = new RetryPolicy(
      5, Duration.ofSeconds(1), Duration.ofSeconds(8), RetryPolicy.DEFAULT.settling());
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final VirtualTime time = new VirtualTime();
  private final RandomGenerator random = new Random(1);
  private final RefusedCalls calls = new RefusedCalls("attic", time, random);

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  /** What a vendor throws. */
  @SuppressWarnings("serial")
  private static final class AtticException extends RuntimeException {
    final boolean refused;
    final Optional<Duration> retryAfter;

    AtticException(boolean refused, Optional<Duration> retryAfter) {
      super(refused ? "too busy" : "connection reset");
      this.refused = refused;
      this.retryAfter = retryAfter;
    }
  }

  private static AtticException refused() {
    return new AtticException(true, Optional.empty());
  }

  private static final Refusals<AtticException> REFUSALS = new Refusals<>() {
    @Override
    public Class<AtticException> type() {
      return AtticException.class;
    }

    @Override
    public Optional<RetryPolicy> policy(AtticException refusal) {
      return refusal.refused ? Optional.of(POLICY) : Optional.empty();
    }

    @Override
    public Optional<Duration> retryAfter(AtticException refusal) {
      return refusal.retryAfter;
    }

    @Override
    public ServingException failure(String what, AtticException failure) {
      ErrorKind kind = failure.refused ? ErrorKind.THROTTLED : ErrorKind.UNAVAILABLE;
      return new ServingException(
          "attic", kind, what + " failed: " + failure.getMessage(), failure);
    }
  };

  /** Answers after some failures, and notes what was left of the limit each time. */
  private String callAfter(Duration limit, AtticException... failures) {
    AtomicInteger attempts = new AtomicInteger();
    return calls.call("Invoke bert", Deadline.after(limit, time), REFUSALS, left -> {
      lefts.add(left);
      int attempt = attempts.getAndIncrement();
      if (attempt < failures.length) {
        throw failures[attempt];
      }
      return "answer";
    });
  }

  private final List<Duration> lefts = new ArrayList<>();

  @Test
  void aCallThatSucceedsIsMadeOnceWithTheWholeLimit() {
    assertThat(callAfter(LIMIT)).isEqualTo("answer");
    assertThat(lefts).containsExactly(LIMIT);
  }

  @Test
  void aRefusedCallIsMadeAgainWithWhatIsLeft() {
    assertThat(callAfter(LIMIT, refused(), refused())).isEqualTo("answer");

    assertThat(lefts).hasSize(3);
    assertThat(LIMIT.minus(lefts.get(1))).isBetween(Duration.ofMillis(500), Duration.ofSeconds(1));
    assertThat(lefts.get(1).minus(lefts.get(2)))
        .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(2));
  }

  /** The request may have reached the model. */
  @Test
  void aCallThatMayHaveBeenMadeIsNeverMadeAgain() {
    AtticException broken = new AtticException(false, Optional.of(Duration.ofSeconds(1)));

    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(() -> callAfter(LIMIT, broken))
        .withMessage("Invoke bert failed: connection reset")
        .withCause(broken);
    assertThat(lefts).hasSize(1);
  }

  @Test
  void afterARefusalToAFailureTheAttemptsAreTold() {
    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(() -> callAfter(LIMIT, refused(), new AtticException(false, Optional.empty())))
        .withMessage("Invoke bert (2 attempts) failed: connection reset");
  }

  @Test
  void theAttemptsAreThoseOfThePolicy() {
    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(() ->
            callAfter(LIMIT, refused(), refused(), refused(), refused(), refused(), refused()))
        .withMessage("Invoke bert (5 attempts) failed: too busy");
    assertThat(lefts).hasSize(5);
  }

  @Test
  void thePlatformsWishIsHonouredWhereItIsLonger() {
    AtticException later = new AtticException(true, Optional.of(Duration.ofSeconds(20)));
    AtticException atOnce = new AtticException(true, Optional.of(Duration.ZERO));

    callAfter(LIMIT, later, atOnce);

    assertThat(LIMIT.minus(lefts.get(1))).isEqualTo(Duration.ofSeconds(20));
    assertThat(lefts.get(1).minus(lefts.get(2))).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void aPauseThatDoesNotFitIntoTheLimitIsNotBegun() {
    AtticException later = new AtticException(true, Optional.of(LIMIT));

    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(() -> callAfter(LIMIT, later))
        .withMessage("Invoke bert failed: too busy")
        .returns(ErrorKind.THROTTLED, ServingException::kind);
    assertThat(time.pauses()).isZero();
  }

  @Test
  void noTimeAtAllIsATimeoutWithoutACall() {
    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(() -> callAfter(Duration.ZERO))
        .withMessageContaining("Invoke bert timed out before the first attempt")
        .returns(ErrorKind.TIMEOUT, ServingException::kind);
    assertThat(lefts).isEmpty();
  }

  @Test
  void timeThatEndsInAPauseIsATimeoutWithTheRefusals() {
    AtticException refusal = refused();

    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(() -> calls.call("Invoke bert", Deadline.after(LIMIT, time), REFUSALS, left -> {
          if (lefts.size() == 1) {
            // The machine sleeps while the next pause is made.
            time.in(Duration.ofMillis(1), () -> time.pass(LIMIT));
          }
          lefts.add(left);
          throw refusal;
        }))
        .withMessageContaining("Invoke bert timed out after 2 rejected attempts")
        .withMessageContaining("1 min")
        .withCause(refusal)
        .returns(ErrorKind.TIMEOUT, ServingException::kind);
  }

  @Test
  void anInterruptEndsThePauseAndIsKept() {
    Thread.currentThread().interrupt();

    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(() -> calls.pause("Invoke bert", Duration.ofHours(1)))
        .withMessageContaining("Invoke bert was cancelled: the thread was interrupted")
        .returns(ErrorKind.CANCELLED, ServingException::kind);
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }

  @Test
  void anyOtherExceptionIsThrownAsItIs() {
    IllegalArgumentException other = new IllegalArgumentException();

    assertThatThrownBy(
            () -> calls.call("Invoke bert", Deadline.after(LIMIT, time), REFUSALS, left -> {
              throw other;
            }))
        .isSameAs(other);
  }
}
