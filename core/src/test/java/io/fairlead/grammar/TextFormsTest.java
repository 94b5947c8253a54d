package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.SampleValues.SampleOption;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a log or a shell shows of a value: one line, without what is absent or the default. */
class TextFormsTest {
  private static final ModelArtifact MINILM =
      ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx"));
  private static final Container PLAIN = new Container(MINILM, RuntimeSpec.NONE, Dependencies.NONE);

  @Test
  void theFirstEndpointOfTheReadmeIsALineThatFitsATerminal() {
    Endpoint blue = new Endpoint(PLAIN, Scaling.fixed(1), new Routing("ask", "blue"));

    assertThat(blue)
        .hasToString("Endpoint[ask/blue, classpath:all-minilm-l6-v2-q.onnx, 1 instance]");
    assertThat(blue.at(90))
        .hasToString("Version[ask/blue at 90%, classpath:all-minilm-l6-v2-q.onnx, 1 instance]");
    assertThat(blue.container()).hasToString("Container[classpath:all-minilm-l6-v2-q.onnx]");
    assertThat(MINILM).hasToString("ModelArtifact[classpath:all-minilm-l6-v2-q.onnx]");
    assertThat(new ModelFunction(MINILM.named("ask"), FunctionLimits.DEFAULT))
        .hasToString("ModelFunction[ask, classpath:all-minilm-l6-v2-q.onnx]");
  }

  @Test
  void whatIsSaidIsShownWithItsOptions() {
    Endpoint endpoint = new Endpoint(
        new Container(
            MINILM.withMetadata(ModelMetadata.of("onnx", "1.2")
                .withName("minilm")
                .withLabels(Map.of("team", "search"))),
            RuntimeSpec.of("registry.example/onnx:1").with(new SampleOption("red")),
            Dependencies.environment(Map.of("TOKEN", "hunter2")).withPackages("numpy")),
        Scaling.between("ml.g5.xlarge", 0, 4),
        new Routing("ask", "blue"));

    assertThat(endpoint)
        .hasToString("Endpoint[ask/blue, classpath:all-minilm-l6-v2-q.onnx, name minilm, "
            + "framework onnx 1.2, labels {team=search}, image registry.example/onnx:1, "
            + "SampleOption[text=red], environment [TOKEN] (values not shown), packages [numpy], "
            + "0 to 4 x ml.g5.xlarge]");
  }

  @Test
  void codeBesideTheWeightsIsNamed() {
    assertThat(ModelArtifact.of(URI.create("s3://m/code"), URI.create("s3://m/weights")))
        .hasToString("ModelArtifact[code s3://m/code, weights s3://m/weights]");
    assertThat(new ModelMetadata(
            Optional.empty(),
            Optional.empty(),
            Optional.of("2"),
            Optional.empty(),
            Map.of(),
            Options.none()))
        .hasToString("ModelMetadata[version 2]");
  }

  @Test
  void scalingIsANumberOfInstancesOrOfMachines() {
    assertThat(Scaling.fixed(2)).hasToString("Scaling[2 instances]");
    assertThat(Scaling.fixed("ml.g5.xlarge", 1)).hasToString("Scaling[1 x ml.g5.xlarge]");
    assertThat(Scaling.between(1, 4).withCount(3))
        .hasToString("Scaling[1 to 4 instances, initially 3]");
  }

  @Test
  void absentValuesAreNotShown() {
    assertThat(RuntimeSpec.NONE).hasToString("RuntimeSpec[]");
    assertThat(Dependencies.NONE).hasToString("Dependencies[]");
    assertThat(ModelMetadata.NONE).hasToString("ModelMetadata[]");
    assertThat(Options.none()).hasToString("[]");
    assertThat(new Routing("ask", "blue")).hasToString("Routing[ask/blue]");
  }

  @Test
  void ofAFunctionTheLimitsThatAreNotTheDefaultOnesAreShown() {
    FunctionLimits limits = FunctionLimits.DEFAULT
        .withMemory("1536MB")
        .withTimeout(Duration.ofSeconds(90))
        .withIdleTimeout(Duration.ofMillis(250));

    assertThat(new ModelFunction(MINILM.named("ask"), limits))
        .hasToString("ModelFunction[ask, classpath:all-minilm-l6-v2-q.onnx, 1.5 GB, "
            + "timeout 90 s, idle after 250 ms]");
    assertThat(FunctionLimits.DEFAULT)
        .hasToString("FunctionLimits[timeout 1 min, LAZY, 100 concurrent, idle after 10 min]");
  }

  @Test
  void aStatefulContainerHasItsEpoch() {
    assertThat(new StatefulContainer(MINILM.named("ask"), ModelState.COLD.next(), RuntimeSpec.NONE))
        .hasToString("StatefulContainer[ask, classpath:all-minilm-l6-v2-q.onnx, epoch 1]");
  }

  @Test
  void aValueWithLineBreaksIsOneLineAllTheSame() {
    assertThat(MINILM.withMetadata(ModelMetadata.NONE.withLabels(Map.of("note", "a\r\nb"))))
        .hasToString("ModelArtifact[classpath:all-minilm-l6-v2-q.onnx, labels {note=a b}]");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1 KB",
    "1610612736, 1.5 GB",
    "18957376512, 17.6 GB",
    "989560464998400, 900 TB"
  })
  void aSizeIsShownInItsUnit(long bytes, String shown) {
    assertThat(Shown.bytes(bytes)).isEqualTo(shown);
  }
}
