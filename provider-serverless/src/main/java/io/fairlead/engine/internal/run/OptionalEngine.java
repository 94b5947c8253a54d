package io.fairlead.engine.internal.run;

import io.fairlead.engine.InferenceEngine;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.natives.NativeFolder;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.OptionalRuntime;
import io.fairlead.error.ErrorKind;
import org.jspecify.annotations.Nullable;

/** An engine for one format whose library is optional. */
public abstract class OptionalEngine implements InferenceEngine {
  private volatile @Nullable Class<?> claimed;
  private volatile boolean isLoaded;
  protected final OptionalRuntime runtime;
  protected final Failures failures;
  private final ModelFormat format;

  protected OptionalEngine(ModelFormat format, OptionalRuntime runtime, Failures failures) {
    this.format = format;
    this.runtime = runtime;
    this.failures = failures;
  }

  @Override
  public final String platform() {
    return switch (format) {
      case TORCHSCRIPT -> "pytorch_torchscript";
      case SAVED_MODEL -> "tensorflow_savedmodel";
      case XGBOOST -> "xgboost_model";
      case LIGHTGBM -> "lightgbm_model";
      default -> InferenceEngine.super.platform();
    };
  }

  @Override
  public final boolean claims(ModelSource source) {
    return source instanceof ModelFiles files && files.format() == format;
  }

  @Override
  public final void check(ModelSource source) {
    runtime.checkPresent(source, failures);
  }

  @Override
  public final TensorModel open(ModelSource source, LoadOptions options) {
    runtime.checkNoneOfOnnx(source, options, failures);
    try {
      TensorModel model = load((ModelFiles) source, options);
      isLoaded = true;
      return model;
    } catch (LinkageError e) {
      Class<?> type = claimed;
      if (type != null && !isLoaded) {
        NativeFolder.releaseForProcess(type);
      }
      throw runtime.unusable(source, e, failures);
    }
  }

  /**
   * Refuses a model whose runtime another class loader of this JVM has loaded, beside which it cannot be loaded again.
   *
   * @param type a class of the runtime, which is not initialised
   */
  protected final void checkOnlyLoader(ModelSource source, Class<?> type) {
    if (!NativeFolder.claimForProcess(type)) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " is " + runtime.model()
              + " model, and another class loader of this JVM has loaded its runtime, of which a process can hold one"
              + " copy: deploy it with isolation PROCESS, which runs it in a JVM of its own, or start this application"
              + " anew");
    }
    claimed = type;
  }

  /** {@return the model; its library is not initialised before} */
  protected abstract TensorModel load(ModelFiles files, LoadOptions options);
}
