package io.fairlead.engine.internal.graphs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.Predictions;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.run.RunningCall;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TensorflowEngineTest {
  private static final Request ROWS =
      Predictions.rows("[[5.1, 3.5, 1.4, 0.2], [5.1, 3.5, 1.4, 0.2]]");

  @TempDir
  Path folder;

  private final Engine engine = Models.engine();

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aModelAnswersByItsSignature() throws Exception {
    LeasedModel model = engine.load(Models.artifact("savedmodel"));

    assertThat(model.name()).isEqualTo("savedmodel");
    assertThat(model.inputs())
        .containsExactly(new TensorSpec("x", Datatype.FP32, List.of(-1L, 4L)));
    assertThat(model.outputs())
        .containsExactly(new TensorSpec("probabilities", Datatype.FP32, List.of(-1L, 3L)));
    double[] expected = {0.01759925, 0.506668, 0.4757327};
    Predictions.assertAnswers(model, ROWS, 1e-6, expected, expected);
  }

  @Test
  void whatIsBesideTheGraphCounts() throws IOException {
    Path model = copy();
    String before = engine.digest(ModelArtifact.of(model));
    Files.createDirectory(model.resolve("assets"));
    Files.writeString(model.resolve("assets/words.txt"), "a");

    assertThat(engine.digest(ModelArtifact.of(model))).isNotEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {"instances": [[5.1, 3.5, 1.4]]}                                                               | must be of shape [-1, 4]
      {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "INT32", "data": [5, 3, 1, 0]}]}        | must be FP32
      """)
  void aRequestThatDoesNotFitIsRefusedBeforeTheRun(String body, String rule) {
    LeasedModel model = engine.load(Models.artifact("savedmodel"));

    assertThatThrownBy(() -> model.invoke(Request.json(body)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(rule);
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 100, 400, 668})
  void aGraphThatWasCutOffFailsAsInvalid(int length) throws IOException {
    Path graph = copy().resolve("saved_model.pb");
    Files.write(graph, Arrays.copyOf(Files.readAllBytes(graph), length));

    ServingException e = catchThrowableOfType(
        ServingException.class, () -> engine.load(ModelArtifact.of(graph.getParent())));

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e).hasMessageStartingWith("'" + graph + "' (" + length + " bytes) is no SavedModel");
  }

  @Test
  void manyCallersGetTheSameAnswer() throws Exception {
    Predictions.assertAnswersManyAtOnce(engine.load(Models.artifact("savedmodel")), ROWS, 200);
  }

  @Test
  void closingFreesTheSession() {
    TensorModel model = new TensorflowEngine(Models.cacheFolder(), new Failures("local"))
        .open(Models.source("savedmodel"), LoadOptions.DEFAULT);
    Call call = new RunningCall(new Failures("local"), "softmax", Duration.ZERO, Long.MAX_VALUE);
    Tensor row = Tensor.of("x", Datatype.FP32, new long[] {1, 4}, new float[4]);
    assertThat(model.run(List.of(row), List.of("probabilities"), call)).hasSize(1);

    model.close();

    assertThatThrownBy(() -> model.run(List.of(row), List.of("probabilities"), call))
        .isInstanceOf(ServingException.class);
  }

  @Test
  void moreThreadsAreRefused() {
    assertThatThrownBy(
            () -> engine.load(Models.artifact("savedmodel"), LoadOptions.DEFAULT.withThreads(2)))
        .hasMessageContaining("one number of threads for the whole process");
  }

  private Path copy() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Files.copy(
        Models.path("savedmodel").resolve("saved_model.pb"), model.resolve("saved_model.pb"));
    return model;
  }
}
