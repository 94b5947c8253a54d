package io.fairlead.engine.internal.graphs;

import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.natives.JavaCpp;
import io.fairlead.engine.internal.run.OptionalEngine;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.OptionalRuntime;
import io.fairlead.error.ErrorKind;
import java.nio.file.Path;
import org.tensorflow.TensorFlow;

/** The engine for TensorFlow SavedModels; TensorFlow's library for the JVM is optional. */
public final class TensorflowEngine extends OptionalEngine {
  private static final OptionalRuntime RUNTIME = new OptionalRuntime(
      "a TensorFlow",
      "org/tensorflow/",
      "org.tensorflow.SavedModelBundle",
      "org.tensorflow:tensorflow-core-api:1.1.0 and org.tensorflow:tensorflow-core-native:1.1.0 with the classifier of"
          + " the system, such as linux-x86_64",
      "python -m tf2onnx.convert --saved-model");

  private final Path cacheFolder;

  public TensorflowEngine(Path cacheFolder, Failures failures) {
    super(ModelFormat.SAVED_MODEL, RUNTIME, failures);
    this.cacheFolder = cacheFolder;
  }

  @Override
  protected TensorModel load(ModelFiles files, LoadOptions options) {
    Path graph = files.path().orElse(null);
    if (graph == null) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          files
              + " is the graph of a TensorFlow SavedModel, which is loaded as a whole: give the folder in which it is"
              + " " + ModelFiles.SAVED_MODEL + ", as file:");
    }
    runtime.checkDefaults(files, options, "", failures);
    checkOnlyLoader(files, TensorFlow.class);
    JavaCpp.load(cacheFolder, TensorFlow::version);
    return TensorflowModel.open(files, graph.resolveSibling(""), failures);
  }
}
