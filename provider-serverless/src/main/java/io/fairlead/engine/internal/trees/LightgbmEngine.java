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

/** Runs LightGBM models, in its text form, if LightGBM's library for the JVM is there. */
public final class LightgbmEngine implements InferenceEngine {
  private static final OptionalRuntime RUNTIME = new OptionalRuntime(
      "a LightGBM",
      "lightgbm",
      "io.github.metarank.lightgbm4j.LGBMBooster",
      "io.github.metarank:lightgbm4j:4.3.0-1",
      "onnxmltools.convert_lightgbm");

  private final Failures failures;

  public LightgbmEngine(Failures failures) {
    this.failures = failures;
  }

  @Override
  public boolean claims(ModelSource source) {
    return source instanceof ModelFiles files && files.format() == ModelFormat.LIGHTGBM;
  }

  @Override
  public void check(ModelSource source) {
    RUNTIME.checkThere(source, failures);
  }

  @Override
  public TensorModel open(ModelSource source, LoadOptions options) {
    try {
      return BatchedModel.of(LightgbmModel.open(source, options, failures), options, failures);
    } catch (LinkageError e) {
      throw RUNTIME.unusable(source, e, failures);
    }
  }
}
