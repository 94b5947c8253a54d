package io.fairlead.serverless.engine;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Runs ONNX models on ONNX Runtime.
 *
 * <p>Nothing of ONNX Runtime is loaded before the first model is.
 */
final class OnnxEngine implements InferenceEngine {
  private final Path cacheFolder;
  private final Failures failures;

  OnnxEngine(Path cacheFolder, Failures failures) {
    this.cacheFolder = cacheFolder;
    this.failures = failures;
  }

  @Override
  public Optional<Model> open(ModelSource source, LoadOptions options) {
    if (!(source instanceof ModelFiles files) || files.format() != ModelFormat.ONNX) {
      return Optional.empty();
    }
    TensorModel model = session(files, options);
    try {
      files.checkUnchanged(failures);
      return Optional.of(withJson(model, files));
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private TensorModel session(ModelFiles files, LoadOptions options) {
    try {
      return OnnxModel.open(files, options, cacheFolder, failures);
    } catch (LinkageError e) {
      throw unusable(e);
    }
  }

  private Model withJson(TensorModel model, ModelFiles files) {
    boolean takesTokens =
        model.inputs().stream().anyMatch(input -> input.name().equals(TextInput.IDS));
    if (!takesTokens || files.tokenizer().isEmpty()) {
      return new JsonModel(model, null, failures);
    }
    Tokenizer tokenizer = tokenizer(files.tokenizer().get());
    try {
      return new JsonModel(model, tokenizer, failures);
    } catch (RuntimeException | Error e) {
      tokenizer.close();
      throw e;
    }
  }

  private Tokenizer tokenizer(ModelFile file) {
    try {
      return DjlTokenizer.open(file, cacheFolder, failures);
    } catch (LinkageError e) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          e instanceof NoClassDefFoundError && Failures.reason(e).contains("ai/djl")
              ? "A model that takes texts needs a tokenizer for " + file
                  + ", which is not on the class path: add ai.djl.huggingface:tokenizers"
              : "The library of ai.djl.huggingface:tokenizers does not load here ("
                  + Failures.reason(rootOf(e))
                  + "): name a file of it that does with -DRUST_LIBRARY_PATH",
          e);
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
            + System.getProperty("os.arch") + " (" + Failures.reason(rootOf(e))
            + "): it needs a 64-bit system with glibc, macOS or Windows, and a folder that allows executable files; name"
            + " another one with -Donnxruntime.native.path",
        e);
  }

  private static Throwable rootOf(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
