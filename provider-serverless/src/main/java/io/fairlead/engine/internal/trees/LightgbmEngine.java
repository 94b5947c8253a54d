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

/** The engine for LightGBM models in text form; its library for the JVM is optional. */
public final class LightgbmEngine extends OptionalEngine {
  private static final OptionalRuntime RUNTIME = new OptionalRuntime(
      "a LightGBM",
      "lightgbm",
      "io.github.metarank.lightgbm4j.LGBMBooster",
      "io.github.metarank:lightgbm4j:4.3.0-1",
      "onnxmltools.convert_lightgbm");

  private final Path cacheFolder;

  public LightgbmEngine(Path cacheFolder, Failures failures) {
    super(ModelFormat.LIGHTGBM, RUNTIME, failures);
    this.cacheFolder = cacheFolder;
  }

  @Override
  protected TensorModel load(ModelFiles files, LoadOptions options) {
    LightgbmLibrary.load(cacheFolder);
    return BatchedModel.of(LightgbmModel.open(files, options, failures), options, true, failures);
  }
}
