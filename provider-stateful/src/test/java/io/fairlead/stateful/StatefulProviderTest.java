package io.fairlead.stateful;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.UpdateStrategy;
import io.fairlead.json.GrammarJson;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.StatefulPlatform;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatefulProviderTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir
  private static Path folder;

  private static StatePolicy policy() {
    return new StatePolicy(
        CachingPolicy.of(CachingPolicy.Strategy.EXACT, "1MB", CachingPolicy.Eviction.LRU),
        new UpdateStrategy(UpdateStrategy.Type.INCREMENTAL, Duration.ofMinutes(5), true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "serverless"})
  void itIsOpenedByItsIdOverAnyPlatform(String over) {
    ModelArtifact iris =
        ModelArtifact.of(Path.of("src/test/resources/models/iris_lr.onnx")).named("iris");
    Request request = Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");
    Map<String, String> settings = Map.of(
        "over",
        over,
        "over.gracePeriod",
        "1s",
        "deterministicModels",
        "true",
        "folder",
        folder.resolve(over).toString());
    try (StatefulPlatform platform = Platforms.open("stateful", StatefulPlatform.class, settings)) {
      StatefulContainer container = platform.deploy(iris, policy()).await(LIMIT);

      String first = platform.cacheForward(container, request).text();

      assertThat(platform.cacheForward(container, request).find(CacheAnswer.class))
          .hasValueSatisfying(
              told -> assertThat(told.source()).isEqualTo(CacheAnswer.Source.CACHE_EXACT));
      assertThat(platform.cacheForward(container, request).text()).isEqualTo(first);
    }
  }

  @Test
  void allThatIsWrongInTheSettingsIsToldTogether() {
    Map<String, String> settings = Map.of(
        "folder", "\0",
        "refresh", "soon",
        "spareCalls", "-1",
        "count", "0",
        "redis", "redis://:secret@example.com",
        "nonsense", "1");

    assertThatThrownBy(() -> Platforms.open("stateful", StatefulPlatform.class, settings))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("over")
        .hasMessageContaining("the id of the platform that is wrapped")
        .hasMessageContaining("folder")
        .hasMessageContaining("refresh")
        .hasMessageContaining("spareCalls")
        .hasMessageContaining("redis")
        .hasMessageContaining("nonsense is not a setting")
        .hasMessageNotContaining("secret");
  }

  @Test
  void aSettingOfThePlatformBeneathIsCheckedByIt() {
    assertThatThrownBy(() -> Platforms.open(
            "stateful", StatefulPlatform.class, Map.of("over", "local", "over.nonsense", "1")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("platform 'local'")
        .hasMessageContaining("nonsense is not a setting");
  }

  @Test
  void itDoesNotWrapItselfNorWhatIsNotThere() {
    assertThatThrownBy(
            () -> Platforms.open("stateful", StatefulPlatform.class, Map.of("over", "stateful")))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
        .hasMessageContaining("itself");
    assertThatThrownBy(
            () -> Platforms.open("stateful", StatefulPlatform.class, Map.of("over", "moon")))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND));
  }

  @Test
  void whatIsKnownOfAModelIsInItsJson() {
    ModelArtifact artifact = ModelArtifact.huggingFace("acme/scores")
        .with(StatefulModel.DETERMINISTIC
            .withRequestsRetained(false)
            .withApproximation(new StatefulModel.Approximation(0.05, 0.05, 0.02)));

    String json = GrammarJson.write(artifact);

    assertThat(json).contains("stateful.StatefulModel");
    assertThat(GrammarJson.read(json, ModelArtifact.class)).isEqualTo(artifact);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.01, 1.1})
  void aRateOfErrorsThatCannotBeKeptIsRefused(double rate) {
    assertThatThrownBy(() -> new StatefulModel.Approximation(0.1, rate, 0.02))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("errorRate")
        .hasMessageContaining("0.02");
  }

  @Test
  void approximateAnswersNeedADeterministicModel() {
    StatefulModel.Approximation allowed = new StatefulModel.Approximation(0.1, 0.05, 0.02);

    assertThatThrownBy(() -> StatefulModel.UNKNOWN.withApproximation(allowed))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("deterministic");
  }

  @Test
  void aScopeOrASessionIsNeverPrinted() {
    StatefulRequest request =
        StatefulRequest.DEFAULT.withScope("tenant-7").withSession("alice").withNoStore();

    assertThat(request.toString()).doesNotContain("tenant-7").doesNotContain("alice");
    assertThat(request.noStore()).isTrue();
  }
}
