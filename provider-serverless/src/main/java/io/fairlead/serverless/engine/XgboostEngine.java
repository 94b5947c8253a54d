package io.fairlead.serverless.engine;

/** Runs XGBoost models, in JSON, UBJSON or the old binary form, if XGBoost's library for the JVM is there. */
final class XgboostEngine implements InferenceEngine {
  private static final OptionalRuntime RUNTIME = new OptionalRuntime(
      "an XGBoost",
      "ml/dmlc/",
      "ml.dmlc.xgboost4j.java.Booster",
      "ml.dmlc:xgboost4j_2.12:3.0.4",
      "onnxmltools.convert_xgboost");

  private final Failures failures;

  XgboostEngine(Failures failures) {
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
