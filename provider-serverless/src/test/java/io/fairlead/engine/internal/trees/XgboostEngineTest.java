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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class XgboostEngineTest {
  private static final Request ROWS =
      Predictions.rows("[[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]");

  @TempDir
  Path folder;

  private final Engine engine = Models.engine();

  @AfterEach
  void close() {
    engine.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"iris_xgb.json", "iris_xgb.ubj", "iris_xgb.deprecated"})
  void aModelAnswersAsItsTreesSay(String file) throws Exception {
    LeasedModel model = engine.load(Models.artifact(file));

    // Walked through the trees in iris_xgb.json by hand.
    Predictions.assertAnswers(
        model, ROWS, 1e-6, new double[] {0.9918511633, 0.0054369660, 0.0027118707}, new double[] {
          0.0027253857, 0.0049185541, 0.9923560602
        });
    assertThat(model.inputs())
        .containsExactly(new TensorSpec("input", Datatype.FP32, List.of(-1L, 4L)));
    assertThat(model.outputs())
        .containsExactly(new TensorSpec("output", Datatype.FP32, List.of(-1L, 3L)));
  }

  @Test
  void aMissingValueIsNaN() throws Exception {
    LeasedModel model = engine.load(Models.artifact("iris_xgb.json"));

    Predictions.assertAnswers(
        model,
        Predictions.rows("[[5.1, \"NaN\", 1.4, \"NaN\"], [\"NaN\", \"NaN\", \"NaN\", \"NaN\"]]"),
        1e-6,
        new double[] {0.9908653797, 0.0054315623, 0.0037030581},
        new double[] {0.9915756766, 0.0047186108, 0.0037057125});
  }

  @Test
  void noRowsGiveNoPredictions() {
    LeasedModel model = engine.load(Models.artifact("iris_xgb.ubj"));

    String answer = model
        .invoke(
            Request.json(
                "{\"inputs\": [{\"name\": \"input\", \"shape\": [0, 4], \"datatype\": \"FP32\", \"data\": []}]}"))
        .text();

    assertThat(answer).contains("\"shape\":[0,3],\"datatype\":\"FP32\",\"data\":[]");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {"instances": [[5.1, 3.5, 1.4]]}                                                                      | must be of shape [-1, 4]
      {"instances": [["a", 3.5, 1.4, 0.2]]}                                                                 | must hold numbers
      {"inputs": [{"name": "input", "shape": [1, 4], "datatype": "FP64", "data": [5.1, 3.5, 1.4, 0.2]}]}     | must be FP32
      {"inputs": [{"name": "rows", "shape": [1, 4], "datatype": "FP32", "data": [5.1, 3.5, 1.4, 0.2]}]}      | must be one of input
      """)
  void aRequestThatDoesNotFitIsRefusedBeforeTheRun(String body, String rule) {
    LeasedModel model = engine.load(Models.artifact("iris_xgb.json"));

    assertThatThrownBy(() -> model.invoke(Request.json(body)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(rule);
  }

  /** Each in many lengths, for XGBoost itself ends the JVM at some of them. */
  @ParameterizedTest
  @ValueSource(strings = {"iris_xgb.json", "iris_xgb.ubj", "iris_xgb.deprecated"})
  void aFileThatWasCutOffFailsAsInvalid(String name) throws IOException {
    byte[] whole = Files.readAllBytes(Models.path(name));

    for (int part = 1; part < 100; part++) {
      int length = whole.length * part / 100;
      Path file = Files.write(folder.resolve("model"), Arrays.copyOf(whole, length));
      ServingException e = failure(file);

      assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
      assertThat(e)
          .hasMessageStartingWith(
              "'" + file + "' (" + length + " bytes) is no XGBoost model that can be read (")
          .hasMessageContaining("fetch it again")
          .hasMessageNotContaining("Stack trace")
          .hasNoSuppressedExceptions();
    }
  }

  @Test
  void aFileWithALengthThatIsNoneFailsAsInvalid() throws IOException {
    byte[] negative = Files.readAllBytes(Models.path("iris_xgb.ubj"));
    negative[2] = (byte) 0x80;
    byte[] tooLong = Files.readAllBytes(Models.path("iris_xgb.ubj"));
    tooLong[3 + 7 + 7 + 1] = 0x7f;

    assertThat(failure(Files.write(folder.resolve("tooLong"), tooLong)).kind())
        .isEqualTo(ErrorKind.INVALID);
    // Its beginning is not told as XGBoost's any more, which is as good.
    assertThat(failure(Files.write(folder.resolve("negative"), negative)).kind())
        .isEqualTo(ErrorKind.INVALID);
  }

  @Test
  void aBoosterOfAnotherKindRunsAsWell() throws Exception {
    Path linear = trained("gblinear", "reg:squarederror");
    Path dart = trained("dart", "binary:logistic");

    LeasedModel one = engine.load(ModelArtifact.of(linear));
    LeasedModel other = engine.load(ModelArtifact.of(dart));

    assertThat(one.outputs().get(0).shape()).containsExactly(-1L, 1L);
    assertThat(one.invoke(Predictions.rows("[[1, 2]]")).text()).startsWith("{\"predictions\":[[");
    assertThat(other.invoke(Predictions.rows("[[1, 2]]")).text()).startsWith("{\"predictions\":[[");
  }

  private Path trained(String booster, String objective) throws Exception {
    DMatrix matrix = new DMatrix(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 4, 2, Float.NaN);
    matrix.setLabel(new float[] {0, 1, 0, 1});
    Path file = folder.resolve(booster + ".json");
    XGBoost.train(
            matrix,
            Map.of("booster", booster, "objective", objective, "nthread", 1),
            2,
            Map.of(),
            null,
            null)
        .saveModel(file.toString());
    return file;
  }

  @Test
  void manyCallersGetTheSameAnswer() throws Exception {
    LeasedModel model = engine.load(Models.artifact("iris_xgb.ubj"));

    Predictions.assertAnswersManyAtOnce(model, ROWS, 500);
  }

  @Test
  void batchesGiveTheSameAnswers() throws Exception {
    LeasedModel model =
        engine.load(Models.artifact("iris_xgb.ubj"), LoadOptions.DEFAULT.withMaxBatch(8));

    Predictions.assertAnswersManyAtOnce(model, ROWS, 100);
  }

  @Test
  void closingFreesTheBooster() {
    Model model = new XgboostEngine(Models.cacheFolder(), new Failures("local"))
        .open(Models.source("iris_xgb.json"), LoadOptions.DEFAULT);
    Call call = new RunningCall(new Failures("local"), "iris", Duration.ZERO, Long.MAX_VALUE);
    Tensor rows = Tensor.of("input", Datatype.FP32, new long[] {1, 4}, new float[4]);

    model.close();

    assertThatThrownBy(() -> ((TensorModel) model).run(List.of(rows), List.of("output"), call))
        .hasMessageContaining("already been disposed");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theLibraryDoesNotStayInTheTemporaryFolder() throws IOException {
    engine.load(Models.artifact("iris_xgb.json"));

    assertThat(mapped()).anyMatch(line -> line.contains("libxgboost4j"));
    assertThat(mapped().filter(line -> line.contains("libxgboost4j")))
        .allMatch(line -> line.endsWith("(deleted)"));
  }

  private static Stream<String> mapped() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream();
  }

  private ServingException failure(Path file) {
    return catchThrowableOfType(ServingException.class, () -> engine.load(ModelArtifact.of(file)));
  }
}
