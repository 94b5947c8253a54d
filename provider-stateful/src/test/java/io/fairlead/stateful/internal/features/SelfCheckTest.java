package io.fairlead.stateful.internal.features;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SelfCheckTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Forest FOREST = new Forest()
      .random(new SplittableRandom(1), 2, 2)
      .stump(0, "BRANCH_LEQ", 2.5f)
      .stump(1, "BRANCH_LT", 100f, 1);

  private final SplittableRandom random = new SplittableRandom(3);
  private final AtomicInteger calls = new AtomicInteger();

  @ParameterizedTest
  @ValueSource(strings = {"occupancy-gbm", "iris_rf"})
  void aRealModelPassesWithNanAndInfinities(String name) throws Exception {
    byte[] model = CellKeysTest.resource(name);
    try (OrtModel runtime = new OrtModel(model)) {
      SelfCheck.Outcome outcome = SelfCheck.of(CellKeys.read(model), counted(runtime), random);

      assertThat(outcome.cells()).isPresent();
      assertThat(outcome.cells().orElseThrow().isOfFiniteRows()).isFalse();
      assertThat(outcome.sentence()).contains("bit-identical", "NaN and infinities included");
      assertThat(calls).hasValueBetween(1250, 1300);
    }
  }

  private Function<Request, Response> counted(OrtModel runtime) {
    return request -> {
      calls.incrementAndGet();
      return runtime.apply(request);
    };
  }

  @Test
  void aThresholdThatTheModelHasElsewhereIsFound() throws Exception {
    byte[] model = stumps(2.5f).model(2);
    byte[] other = stumps(2.25f).model(2);
    byte[] nearly = stumps(Math.nextUp(2.5f)).model(2);
    try (OrtModel runtime = new OrtModel(model)) {
      assertThat(SelfCheck.of(CellKeys.read(model), runtime, random).cells()).isPresent();
      assertThat(SelfCheck.of(CellKeys.read(nearly), runtime, random).cells()).isEmpty();

      SelfCheck.Outcome outcome = SelfCheck.of(CellKeys.read(other), runtime, random);

      assertThat(outcome.cells()).isEmpty();
      assertThat(outcome.sentence()).contains("not used", "different answers");
    }
  }

  private static Forest stumps(float threshold) {
    return new Forest().stump(0, "BRANCH_LEQ", threshold).stump(1, "BRANCH_LT", 100f);
  }

  @Test
  void aComparisonOfTheOtherKindIsFound() throws Exception {
    byte[] model = new Forest().stump(0, "BRANCH_LT", 2.5f).model(1);
    byte[] other = new Forest().stump(0, "BRANCH_LEQ", 2.5f).model(1);
    try (OrtModel runtime = new OrtModel(model)) {
      assertThat(SelfCheck.of(CellKeys.read(other), runtime, random).cells()).isEmpty();
    }
  }

  @Test
  void aModelThatAnswersByChanceIsFound() throws Exception {
    CellKeys cells = CellKeys.read(FOREST.model(2));

    SelfCheck.Outcome outcome =
        SelfCheck.of(cells, request -> Response.json("[" + calls.incrementAndGet() + "]"), random);

    assertThat(outcome.cells()).isEmpty();
    assertThat(outcome.sentence()).contains("at pair 1 of 1000");
  }

  @Test
  void aModelThatTakesNoNanHasCellsOfFiniteRows() throws Exception {
    byte[] model = FOREST.model(2);
    try (OrtModel runtime = new OrtModel(model)) {
      SelfCheck.Outcome outcome = SelfCheck.of(
          CellKeys.read(model),
          request -> {
            if (request.text().contains("NaN") || request.text().contains("Infinity")) {
              throw new IllegalArgumentException("instances must be numbers");
            }
            return runtime.apply(request);
          },
          random);

      assertThat(outcome.cells().orElseThrow().isOfFiniteRows()).isTrue();
      assertThat(outcome.sentence()).contains("without NaN and infinities");
    }
  }

  @Test
  void aModelThatFailsHasNoCells() throws Exception {
    byte[] model = FOREST.model(2);
    try (OrtModel runtime = new OrtModel(model)) {
      SelfCheck.Outcome atOnce = SelfCheck.of(
          CellKeys.read(model),
          request -> {
            throw new IllegalStateException("out of order");
          },
          random);
      SelfCheck.Outcome later = SelfCheck.of(
          CellKeys.read(model),
          request -> {
            if (calls.incrementAndGet() > 500) {
              throw new IllegalStateException("out of order");
            }
            return runtime.apply(request);
          },
          random);

      assertThat(atOnce.cells()).isEmpty();
      assertThat(atOnce.sentence()).contains("out of order");
      assertThat(later.cells()).isEmpty();
      assertThat(calls).hasValue(501);
    }
  }

  @Test
  void aModelOnAPlatformPassesByItsRequests() throws Exception {
    ModelArtifact artifact = ModelArtifact.of(URI.create("classpath:models/iris_rf.onnx"));
    CellKeys cells = CellKeys.read(CellKeysTest.resource("iris_rf"));
    try (EndpointPlatform local = Platforms.open("local", EndpointPlatform.class)) {
      Container container =
          local.packageModel(artifact, RuntimeSpec.NONE, Dependencies.NONE).await(LIMIT);
      Endpoint endpoint =
          local.deploy(container, Scaling.fixed(1), new Routing("test", "blue")).await(LIMIT);

      SelfCheck.Outcome outcome =
          SelfCheck.of(cells, request -> local.invoke(endpoint, request), random);

      assertThat(outcome.sentence()).contains("bit-identical", "NaN and infinities included");
      for (String form : new String[] {
        "[[5.1, 3.5, 1.4, 0.2]]",
        "{\"inputs\": [{\"name\": \"X\", \"shape\": [1, 4], \"datatype\": \"FP32\","
            + " \"data\": [[5.1, 3.5, 1.4, 0.2]]}]}"
      }) {
        FeatureRow row = FeatureRow.parse(Request.json(form)).orElseThrow();
        assertThat(
                local.invoke(endpoint, cells.neighbour(row, random).toRequest()).text())
            .isEqualTo(local.invoke(endpoint, Request.json(form)).text());
      }
    }
  }
}
