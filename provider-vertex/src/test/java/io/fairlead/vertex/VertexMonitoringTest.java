package io.fairlead.vertex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Routing;
import io.fairlead.json.GrammarJson;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class VertexMonitoringTest {
  private static final VertexMonitoring ALL = VertexMonitoring.drift(
          Map.of("age", 0.3, "country", 1.0))
      .withDefaultDriftThreshold(0.25)
      .withSamplingRate(0.1)
      .withInterval(Duration.ofHours(1))
      .withAlertEmails("b@example.com", "a@example.com")
      .withPredictInstanceSchema("gs://models/schema.yaml");

  @Test
  void whatIsNotSaidIsADailyLookAtAllRequestsThatWritesToNobody() {
    assertThat(VertexMonitoring.drift(Map.of("age", 0.3)))
        .hasToString("VertexMonitoring[driftThresholds={age=0.3}]");
    assertThat(VertexMonitoring.drift(0.3))
        .hasToString("VertexMonitoring[defaultDriftThreshold=0.3]");
    assertThat(VertexMonitoring.drift(0.3).samplingRate()).isEqualTo(1);
    assertThat(VertexMonitoring.drift(0.3).interval()).isEqualTo(Duration.ofHours(24));
    assertThat(VertexMonitoring.drift(0.3).alertEmails()).isEmpty();
  }

  @Test
  void eachPartIsChangedAlone() {
    assertThat(ALL)
        .hasToString("VertexMonitoring[alertEmails=[a@example.com, b@example.com],"
            + " defaultDriftThreshold=0.25, driftThresholds={age=0.3, country=1.0}, interval=PT1H,"
            + " predictInstanceSchema=gs://models/schema.yaml, samplingRate=0.1]");
    assertThat(ALL.withDriftThresholds(Map.of("age", 0.4)))
        .isEqualTo(
            ALL.withDriftThresholds(Map.of("b", 0.1)).withDriftThresholds(Map.of("age", 0.4)))
        .isNotEqualTo(ALL);
  }

  @Test
  void itIsAnOptionOfRoutingForVertexThatIsReadBackEqual() {
    Routing routing = new Routing("llama", "blue").with(ALL);

    String json = GrammarJson.write(routing);

    assertThat(json)
        .contains(
            "\"vertex.VertexMonitoring\":{\"alertEmails\":[\"a@example.com\",\"b@example.com\"],"
                + "\"defaultDriftThreshold\":0.25,\"driftThresholds\":{\"age\":0.3,\"country\":1.0},"
                + "\"interval\":\"PT1H\",\"predictInstanceSchema\":\"gs://models/schema.yaml\","
                + "\"samplingRate\":0.1}");
    assertThat(GrammarJson.read(json, Routing.class)).isEqualTo(routing);
    assertThat(routing.options().forPlatform("vertex")).containsExactly(ALL);
  }

  @Test
  void thresholdsAreACopySortedByFeatureAndAddressesAreSortedAndNamedOnce() {
    Map<String, Double> thresholds = new HashMap<>(Map.of("b", 0.2, "a", 0.1));
    VertexMonitoring monitoring = VertexMonitoring.drift(thresholds)
        .withAlertEmails("b@example.com", "a@example.com", "b@example.com");

    thresholds.clear();

    assertThat(monitoring.driftThresholds())
        .containsExactly(Map.entry("a", 0.1), Map.entry("b", 0.2));
    assertThat(monitoring.alertEmails()).containsExactly("a@example.com", "b@example.com");
  }

  private static Arguments refused(Supplier<VertexMonitoring> value, String problem) {
    return argumentSet(problem, value, problem);
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        refused(
            () -> VertexMonitoring.drift(Map.of(" ", 0.3)),
            "driftThresholds must not have a blank feature (got \" \")"),
        refused(
            () -> VertexMonitoring.drift(Map.of("age", 0.0)),
            "driftThresholds.age must be above 0 and at most 1 (got 0.0)"),
        refused(
            () -> VertexMonitoring.drift(Map.of("age", 1.01)),
            "driftThresholds.age must be above 0 and at most 1 (got 1.01)"),
        refused(
            () -> VertexMonitoring.drift(Map.of("age", Double.NaN)),
            "driftThresholds.age must be above 0 and at most 1 (got NaN)"),
        refused(
            () -> VertexMonitoring.drift(Map.of()),
            "driftThresholds must have a feature where there is no defaultDriftThreshold (got {})"),
        refused(
            () -> VertexMonitoring.drift(-0.1),
            "defaultDriftThreshold must be above 0 and at most 1 (got -0.1)"),
        refused(
            () -> VertexMonitoring.drift(1.01),
            "defaultDriftThreshold must be above 0 and at most 1 (got 1.01)"),
        refused(
            () -> ALL.withSamplingRate(0), "samplingRate must be above 0 and at most 1 (got 0.0)"),
        refused(
            () -> ALL.withSamplingRate(1.01),
            "samplingRate must be above 0 and at most 1 (got 1.01)"),
        refused(
            () -> ALL.withInterval(Duration.ZERO),
            "interval must be whole hours, 1 or more (got 0 s)"),
        refused(
            () -> ALL.withInterval(Duration.ofHours(-1)),
            "interval must be whole hours, 1 or more (got -1 h)"),
        refused(
            () -> ALL.withInterval(Duration.ofMinutes(90)),
            "interval must be whole hours, 1 or more (got 90 min)"),
        refused(
            () -> ALL.withAlertEmails("nobody"),
            "alertEmails must be e-mail addresses (got \"nobody\")"),
        refused(
            () -> ALL.withAlertEmails("a@b, c@d"),
            "alertEmails must be e-mail addresses (got \"a@b, c@d\")"),
        refused(
            () -> ALL.withPredictInstanceSchema("s3://models/schema.yaml"),
            "predictInstanceSchema must be a gs:// object (got \"s3://models/schema.yaml\")"),
        refused(
            () -> ALL.withPredictInstanceSchema("gs://models"),
            "predictInstanceSchema must be a gs:// object (got \"gs://models\")"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void whatVertexWouldRefuseIsRefusedHere(Supplier<VertexMonitoring> value, String problem) {
    assertThatThrownBy(value::get)
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("VertexMonitoring: " + problem);
  }

  @Test
  void allThatIsWrongIsToldAtOnce() {
    assertThatThrownBy(() -> GrammarJson.read(
            "{\"driftThresholds\":{\"age\":2},\"defaultDriftThreshold\":2,\"samplingRate\":2,"
                + "\"interval\":\"PT0S\",\"alertEmails\":[\"x\",\"y\"],\"predictInstanceSchema\":\"z\"}",
            VertexMonitoring.class))
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .extracting(problem -> problem.field())
                .containsExactly(
                    "driftThresholds.age",
                    "defaultDriftThreshold",
                    "samplingRate",
                    "interval",
                    "predictInstanceSchema",
                    "alertEmails",
                    "alertEmails"));
  }
}
