package io.fairlead.engine.internal.trees;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.microsoft.ml.lightgbm.PredictionType;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.support.Failures;
import io.github.metarank.lightgbm4j.LGBMBooster;
import io.github.metarank.lightgbm4j.LGBMException;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A LightGBM booster.
 *
 * <p>By default each run computes on its caller's thread. With LightGBM's default number of threads, a small run takes
 * hundreds of times as long.
 */
final class LightgbmModel extends TreeModel {
  private static final Logger LOG = LoggerFactory.getLogger(LightgbmModel.class);

  private final LGBMBooster booster;
  private final int features;
  private final String parameters;

  private LightgbmModel(
      LGBMBooster booster, int features, int columns, String parameters, Failures failures) {
    super(Datatype.FP64, features, columns, failures);
    this.booster = booster;
    this.features = features;
    this.parameters = parameters;
  }

  static TensorModel open(ModelSource source, LoadOptions options, Failures failures) {
    LGBMBooster booster = null;
    try {
      byte[] bytes = source.bytes();
      checkWhole(new String(bytes, ISO_8859_1));
      booster = LGBMBooster.loadModelFromString(new String(bytes, UTF_8));
      String parameters = "num_threads=" + options.threads();
      int features = booster.getNumFeature();
      double[] row = new double[features];
      Arrays.fill(row, Double.NaN);
      int columns = predict(booster, row, 1, features, parameters).length;
      return new LightgbmModel(booster, features, columns, parameters, failures);
    } catch (LGBMException | IOException e) {
      close(booster);
      throw notWhole(source, "LightGBM", "4.3", Failures.reason(e), e, failures);
    }
  }

  /** Checks that a file is complete: LightGBM reads past the end of a truncated one, which crashes the JVM. */
  private static void checkWhole(String model) throws IOException {
    int at = model.indexOf("\nTree=");
    int sizes = model.indexOf("\ntree_sizes=");
    if (at < 0 || sizes < 0 || sizes > at) {
      throw new IOException("its list of trees is missing");
    }
    at++;
    int tree = 0;
    String line = model.substring(sizes, model.indexOf('\n', sizes + 1));
    for (String size : line.substring(line.indexOf('=') + 1).strip().split(" ", -1)) {
      if (!model.startsWith("Tree=" + tree, at)) {
        throw new IOException("tree " + tree + " is not where it should be");
      }
      at = (int) Math.min(at + length(size), model.length());
      tree++;
    }
    if (!model.startsWith("end of trees", at)) {
      throw new IOException("the end of its trees is missing");
    }
    if (model.indexOf("\nparameters:", at) > 0 && model.indexOf("\nend of parameters", at) < 0) {
      throw new IOException("the end of its parameters is missing");
    }
  }

  private static long length(String size) throws IOException {
    try {
      return Integer.parseUnsignedInt(size);
    } catch (NumberFormatException e) {
      throw new IOException("its list of trees has '" + size + "' as a size", e);
    }
  }

  private static double[] predict(
      LGBMBooster booster, double[] rows, int count, int features, String parameters)
      throws LGBMException {
    return booster.predictForMat(
        rows, count, features, true, PredictionType.C_API_PREDICT_NORMAL, parameters);
  }

  @Override
  Object predict(Tensor input, int rows) throws NotPredicted {
    try {
      return predict(booster, input.doubles(), rows, features, parameters);
    } catch (LGBMException e) {
      throw new NotPredicted(Failures.reason(e), e);
    }
  }

  @Override
  public void close() {
    close(booster);
  }

  private static void close(@Nullable LGBMBooster booster) {
    try {
      if (booster != null) {
        booster.close();
      }
    } catch (LGBMException e) {
      LOG.warn("A booster of LightGBM could not be closed", e);
    }
  }
}
