package io.fairlead.engine.internal.onnx;

import ai.onnxruntime.OrtEnvironment;
import io.fairlead.engine.InferenceEngine;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.run.BatchedModel;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.Upkeep;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Set;

/**
 * The engine for ONNX models, by ONNX Runtime.
 *
 * <p>ONNX Runtime is not loaded before the first model.
 */
public final class OnnxEngine implements InferenceEngine {
  // Operators with a scale or a random number for all rows together, refused at once.
  private static final Set<String> BATCH_DEPENDENT = Set.of(
      "DynamicQuantizeLinear",
      "DynamicQuantizeMatMul",
      "DynamicQuantizeLSTM",
      "Bernoulli",
      "Multinomial",
      "RandomNormal",
      "RandomNormalLike",
      "RandomUniform",
      "RandomUniformLike");

  private final Path cacheFolder;
  private final OnnxCache cache;
  private final Upkeep upkeep;
  private final Failures failures;

  public OnnxEngine(Path cacheFolder, OnnxCache cache, Upkeep upkeep, Failures failures) {
    this.cacheFolder = cacheFolder;
    this.cache = cache;
    this.upkeep = upkeep;
    this.failures = failures;
  }

  @Override
  public String platform() {
    return "onnxruntime_onnx";
  }

  @Override
  public boolean claims(ModelSource source) {
    return source instanceof ModelFiles files
        && (files.format() == ModelFormat.ONNX || files.format() == ModelFormat.ORT);
  }

  @Override
  public void check(ModelSource source) {
    checkBeforeLoad((ModelFiles) source);
  }

  private void checkBeforeLoad(ModelFiles files) {
    checkWhole(files);
    OnnxVersion.ofJar().ifPresent(version -> OnnxVersion.check(version, failures));
  }

  /** ONNX Runtime gets no file of which it is not known what it says; a file of its own format cannot name others. */
  private void checkWhole(ModelFiles files) {
    String defect = files.weights().fingerprint().content().defect();
    if (files.format() == ModelFormat.ONNX && !defect.isEmpty()) {
      throw failures.failure(
          ErrorKind.INVALID,
          files + " is not a whole ONNX model (" + defect
              + "): it is of another format, or a copy of it was cut off; fetch it again and compare its size and"
              + " SHA-256");
    }
  }

  @Override
  public TensorModel open(ModelSource source, LoadOptions options) {
    try {
      ModelFiles files = (ModelFiles) source;
      checkBeforeLoad(files);
      OrtEnvironment environment = OnnxLibrary.environment(cacheFolder);
      OnnxVersion.check(environment.getVersion(), failures);
      TensorModel model = OnnxModel.open(files, options, environment, cache, upkeep, failures);
      return options.maxBatch() == 1 ? model : batched(model, files, options);
    } catch (LinkageError e) {
      throw unusable(e);
    }
  }

  private TensorModel batched(TensorModel model, ModelFiles files, LoadOptions options) {
    try {
      String refusal = BatchedModel.refusal(model);
      if (refusal.isEmpty() && !options.batchDependentAllowed()) {
        refusal = dependence(files);
      }
      if (!refusal.isEmpty()) {
        throw failures.failure(ErrorKind.UNSUPPORTED, files + " " + refusal);
      }
      return BatchedModel.of(model, options, false, failures);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** {@return the reason why a row's result may depend on the other rows of its batch; empty if none is known} */
  private static String dependence(ModelFiles files) {
    Set<String> operators;
    try (InputStream in = files.weights().open()) {
      operators = OnnxOperators.of(in);
    } catch (IOException e) {
      return "takes no batches, because its operators cannot be read (" + Failures.reason(e)
          + "): load it with a maxBatch of 1, or allow batches with batchDependentAllowed";
    }
    operators.retainAll(BATCH_DEPENDENT);
    return operators.isEmpty()
        ? ""
        : "uses " + String.join(", ", operators)
            + ", with which the answer to one row depends on the others of its batch: load it with a maxBatch of 1, or"
            + " allow such answers with batchDependentAllowed";
  }

  private ServingException unusable(LinkageError e) {
    if (e instanceof NoClassDefFoundError && Failures.reason(e).contains("ai/onnxruntime")) {
      return failures.failure(
          ErrorKind.UNSUPPORTED,
          "ONNX models need ONNX Runtime, which is not on the class path: add com.microsoft.onnxruntime:onnxruntime",
          e);
    }
    if (e instanceof IncompatibleClassChangeError) {
      return OnnxVersion.refusal(OnnxVersion.ofJar().orElse("of an unknown version"), failures, e);
    }
    String second = Failures.ofOtherLoader(e).orElse(null);
    if (second != null) {
      return failures.failure(
          ErrorKind.UNSUPPORTED, "ONNX Runtime needs a native library " + second, e);
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
