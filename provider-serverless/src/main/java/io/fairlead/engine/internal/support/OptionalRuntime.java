package io.fairlead.engine.internal.support;

import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelSource;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;

/**
 * An optional library that runs models of one format.
 *
 * @param model the name of its models, with an article
 * @param packages the common prefix of its class names, with slashes
 * @param type the name of one of its classes
 * @param artifacts the artifacts to add to the class path
 * @param conversion the command that makes an ONNX model of one of its models
 */
public record OptionalRuntime(
    String model, String packages, String type, String artifacts, String conversion) {
  /** Refuses a model if the library is missing, without initialising it. */
  public void checkPresent(ModelSource source, Failures failures) {
    try {
      Class.forName(type, false, OptionalRuntime.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      LinkageError missing = new NoClassDefFoundError(type.replace('.', '/'));
      missing.initCause(e);
      throw unusable(source, missing, failures);
    } catch (LinkageError e) {
      throw unusable(source, e, failures);
    }
  }

  /** {@return the exception for a model whose library is missing or does not load} */
  public ServingException unusable(ModelSource source, LinkageError e, Failures failures) {
    String reason = Failures.reason(e);
    if (e instanceof NoClassDefFoundError && reason.contains(packages)) {
      return failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " is " + model + " model, and its runtime is not on the class path: add "
              + artifacts + ", or convert it to ONNX with " + conversion,
          e);
    }
    String second = Failures.ofOtherLoader(e).orElse(null);
    if (second != null) {
      return failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " is " + model + " model, and its runtime needs a library " + second,
          e);
    }
    return failures.failure(
        ErrorKind.UNSUPPORTED,
        source + " is " + model + " model, and its runtime does not load on "
            + System.getProperty("os.name") + " " + System.getProperty("os.arch") + " ("
            + Failures.rootReason(e) + "): add " + artifacts
            + " with all that it depends on, or convert it to ONNX with " + conversion,
        e);
  }

  /** Refuses load options that are of ONNX models alone. */
  public void checkNoneOfOnnx(ModelSource source, LoadOptions options, Failures failures) {
    if (!options.executionProviders().isEmpty() || !options.sessionSettings().isEmpty()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " is " + model
              + " model, and execution providers and session settings are for ONNX models: load it without them, or"
              + " convert it to ONNX with " + conversion);
    }
  }

  /**
   * Refuses load options other than the defaults.
   *
   * @param threadsSetting the setting for the threads of the whole process; empty if there is none
   */
  public void checkDefaults(
      ModelSource source, LoadOptions options, String threadsSetting, Failures failures) {
    if (options.threads() > 1) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " is " + model
              + " model, whose runtime has one number of threads for the whole process: load it with"
              + " 1 thread for each run, which is the default"
              + (threadsSetting.isEmpty()
                  ? ""
                  : ", and set others for all models with " + threadsSetting));
    }
    if (options.maxBatch() > 1) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " is " + model
              + " model, whose rows are not known to be independent: load it with"
              + " a maxBatch of 1, which is the default");
    }
  }
}
