package io.fairlead.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class RolloutTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @Test
  void allThatIsWrongIsSaidAtOnce() {
    Guard guard = Guard.maxFailures(0.02);

    assertThatThrownBy(() -> Rollout.guardedBy(guard).step(25, MINUTE).step(25, MINUTE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(
            "steps[1].weight must be more than that of the step before, 25 (got 25)");
    assertThatThrownBy(() -> Rollout.guardedBy(guard).withPatience(MINUTE.negated()))
        .hasMessageContaining("patience must not be negative");
    assertThatThrownBy(() -> Rollout.guardedBy(guard).withLookInterval(Duration.ZERO))
        .hasMessageContaining("lookInterval must be more than 0");
    assertThatThrownBy(() -> Rollout.guardedBy(guard).step(0, MINUTE))
        .hasMessageContaining("weight must be more than 0");
    assertThatThrownBy(() -> Rollout.guardedBy(guard).step(101, MINUTE))
        .hasMessageContaining("percent must be 0 to 100");
    assertThatThrownBy(() -> Rollout.guardedBy(guard).step(5, MINUTE.negated()))
        .hasMessageContaining("bake must not be negative");
  }

  @Test
  void aGuardHasAShareAndAnIntolerableOneAboveIt() {
    assertThat(Guard.maxFailures(0.02).intolerable()).isEqualTo(0.05);
    assertThat(Guard.maxFailures(0.8).intolerable()).isBetween(0.8, 1.0);
    assertThat(Guard.maxFailures(0.02).withIntolerable(0.2).intolerable()).isEqualTo(0.2);
    assertThatThrownBy(() -> Guard.maxFailures(0))
        .hasMessageContaining(
            "limit must be at least 0.000001 and less than 1, such as 0.02 for 2% (got 0.0)");
    assertThatThrownBy(() -> Guard.maxFailures(Double.NaN)).hasMessageContaining("got NaN");
    assertThatThrownBy(() -> Guard.maxFailures(0.1).withIntolerable(0.1))
        .hasMessageContaining("intolerable must be more than the limit, 0.1, and less than 1");
    assertThatThrownBy(() -> Guard.maxSlower(0.1, Duration.ZERO))
        .hasMessageContaining("slowerThan must be more than 0");
    assertThatThrownBy(() -> new Guard(Optional.of(MINUTE), 1, 1))
        .hasMessageContaining(
            "limit must be at least 0.000001 and less than 1, such as 0.02 for 2% (got 1.0)");
  }

  @Test
  void smallSharesAreNotShownAsNone() {
    assertThat(Guard.maxFailures(0.00001)).hasToString("Guard[at most 0.001% failures]");
    assertThat(Guard.maxFailures(0.5)).hasToString("Guard[at most 50% failures]");
  }

  @Test
  void itIsOneLine() {
    Rollout rollout = Rollout.guardedBy(
            Guard.maxFailures(0.025), Guard.maxSlower(0.1, Duration.ofMillis(800)))
        .step(5, Duration.ofMinutes(10))
        .step(100, Duration.ofHours(1));

    assertThat(rollout)
        .hasToString(
            "Rollout[5% for 10 min, 100% for 1 h, [Guard[at most 2.5% failures], Guard[at most 10% slower than 800 ms]]]");
  }

  @Test
  void observationsAreCountsThatFitTogether() {
    Duration slow = Duration.ofMillis(800);
    Observations one = new Observations(10, 1, new TreeMap<>(Map.of(slow, 3L)));
    Observations two = new Observations(5, 2, new TreeMap<>(Map.of(MINUTE, 1L)));

    assertThat(one.plus(two))
        .isEqualTo(new Observations(15, 3, new TreeMap<>(Map.of(slow, 3L, MINUTE, 1L))));
    assertThat(one.slowerThan(MINUTE)).isZero();
    assertThatThrownBy(() -> new Observations(1, 2, new TreeMap<>(Map.of(slow, 3L))))
        .hasMessageContaining("failures must be 0 to the number of requests, 1 (got 2)")
        .hasMessageContaining("slower[PT0.8S] must be 0 to the number of requests, 1 (got 3)");
    assertThatThrownBy(() -> new Observations(-1, 0, new TreeMap<>()))
        .hasMessageContaining("requests must not be negative");
  }

  @Test
  void twoSourcesAreAddedUpAndOneThatCannotBeReadDoesNotHideTheOther() {
    AtomicBoolean broken = new AtomicBoolean();
    long[] asked = new long[1];
    Evidence steady = (variant, limits) -> () -> new Observations(++asked[0], 0, new TreeMap<>());
    Evidence flaky = (variant, limits) -> () -> {
      if (broken.get()) {
        throw new IllegalStateException("no metrics");
      }
      return new Observations(100, 1, new TreeMap<>());
    };
    Evidence.Window window = steady.and(flaky).open(null, new TreeSet<>());

    assertThat(window.seen()).isEqualTo(new Observations(101, 1, new TreeMap<>()));
    broken.set(true);
    assertThat(window.seen()).isEqualTo(new Observations(102, 1, new TreeMap<>()));
    assertThat(flaky.and(steady).open(null, new TreeSet<>()).seen().requests()).isEqualTo(3);
    assertThatThrownBy(() -> flaky.and(flaky).open(null, new TreeSet<>()).seen())
        .hasMessage("no metrics");
  }

  @Test
  void bothWindowsAreClosed() {
    List<String> closed = new ArrayList<>();
    Evidence.Window both = closing("one", closed).and(closing("two", closed)).open(null, null);

    both.close();

    assertThat(closed).containsExactlyInAnyOrder("one", "two");
  }

  private static Evidence closing(String name, List<String> closed) {
    return (variant, limits) -> new Evidence.Window() {
      @Override
      public Observations seen() {
        return Observations.NONE;
      }

      @Override
      public void close() {
        closed.add(name);
      }
    };
  }

  @Test
  void aWindowThatCannotBeOpenedClosesTheOneBesideIt() {
    AtomicBoolean closed = new AtomicBoolean();
    Evidence first = (variant, limits) -> new Evidence.Window() {
      @Override
      public Observations seen() {
        return Observations.NONE;
      }

      @Override
      public void close() {
        closed.set(true);
      }
    };
    Evidence second = (variant, limits) -> {
      throw new IllegalStateException("no metrics");
    };

    assertThatThrownBy(() -> first.and(second).open(null, new TreeSet<>()))
        .hasMessage("no metrics");

    assertThat(closed).isTrue();
  }
}
