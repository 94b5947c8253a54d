package io.fairlead.engine.internal.graphs;

import io.fairlead.engine.InferenceEngine;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.OptionalRuntime;
import java.nio.file.Path;

/** Runs TorchScript models if DJL's engine for PyTorch is there. */
public final class TorchscriptEngine implements InferenceEngine {
  private static final OptionalRuntime RUNTIME = new OptionalRuntime(
      "a TorchScript",
      "ai/djl/",
      "ai.djl.pytorch.engine.PtEngine",
      "ai.djl.pytorch:pytorch-engine:0.35.1, ai.djl.pytorch:pytorch-jni:2.7.1-0.35.1 and"
          + " ai.djl.pytorch:pytorch-native-cpu:2.7.1 with the classifier of the system, such as linux-x86_64",
      "torch.onnx.export");

  private final Path cacheFolder;
  private final Failures failures;

  public TorchscriptEngine(Path cacheFolder, Failures failures) {
    this.cacheFolder = cacheFolder;
    this.failures = failures;
  }

  @Override
  public boolean claims(ModelSource source) {
    return source instanceof ModelFiles files && files.format() == ModelFormat.TORCHSCRIPT;
  }

  @Override
  public void check(ModelSource source) {
    RUNTIME.checkThere(source, failures);
  }

  @Override
  public TensorModel open(ModelSource source, LoadOptions options) {
    RUNTIME.checkDefaults(source, options, "-Dai.djl.pytorch.num_threads", failures);
    try {
      return TorchscriptModel.open((ModelFiles) source, cacheFolder, failures);
    } catch (LinkageError e) {
      throw RUNTIME.unusable(source, e, failures);
    }
  }
}
