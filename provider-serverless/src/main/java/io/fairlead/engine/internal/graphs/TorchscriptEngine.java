package io.fairlead.engine.internal.graphs;

import ai.djl.pytorch.engine.PtEngine;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.run.OptionalEngine;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.OptionalRuntime;
import java.nio.file.Path;

/** The engine for TorchScript models; DJL's engine for PyTorch is optional. */
public final class TorchscriptEngine extends OptionalEngine {
  private static final OptionalRuntime RUNTIME = new OptionalRuntime(
      "a TorchScript",
      "ai/djl/",
      "ai.djl.pytorch.engine.PtEngine",
      "ai.djl.pytorch:pytorch-engine:0.35.1, ai.djl.pytorch:pytorch-jni:2.7.1-0.35.1 and"
          + " ai.djl.pytorch:pytorch-native-cpu:2.7.1 with the classifier of the system, such as linux-x86_64",
      "torch.onnx.export");

  private final Path cacheFolder;

  public TorchscriptEngine(Path cacheFolder, Failures failures) {
    super(ModelFormat.TORCHSCRIPT, RUNTIME, failures);
    this.cacheFolder = cacheFolder;
  }

  @Override
  protected TensorModel load(ModelFiles files, LoadOptions options) {
    runtime.checkDefaults(files, options, "-Dai.djl.pytorch.num_threads", failures);
    checkOnlyLoader(files, PtEngine.class);
    return TorchscriptModel.open(files, cacheFolder, failures);
  }
}
