package io.fairlead.serverless.engine;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.nio.file.Path;

/**
 * Runs ONNX models on ONNX Runtime.
 *
 * <p>Nothing of ONNX Runtime is loaded before the first model is.
 */
final class OnnxEngine implements InferenceEngine {
  private final Path cacheFolder;
  private final OnnxCache cache;
  private final Upkeep upkeep;
  private final Failures failures;

  OnnxEngine(Path cacheFolder, OnnxCache cache, Upkeep upkeep, Failures failures) {
    this.cacheFolder = cacheFolder;
    this.cache = cache;
    this.upkeep = upkeep;
    this.failures = failures;
  }

  @Override
  public boolean claims(ModelSource source) {
    return source instanceof ModelFiles files && files.format() == ModelFormat.ONNX;
  }

  @Override
  public TensorModel open(ModelSource source, LoadOptions options) {
    try {
      return OnnxModel.open(
          (ModelFiles) source,
          options,
          OnnxLibrary.environment(cacheFolder),
          cache,
          upkeep,
          failures);
    } catch (LinkageError e) {
      throw unusable(e);
    }
  }

  private ServingException unusable(LinkageError e) {
    if (e instanceof NoClassDefFoundError && Failures.reason(e).contains("ai/onnxruntime")) {
      return failures.failure(
          ErrorKind.UNSUPPORTED,
          "ONNX models need ONNX Runtime, which is not on the class path: add com.microsoft.onnxruntime:onnxruntime",
          e);
    }
    return failures.failure(
        ErrorKind.UNSUPPORTED,
        "ONNX Runtime's native library does not load on " + System.getProperty("os.name") + " "
            + System.getProperty("os.arch") + " (" + Failures.rootReason(e)
            + "): it needs a 64-bit system with glibc, macOS or Windows, and a folder that allows executable files; name"
            + " another one with -Donnxruntime.native.path",
        e);
  }
}
