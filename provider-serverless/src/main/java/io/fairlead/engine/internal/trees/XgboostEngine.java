package io.fairlead.engine.internal.trees;

import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.run.BatchedModel;
import io.fairlead.engine.internal.run.OptionalEngine;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.OptionalRuntime;
import java.nio.file.Path;

/** The engine for XGBoost models in JSON, UBJSON or the old binary form; its library for the JVM is optional. */
public final class XgboostEngine extends OptionalEngine {
  private static final OptionalRuntime RUNTIME = new OptionalRuntime(
      "an XGBoost",
      "ml/dmlc/",
      "ml.dmlc.xgboost4j.java.Booster",
      "ml.dmlc:xgboost4j_2.12:3.0.4",
      "onnxmltools.convert_xgboost");

  private final Path cacheFolder;

  public XgboostEngine(Path cacheFolder, Failures failures) {
    super(ModelFormat.XGBOOST, RUNTIME, failures);
    this.cacheFolder = cacheFolder;
  }

  @Override
  protected TensorModel load(ModelFiles files, LoadOptions options) {
    XgboostLibrary.load(cacheFolder);
    return BatchedModel.of(XgboostModel.open(files, options, failures), options, true, failures);
  }
}
