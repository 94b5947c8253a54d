package io.fairlead.engine.internal.trees;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.OptionalRuntime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/**
 * A booster of XGBoost.
 *
 * <p>Its one input has a row for each prediction and a column for each feature, where NaN is a missing value. Its one
 * output is what {@code predict} gives in Python: a column for each class, or one.
 *
 * <p>By default each run computes on its caller's thread. With the threads that XGBoost would take by itself, several
 * callers get less done than one.
 */
final class XgboostModel implements TensorModel {
  private static final String INPUT = "input";
  private static final String OUTPUT = "output";
  private static final Pattern PLACE = Pattern.compile("^\\[\\d\\d:\\d\\d:\\d\\d\\] \\S+:\\d+: ");

  private final Booster booster;
  private final int features;
  private final int columns;
  private final Failures failures;

  private XgboostModel(Booster booster, int features, int columns, Failures failures) {
    this.booster = booster;
    this.features = features;
    this.columns = columns;
    this.failures = failures;
  }

  static TensorModel open(ModelSource source, LoadOptions options, Failures failures) {
    Booster booster = null;
    try {
      byte[] bytes = source.bytes();
      UbjsonCheck.check(bytes);
      booster = XGBoost.loadModel(bytes);
      OptionalRuntime.deleteUnpacked("libxgboost4j");
      booster.setParam("nthread", options.threads());
      int features = Math.toIntExact(booster.getNumFeature());
      // Also what configures the booster, which must not happen in two runs at once.
      float[] row = new float[features];
      Arrays.fill(row, Float.NaN);
      int columns = predict(booster, row, 1, features)[0].length;
      return new XgboostModel(booster, features, columns, failures);
    } catch (XGBoostError | IOException | ArithmeticException e) {
      if (booster != null) {
        booster.dispose();
      }
      throw notWhole(source, e, failures);
    }
  }

  private static ServingException notWhole(ModelSource source, Exception e, Failures failures) {
    return failures.failure(
        ErrorKind.INVALID,
        source + " is no XGBoost model that can be read (" + reason(e)
            + "): a copy of it was cut off or changed, or it was saved by a later version than 3.0; fetch it again, or"
            + " save it with that version's Booster.save_model",
        e);
  }

  /** What XGBoost says, without the time, the place in its source and the stack. */
  private static String reason(Exception e) {
    String message = e.getMessage();
    String first = message == null ? "" : message.lines().findFirst().orElse("");
    return first.isBlank()
        ? Failures.reason(e)
        : PLACE.matcher(first).replaceFirst("").strip();
  }

  private static float[][] predict(Booster booster, float[] rows, int count, int features)
      throws XGBoostError {
    DMatrix matrix = new DMatrix(rows, count, features, Float.NaN);
    try {
      return booster.predict(matrix);
    } finally {
      matrix.dispose();
    }
  }

  @Override
  public List<TensorSpec> inputs() {
    return List.of(new TensorSpec(INPUT, Datatype.FP32, List.of(-1L, (long) features)));
  }

  @Override
  public List<TensorSpec> outputs() {
    return List.of(new TensorSpec(OUTPUT, Datatype.FP32, List.of(-1L, (long) columns)));
  }

  @Override
  public List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call) {
    Tensor input = inputs.get(0);
    int rows = (int) input.shape()[0];
    float[] answer = new float[rows * columns];
    if (rows > 0) {
      try {
        float[][] predictions = predict(booster, input.floats(), rows, features);
        for (int row = 0; row < rows; row++) {
          System.arraycopy(predictions[row], 0, answer, row * columns, columns);
        }
      } catch (XGBoostError e) {
        throw failures.failure(
            ErrorKind.MODEL_FAILED, "Model '" + call.model() + "' failed: " + reason(e), e);
      }
    }
    call.checkNotStopped(null);
    return List.of(Tensor.of(OUTPUT, Datatype.FP32, new long[] {rows, columns}, answer));
  }

  @Override
  public void close() {
    booster.dispose();
  }
}
