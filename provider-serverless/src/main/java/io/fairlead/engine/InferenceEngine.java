package io.fairlead.engine;

/**
 * An engine that loads and runs the models of one format.
 *
 * <p>An engine for a further format is a public class with a public constructor without parameters, found by
 * {@link java.util.ServiceLoader}: its name is a line of {@code META-INF/services/io.fairlead.engine.InferenceEngine}.
 * Its models get the JSON forms, the tokenization of texts, the validation of requests, the sharing and the deadlines
 * of all models.
 *
 * <p>These engines take precedence over those of this module, in the order of the class path; the first that claims a
 * model gets it. One that cannot be created, or whose {@link #claims} throws, is skipped. They are only used for files
 * and folders, not for Java code.
 *
 * <p>Implementations have to be thread-safe.
 */
public interface InferenceEngine {
  /**
   * {@return whether this engine runs a model; a cheap check of its format}
   *
   * <p>No other engine gets a claimed model, even if it then cannot be opened.
   */
  boolean claims(ModelSource source);

  /**
   * {@return the platform of its models in the metadata of the Open Inference Protocol, as {@code project_format}: such
   * as {@code onnxruntime_onnx}}
   */
  default String platform() {
    return "custom_model";
  }

  /**
   * Validates a model, as far as that is cheap and runs no code of it.
   *
   * @param source a model that this engine has claimed
   * @throws io.fairlead.error.ServingException if it cannot be opened; reported unchanged
   * @throws Exception if it cannot be opened; reported as an invalid model
   */
  default void check(ModelSource source) throws Exception {}

  /**
   * {@return the loaded model}
   *
   * @param source a model that this engine has claimed
   * @param options the load options; an engine refuses those that it does not support
   * @throws io.fairlead.error.ServingException if it cannot be loaded; reported unchanged
   * @throws Exception if it cannot be loaded; reported as an invalid model
   */
  Model open(ModelSource source, LoadOptions options) throws Exception;
}
