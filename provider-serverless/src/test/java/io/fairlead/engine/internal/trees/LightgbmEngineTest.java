package io.fairlead.engine.internal.trees;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Model;
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
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LightgbmEngineTest {
  private static final Request ROWS =
      Predictions.rows("[[0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6], [0.5, \"NaN\", 0.1, 0.9]]");

  @TempDir
  Path folder;

  private final Engine engine = Models.engine();

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aModelAnswersAsItsTreesSay() throws Exception {
    LeasedModel model = engine.load(Models.artifact("lgbm.txt"));

    // Walked through the trees in the file by hand.
    Predictions.assertAnswers(
        model,
        ROWS,
        1e-12,
        new double[] {0.023161510206000036},
        new double[] {0.9753046735293277},
        new double[] {0.021175350240717532});
    assertThat(model.inputs())
        .containsExactly(new TensorSpec("input", Datatype.FP64, List.of(-1L, 4L)));
    assertThat(model.outputs())
        .containsExactly(new TensorSpec("output", Datatype.FP64, List.of(-1L, 1L)));
  }

  @Test
  void noRowsGiveNoPredictions() {
    LeasedModel model = engine.load(Models.artifact("lgbm.txt"));

    String answer = model
        .invoke(
            Request.json(
                "{\"inputs\": [{\"name\": \"input\", \"shape\": [0, 4], \"datatype\": \"FP64\", \"data\": []}]}"))
        .text();

    assertThat(answer).contains("\"shape\":[0,1],\"datatype\":\"FP64\",\"data\":[]");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {"instances": [[0.1, 0.2, 0.3]]}                                                                    | must be of shape [-1, 4]
      {"instances": [[true, 0.2, 0.3, 0.4]]}                                                              | must hold numbers
      {"inputs": [{"name": "input", "shape": [1, 4], "datatype": "FP32", "data": [0.1, 0.2, 0.3, 0.4]}]}  | must be FP64
      """)
  void aRequestThatDoesNotFitIsRefusedBeforeTheRun(String body, String rule) {
    LeasedModel model = engine.load(Models.artifact("lgbm.txt"));

    assertThatThrownBy(() -> model.invoke(Request.json(body)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(rule);
  }

  /** In many lengths, for LightGBM itself ends the JVM at some of them. */
  @Test
  void aFileThatWasCutOffFailsAsInvalid() throws IOException {
    String whole = Files.readString(Models.path("lgbm.txt"));

    for (int part = 1; part < 100; part++) {
      String rest = whole.substring(0, whole.length() * part / 100);
      Path file = Files.writeString(folder.resolve("model.txt"), rest);
      ServingException e = failure(file);

      assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
      assertThat(e)
          .hasMessageStartingWith("'" + file + "' (" + rest.length()
              + " bytes) is no LightGBM model that can be read (")
          .hasMessageContaining("fetch it again");
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      tree_sizes=2721 | tree_sizes=2720 | tree 1 is not where it should be
      tree_sizes=2721 | tree_sizes=many | its list of trees has 'many' as a size
      tree_sizes=     | sizes=          | its list of trees is missing
      tree_sizes=2721 | tree_sizes=2147483647 | tree 1 is not where it should be
      tree_sizes=2721 | tree_sizes=-1   | its list of trees has '-1' as a size
      """)
  void aFileWhoseTreesAreNotWhereItSaysFailsAsInvalid(String from, String to, String why)
      throws IOException {
    String model = Files.readString(Models.path("lgbm.txt")).replace(from, to);

    ServingException e = failure(Files.writeString(folder.resolve("model.txt"), model));

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e).hasMessageContaining("(" + why + ")");
  }

  @Test
  void manyCallersGetTheSameAnswer() throws Exception {
    LeasedModel model = engine.load(Models.artifact("lgbm.txt"));

    Predictions.assertAnswersManyAtOnce(model, ROWS, 1000);
  }

  @Test
  void closingFreesTheBooster() {
    Model model = new LightgbmEngine(Models.cacheFolder(), new Failures("local"))
        .open(Models.source("lgbm.txt"), LoadOptions.DEFAULT);
    Call call = new RunningCall(new Failures("local"), "lgbm", Duration.ZERO, Long.MAX_VALUE);
    Tensor rows = Tensor.of("input", Datatype.FP64, new long[] {1, 4}, new double[4]);

    model.close();

    assertThatThrownBy(() -> ((TensorModel) model).run(List.of(rows), List.of("output"), call))
        .hasMessageContaining("already closed");
  }

  private ServingException failure(Path file) {
    return catchThrowableOfType(ServingException.class, () -> engine.load(ModelArtifact.of(file)));
  }
}
