package io.fairlead.engine;

/**
 * Runs the models of one format.
 *
 * <p>An engine for a further format is a public class with a public constructor without parameters, found by {@link
 * java.util.ServiceLoader}: its name is a line of {@code
 * META-INF/services/io.fairlead.engine.InferenceEngine}. Its models get the JSON forms, the texts, the checks
 * of requests, the sharing and the deadlines that all models have.
 *
 * <p>Engines that are found so are asked before those of this module, in the order in which the class path has them, and
 * the first that claims a model gets it; the others are not asked. One that cannot be made or that fails when it is asked
 * is passed over. They are asked about files and folders, never about Java code.
 *
 * <p>Safe for any number of threads.
 */
public interface InferenceEngine {
  /**
   * {@return whether this engine runs a model, told from what it is, at little cost}
   *
   * <p>What is claimed is no other engine's any more, even if it then cannot be opened.
   */
  boolean claims(ModelSource source);

  /**
   * Refuses what cannot be opened, as far as that can be told at little cost and without running anything of it.
   *
   * @param source what this engine claimed
   * @throws io.fairlead.error.ServingException if it cannot be opened, as it is to be reported
   * @throws Exception if it cannot be opened, to be reported as a model that is not whole
   */
  default void check(ModelSource source) throws Exception {}

  /**
   * {@return the model, ready to answer}
   *
   * @param source what this engine claimed
   * @param options how to load it; an engine refuses what it cannot do
   * @throws io.fairlead.error.ServingException if it cannot be loaded, as it is to be reported
   * @throws Exception if it cannot be loaded, to be reported as a model that is not whole
   */
  Model open(ModelSource source, LoadOptions options) throws Exception;
}
