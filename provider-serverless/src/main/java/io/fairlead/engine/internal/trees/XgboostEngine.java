package io.fairlead.engine.internal.trees;

import io.fairlead.engine.InferenceEngine;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.run.BatchedModel;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.OptionalRuntime;

/** Runs XGBoost models, in JSON, UBJSON or the old binary form, if XGBoost's library for the JVM is there. */
public final class XgboostEngine implements InferenceEngine {
  private static final OptionalRuntime RUNTIME = new OptionalRuntime(
      "an XGBoost",
      "ml/dmlc/",
      "ml.dmlc.xgboost4j.java.Booster",
      "ml.dmlc:xgboost4j_2.12:3.0.4",
      "onnxmltools.convert_xgboost");

  private final Failures failures;

  public XgboostEngine(Failures failures) {
    this.failures = failures;
  }

  @Override
  public boolean claims(ModelSource source) {
    return source instanceof ModelFiles files && files.format() == ModelFormat.XGBOOST;
  }

  @Override
  public void check(ModelSource source) {
    RUNTIME.checkThere(source, failures);
  }

  @Override
  public TensorModel open(ModelSource source, LoadOptions options) {
    try {
      return BatchedModel.of(XgboostModel.open(source, options, failures), options, failures);
    } catch (LinkageError e) {
      throw RUNTIME.unusable(source, e, failures);
    }
  }
}
