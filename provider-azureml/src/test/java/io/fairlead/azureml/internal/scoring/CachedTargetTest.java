package io.fairlead.azureml.internal.scoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.contract.VirtualTime;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The target of one endpoint, whose fetches run when the test lets them. */
class CachedTargetTest {
  private static final Scoring SCORING = new Scoring(
      URI.create("https://bert.westus.inference.ml.azure.com/score"), AuthMode.AML_TOKEN);

  private final VirtualTime time = new VirtualTime();
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private final CachedTarget cached = new CachedTarget(this::fetch, waiting::add, time);
  private int fetches;
  private @Nullable RuntimeException failure;
  private Optional<Duration> refresh = Optional.of(Duration.ofMinutes(50));
  private Optional<Duration> end = Optional.of(Duration.ofMinutes(60));
  private @Nullable ScoringTarget refreshed;

  private ScoringTarget fetch(@Nullable ScoringTarget old) {
    fetches++;
    refreshed = old;
    if (failure != null) {
      throw failure;
    }
    Instant now = time.now();
    return ScoringTarget.of(
        "bert",
        SCORING,
        new Credential("token-" + fetches, refresh.map(now::plus), end.map(now::plus)));
  }

  /** {@return the target, after what was begun has ended} */
  private ScoringTarget fetched() {
    CompletableFuture<ScoringTarget> next = cached.next();
    runAll();
    return next.join();
  }

  private void runAll() {
    while (!waiting.isEmpty()) {
      waiting.remove().run();
    }
  }

  @Test
  void itIsFetchedOnceForAllThatWait() {
    CompletableFuture<ScoringTarget> one = cached.next();
    CompletableFuture<ScoringTarget> two = cached.next();
    assertThat(cached.usable()).isNull();
    runAll();

    assertThat(one.join()).isSameAs(two.join()).isSameAs(cached.usable());
    assertThat(fetches).isEqualTo(1);
    assertThat(refreshed).isNull();
  }

  @Test
  void aFailureIsNotKept() {
    failure = new IllegalStateException("no such endpoint");
    CompletableFuture<ScoringTarget> failed = cached.next();
    runAll();
    assertThatThrownBy(failed::join).hasCause(failure);

    failure = null;
    assertThat(fetched().secret()).isEqualTo("token-2");
  }

  @Test
  void anErrorIsHandedOnToo() {
    CachedTarget broken = new CachedTarget(
        old -> {
          throw new NoClassDefFoundError("com/azure/identity");
        },
        Runnable::run,
        time);

    assertThatThrownBy(broken.next()::join).hasCauseInstanceOf(NoClassDefFoundError.class);
  }

  @Test
  void anOldTokenIsUsedWhileItsRefreshRuns() {
    ScoringTarget old = fetched();
    time.pass(Duration.ofMinutes(49));
    assertThat(cached.usable()).isSameAs(old);
    assertThat(waiting).isEmpty();

    time.pass(Duration.ofMinutes(1));
    assertThat(cached.usable()).isSameAs(old);
    assertThat(cached.usable()).isSameAs(old);
    assertThat(waiting).hasSize(1);

    runAll();
    assertThat(refreshed).isSameAs(old);
    ScoringTarget renewed = cached.usable();
    assertThat(renewed).isNotNull();
    assertThat(renewed.secret()).isEqualTo("token-2");
  }

  @Test
  void aRefreshThatFailedIsTriedAgainAfterAPause() {
    ScoringTarget old = fetched();
    time.pass(Duration.ofMinutes(50));
    failure = new IllegalStateException("throttled");
    assertThat(cached.usable()).isSameAs(old);
    runAll();

    assertThat(cached.usable()).isSameAs(old);
    assertThat(waiting).isEmpty();
    time.pass(Duration.ofSeconds(10));
    assertThat(cached.usable()).isSameAs(old);
    assertThat(waiting).hasSize(1);
  }

  @Test
  void aTokenIsNotUsedShortlyBeforeItExpires() {
    fetched();
    time.pass(Duration.ofMinutes(60).minusSeconds(10));

    assertThat(cached.usable()).isNull();
    assertThat(fetched().secret()).isEqualTo("token-2");
  }

  @Test
  void aTokenThatSaysOnlyWhenItEndsIsRefreshedBefore() {
    refresh = Optional.empty();
    ScoringTarget old = fetched();
    time.pass(Duration.ofMinutes(58));

    assertThat(cached.usable()).isSameAs(old);
    assertThat(waiting).hasSize(1);
  }

  @Test
  void aTokenThatDoesNotSayWhenItEndsIsUsedUntilItsRefreshSucceeds() {
    end = Optional.empty();
    ScoringTarget old = fetched();
    time.pass(Duration.ofDays(1));

    assertThat(cached.usable()).isSameAs(old);
    assertThat(waiting).hasSize(1);
  }

  @Test
  void aKeyIsNotRefreshed() {
    refresh = Optional.empty();
    end = Optional.empty();
    ScoringTarget key = fetched();
    time.pass(Duration.ofDays(1000));

    assertThat(cached.usable()).isSameAs(key);
    assertThat(waiting).isEmpty();
  }

  @Test
  void aRefusedTargetIsFetchedAgainAsAWholeUnlessAnotherIsKnown() {
    ScoringTarget refused = fetched();
    cached.drop(refused);
    assertThat(cached.usable()).isNull();
    ScoringTarget other = fetched();
    assertThat(refreshed).isNull();

    cached.drop(refused);

    assertThat(cached.usable()).isSameAs(other);
    assertThat(fetches).isEqualTo(2);
  }

  @Test
  void withoutAThreadItFailsAndIsTriedAgain() {
    CachedTarget closed = new CachedTarget(
        this::fetch,
        work -> {
          throw new RejectedExecutionException("closed");
        },
        time);

    assertThatThrownBy(closed.next()::join).hasCauseInstanceOf(RejectedExecutionException.class);
    assertThatThrownBy(closed.next()::join).hasCauseInstanceOf(RejectedExecutionException.class);
  }
}
