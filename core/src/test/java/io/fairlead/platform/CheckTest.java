package io.fairlead.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.FakeProviders.Base;
import io.fairlead.platform.FakeProviders.FakePlatform;
import io.fairlead.platform.FakeProviders.Good;
import io.fairlead.platform.FakeProviders.Refusing;
import io.fairlead.platform.FakeProviders.WithoutSdk;
import io.fairlead.platform.PlatformCheck.Finding;
import io.fairlead.platform.PlatformCheck.Question;
import io.fairlead.platform.PlatformCheck.Result;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import io.fairlead.spi.Reachable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class CheckTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final CountDownLatch closed = new CountDownLatch(1);

  private static PlatformCheck check(PlatformProvider<?> provider, Map<String, String> settings) {
    return check(provider, settings, LIMIT);
  }

  private static PlatformCheck check(
      PlatformProvider<?> provider, Map<String, String> settings, Duration limit) {
    return new Check(
            "fake",
            () -> provider,
            () -> new PlatformConfig("fake", settings, CheckTest.class.getClassLoader()))
        .within(limit);
  }

  /** A provider of a platform that is asked for its credentials and then to answer. */
  private PlatformProvider<?> remote(
      Supplier<Optional<String>> credentials, Supplier<Optional<String>> answer) {
    return new Base() {
      @Override
      public FunctionPlatform open(PlatformConfig config) {
        config.done();
        return new Remote(config, credentials, answer);
      }
    };
  }

  private final class Remote extends FakePlatform implements Reachable {
    private final Supplier<Optional<String>> credentials;
    private final Supplier<Optional<String>> answer;

    Remote(
        PlatformConfig config,
        Supplier<Optional<String>> credentials,
        Supplier<Optional<String>> answer) {
      super(config);
      this.credentials = credentials;
      this.answer = answer;
    }

    @Override
    public Optional<String> credentials(Duration limit) {
      return credentials.get();
    }

    @Override
    public Optional<String> reach(Duration limit) {
      return answer.get();
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }

  private static List<Result> results(PlatformCheck check) {
    return check.findings().stream().map(Finding::result).toList();
  }

  private static String details(PlatformCheck check, Question question) {
    return String.join("\n", check.finding(question).details());
  }

  @Test
  void aPlatformInThisProcessIsOkOnceItIsOpened() {
    PlatformCheck check = check(new Good(), Map.of());

    assertThat(results(check))
        .containsExactly(Result.YES, Result.YES, Result.NOT_NEEDED, Result.NOT_NEEDED);
    assertThat(check.ok()).isTrue();
    assertThat(check).hasToString("""
            fake: ok
              module       yes:        io.fairlead.platform.FakeProviders$Good
              settings     yes
              credentials  not needed
              answer       not needed""");
  }

  @Test
  void aPlatformThatAnswersIsOkAndSaysAsWhomAndHowLongItTook() throws InterruptedException {
    PlatformCheck check =
        check(remote(() -> Optional.of("a key of Ada's"), () -> Optional.of("eu")), Map.of());

    assertThat(results(check)).containsOnly(Result.YES);
    assertThat(details(check, Question.CREDENTIALS)).isEqualTo("a key of Ada's");
    assertThat(check.finding(Question.ANSWER).took()).isPresent();
    assertThat(check.finding(Question.CREDENTIALS).took()).isEmpty();
    assertThat(check.toString()).containsPattern("answer +yes in \\d+ ms: +eu");
    assertThat(closed.await(1, TimeUnit.MINUTES)).as("it is closed").isTrue();
  }

  @Test
  void allProblemsOfTheSettingsAreFoundAndNothingIsAskedThen() {
    PlatformCheck check = check(new Good(), Map.of("instances", "many", "regoin", "eu"));

    assertThat(results(check))
        .containsExactly(Result.YES, Result.NO, Result.NOT_ASKED, Result.NOT_ASKED);
    assertThat(check.ok()).isFalse();
    assertThat(check.finding(Question.SETTINGS).details())
        .containsExactly(
            "instances must be a whole number (got \"many\")",
            "regoin is not a setting; there are: instances, region");
    assertThat(check.toString())
        .startsWith("fake: not ok")
        .contains("\n" + " ".repeat(26) + "regoin");
  }

  @Test
  void aModuleThatIsNotThereSaysWhichOneToAdd() {
    PlatformCheck check = Platforms.check("sagemaker", Map.of());

    assertThat(results(check))
        .containsExactly(Result.NO, Result.NOT_ASKED, Result.NOT_ASKED, Result.NOT_ASKED);
    assertThat(details(check, Question.MODULE))
        .contains("Add the module that has it: io.fairlead:fairlead-provider-sagemaker.");
  }

  @Test
  void aModuleWithoutItsLibrariesIsNotThere() {
    PlatformCheck check = check(new WithoutSdk(), Map.of());

    assertThat(check.finding(Question.MODULE).result()).isEqualTo(Result.NO);
    assertThat(details(check, Question.MODULE)).contains("com/vendor/Client", "class path");
  }

  @Test
  void whatElseKeepsAPlatformFromOpeningIsToldInItsOwnWords() {
    PlatformCheck check = check(new Refusing(), Map.of());

    assertThat(check.finding(Question.SETTINGS).result()).isEqualTo(Result.NO);
    assertThat(details(check, Question.SETTINGS)).isEqualTo("No credentials.");
  }

  @Test
  void withoutCredentialsNothingIsAsked() {
    PlatformCheck check = check(
        remote(
            () -> {
              throw new ServingException(
                  "fake", ErrorKind.UNAUTHORIZED, "Tried the environment: run 'fake login'");
            },
            () -> {
              throw new AssertionError("asked");
            }),
        Map.of());

    assertThat(results(check)).containsExactly(Result.YES, Result.YES, Result.NO, Result.NOT_ASKED);
    assertThat(details(check, Question.CREDENTIALS))
        .isEqualTo("Tried the environment: run 'fake login'.");
  }

  @Test
  void aPlatformThatCannotBeReachedSaysWhatToCheck() {
    PlatformCheck check = check(
        remote(() -> Optional.empty(), () -> {
          throw new ServingException("fake", ErrorKind.UNAVAILABLE, "Connection refused.");
        }),
        Map.of());

    assertThat(results(check))
        .containsExactly(Result.YES, Result.YES, Result.NOT_NEEDED, Result.NO);
    assertThat(details(check, Question.ANSWER))
        .isEqualTo("Connection refused. Check the network, its proxy, and the platform's settings"
            + " for where it is.");
  }

  @Test
  void aPlatformThatNeverAnswersIsLeftWhenTheLimitHasPassedAndClosedThen()
      throws InterruptedException {
    CountDownLatch interrupted = new CountDownLatch(1);

    PlatformCheck check = check(
        remote(() -> Optional.of("a key"), () -> {
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.countDown();
          }
          return Optional.of("too late");
        }),
        Map.of(),
        Duration.ofMillis(1500));

    assertThat(results(check)).containsExactly(Result.YES, Result.YES, Result.YES, Result.NO);
    assertThat(details(check, Question.ANSWER)).startsWith("There was no answer within 1500 ms. ");
    assertThat(interrupted.await(1, TimeUnit.MINUTES)).isTrue();
    assertThat(closed.await(1, TimeUnit.MINUTES)).as("it is closed").isTrue();
  }

  @Test
  void aFailureThatIsNoneOfThePlatformsIsANoToo() {
    PlatformCheck check = check(
        remote(() -> Optional.of("a key"), () -> {
          throw new IllegalStateException("a bug");
        }),
        Map.of());

    assertThat(details(check, Question.ANSWER)).contains("IllegalStateException", "a bug");
  }

  @Test
  void noTimeIsRefused() {
    assertThatThrownBy(() -> Platforms.check("fake", Map.of(), Duration.ZERO))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("limit must be more than 0");
  }
}
