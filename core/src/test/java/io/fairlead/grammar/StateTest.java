package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StateTest {
  @Test
  void aColdModelWasNeverLoadedAndRemembersNothing() {
    assertThat(ModelState.COLD)
        .isEqualTo(new ModelState(
            new ModelState.Cache("", 0),
            new ModelState.WarmWeights(""),
            new ModelState.DynamicConfig(false, false)));
    assertThat(ModelState.COLD.epoch()).isZero();
  }

  @Test
  void theEpochIsTheCaches() {
    assertThat(SampleValues.STATE.epoch()).isEqualTo(3);
  }

  @Test
  void anEpochIsNeverNegative() {
    assertThatThrownBy(() -> new ModelState.Cache("", -1))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Cache: epoch must be 0 or more (got -1)");
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "abc", "0123456789ABCDEF"})
  void warmWeightsAreNamedByASha256(String text) {
    String digest = text.length() == 16 ? text.repeat(4) : text;

    assertThatThrownBy(() -> new ModelState.WarmWeights(digest))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("WarmWeights: digest must be 64 lowercase hexadecimal digits, or empty (got \""
            + digest + "\")");
  }

  @Test
  void aStatefulContainerIsNamedByItsModel() {
    Served served = SampleValues.STATEFUL;

    assertThat(served.name()).isEqualTo("bert");
    assertThat(served.artifact()).isEqualTo(SampleValues.ARTIFACT);
  }

  @Test
  void aModelWithoutANameIsNoStatefulContainer() {
    ModelArtifact nameless = ModelArtifact.of(URI.create("file:///iris.onnx"));

    assertThatThrownBy(() -> new StatefulContainer(nameless, ModelState.COLD, RuntimeSpec.NONE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "StatefulContainer: artifact.metadata.name must be given: it is the container's name");
  }

  @Test
  void theStateIsReplacedInACopy() {
    assertThat(SampleValues.STATEFUL.withState(ModelState.COLD))
        .isEqualTo(
            new StatefulContainer(SampleValues.ARTIFACT, ModelState.COLD, SampleValues.RUNTIME));
    assertThat(SampleValues.STATEFUL.state()).isEqualTo(SampleValues.STATE);
  }

  @Test
  void aCacheMayHoldNothingButNotLess() {
    assertThat(new CachingPolicy(CachingPolicy.Strategy.EXACT, 0, CachingPolicy.Eviction.LRU)
            .cacheBytes())
        .isZero();
    assertThatThrownBy(
            () -> new CachingPolicy(CachingPolicy.Strategy.EXACT, -1, CachingPolicy.Eviction.LRU))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("CachingPolicy: cacheBytes must be 0 or more (got -1)");
  }

  @ParameterizedTest
  @CsvSource({"PT0S, 0 s", "PT-5M, -5 min"})
  void updatesAreSomeTimeApart(Duration frequency, String shown) {
    assertThatThrownBy(() -> new UpdateStrategy(UpdateStrategy.Type.FULL, frequency, false))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("UpdateStrategy: frequency must be more than 0 (got " + shown + ")");
  }

  @Test
  void aStateManagerIsAContainerWithAPolicy() {
    assertThat(new StateManager(SampleValues.STATEFUL, SampleValues.POLICY))
        .isEqualTo(new StateManager(
            SampleValues.STATEFUL, SampleValues.POLICY.caching(), SampleValues.POLICY.update()));
  }

  @Test
  void aPolicyWithoutADynamicConfigObservesAndTunesNothing() {
    StatePolicy policy =
        new StatePolicy(SampleValues.POLICY.caching(), SampleValues.POLICY.update());

    assertThat(policy.dynamicConfig()).isEqualTo(new ModelState.DynamicConfig(false, false));
    assertThat(policy.with(SampleValues.POLICY.dynamicConfig())).isEqualTo(SampleValues.POLICY);
  }

  @Test
  void theNextStateIsTheSameOneEpochLater() {
    ModelState state = SampleValues.STATE;

    assertThat(state.next().epoch()).isEqualTo(state.epoch() + 1);
    assertThat(state.next().cache().snapshot()).isEqualTo(state.cache().snapshot());
    assertThat(state.next().warmWeights()).isEqualTo(state.warmWeights());
    assertThat(state.next().dynamicConfig()).isEqualTo(state.dynamicConfig());
    assertThat(state.withDigest("").warmWeights().digest()).isEmpty();
    assertThat(state.with(ModelState.DynamicConfig.OFF).dynamicConfig())
        .isEqualTo(ModelState.DynamicConfig.OFF);
  }

  @ParameterizedTest
  @CsvSource({"4GB, 4294967296", "64 mb, 67108864", "0B, 0", "1KB, 1024"})
  void aCacheSizeMayBeGivenAsText(String size, long bytes) {
    assertThat(CachingPolicy.of(CachingPolicy.Strategy.EXACT, size, CachingPolicy.Eviction.LRU)
            .cacheBytes())
        .isEqualTo(bytes);
  }

  @Test
  void aCacheSizeThatIsNoSizeIsRefused() {
    assertThatThrownBy(() ->
            CachingPolicy.of(CachingPolicy.Strategy.EXACT, "much", CachingPolicy.Eviction.LRU))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("CachingPolicy")
        .hasMessageContaining("cacheSize")
        .hasMessageContaining("much");
  }
}
