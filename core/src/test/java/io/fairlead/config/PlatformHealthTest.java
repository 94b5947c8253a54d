package io.fairlead.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.config.PlatformHealth.State;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platform;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformHealthTest {
  private static final ModelFunction IRIS = new ModelFunction(
      ModelArtifact.of(URI.create("java:acme.Iris")).named("iris"), FunctionLimits.DEFAULT);
  private static final HealthSettings SETTINGS =
      new HealthSettings(Duration.ofSeconds(10), Duration.ofSeconds(5));

  private final AtomicLong now = new AtomicLong();
  private final AtomicInteger looks = new AtomicInteger();

  @ParameterizedTest
  @CsvSource({"READY, UP", "CHANGING, OUT_OF_SERVICE", "FAILED, DOWN"})
  void theHealthFollowsTheState(Deployment.State state, State expected) {
    PlatformHealth health = health(() -> Optional.of(deployment(state)), Runnable::run, SETTINGS);

    assertThat(health.health().state()).isEqualTo(expected);
    assertThat(health.health().details().get("iris")).contains(state.name());
  }

  @Test
  void whatIsNotDeployedIsDown() {
    PlatformHealth health = health(Optional::empty, Runnable::run, SETTINGS);

    assertThat(health.health().state()).isEqualTo(State.DOWN);
    assertThat(health.health().details()).containsEntry("iris", "is not deployed");
  }

  @Test
  void itIsLookedAtAgainWhenTheIntervalHasPassedAndNotBefore() {
    PlatformHealth health =
        health(() -> Optional.of(deployment(Deployment.State.READY)), Runnable::run, SETTINGS);

    health.health();
    now.addAndGet(Duration.ofMillis(9_999).toNanos());
    health.health();
    assertThat(looks).hasValue(1);

    now.addAndGet(Duration.ofMillis(1).toNanos());
    health.health();
    assertThat(looks).hasValue(2);
  }

  @Test
  void nobodyWaitsForLongerThanTheLimitAndThereIsOneLookOnly() {
    CountDownLatch answered = new CountDownLatch(1);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      PlatformHealth health = health(
          () -> {
            try {
              answered.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            return Optional.of(deployment(Deployment.State.READY));
          },
          executor,
          new HealthSettings(Duration.ofSeconds(10), Duration.ofMillis(50)));

      assertThat(health.health().state()).isEqualTo(State.DOWN);
      now.addAndGet(Duration.ofMinutes(1).toNanos());
      assertThat(health.health().details()).containsEntry("platform", "no answer within 50 ms");
      assertThat(looks).hasValue(1);
    } finally {
      answered.countDown();
      executor.shutdownNow();
    }
  }

  @Test
  void thePlatformsSentenceIsShownAndNoSecret() {
    PlatformHealth health = health(
        () -> {
          throw new ServingException(
              "stub", ErrorKind.UNAVAILABLE, "No answer from https://host/x?sig=s3cr3t.");
        },
        Runnable::run,
        SETTINGS);

    assertThat(health.health().state()).isEqualTo(State.DOWN);
    assertThat(health.health().details().get("iris"))
        .startsWith("No answer from https://host/x")
        .doesNotContain("s3cr3t");
  }

  @Test
  void ofAnotherExceptionOnlyTheTypeIsShown() {
    PlatformHealth health = health(
        () -> {
          throw new IllegalStateException("s3cr3t");
        },
        Runnable::run,
        SETTINGS);

    assertThat(health.health().details()).containsEntry("iris", "java.lang.IllegalStateException");
  }

  private static Deployment deployment(Deployment.State state) {
    return new Deployment("iris", Optional.empty(), state, TrafficWeight.percent(100), "");
  }

  private PlatformHealth health(
      Supplier<Optional<Deployment>> status, Executor executor, HealthSettings settings) {
    Platform<?> platform = (Platform<?>) Proxy.newProxyInstance(
        getClass().getClassLoader(),
        new Class<?>[] {FunctionPlatform.class},
        (proxy, method, arguments) -> {
          assertThat(method.getName()).isEqualTo("status");
          assertThat(arguments[1]).isEqualTo(settings.limit());
          looks.incrementAndGet();
          return status.get();
        });
    StartDeployments start =
        new StartDeployments(List.of(), StartSettings.DEFAULT, name -> platform);
    return new PlatformHealth(
        List.of(new Declared<>("iris", "stub", ModelFunction.class, IRIS, false)),
        start,
        settings,
        () -> platform,
        executor,
        now::get);
  }
}
