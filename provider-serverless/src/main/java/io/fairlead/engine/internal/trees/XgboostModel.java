package io.fairlead.engine.internal.trees;

import io.fairlead.engine.Datatype;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.support.Failures;
import java.io.IOException;
import java.util.Arrays;
import java.util.regex.Pattern;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/**
 * An XGBoost booster.
 *
 * <p>By default each run computes on its caller's thread. With XGBoost's default number of threads, several callers
 * have a lower throughput than one.
 */
final class XgboostModel extends TreeModel {
  private static final Pattern PLACE = Pattern.compile("^\\[\\d\\d:\\d\\d:\\d\\d\\] \\S+:\\d+: ");

  private final Booster booster;
  private final int features;
  private final int columns;

  private XgboostModel(Booster booster, int features, int columns, Failures failures) {
    super(Datatype.FP32, features, columns, failures);
    this.booster = booster;
    this.features = features;
    this.columns = columns;
  }

  static TensorModel open(ModelSource source, LoadOptions options, Failures failures) {
    Booster booster = null;
    try {
      byte[] bytes = source.bytes();
      UbjsonCheck.check(bytes);
      booster = XGBoost.loadModel(bytes);
      XgboostLibrary.deleteUnpacked();
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
      throw notWhole(source, "XGBoost", "3.0", reason(e), e, failures);
    }
  }

  /** {@return XGBoost's message, without the time, the source location and the stack} */
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
  Object predict(Tensor input, int rows) throws NotPredicted {
    float[] answer = new float[rows * columns];
    try {
      float[][] predictions = predict(booster, input.floats(), rows, features);
      for (int row = 0; row < rows; row++) {
        System.arraycopy(predictions[row], 0, answer, row * columns, columns);
      }
    } catch (XGBoostError e) {
      throw new NotPredicted(reason(e), e);
    }
    return answer;
  }

  @Override
  public void close() {
    booster.dispose();
  }
}
