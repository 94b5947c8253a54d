package io.fairlead.serverless.engine;

import java.util.Optional;

/** What runs the models of some formats. */
interface InferenceEngine {
  /**
   * {@return the model, ready to answer; empty if it is of no format of this engine}
   *
   * @param options how to load it; an engine refuses what it cannot do
   * @throws io.fairlead.error.ServingException if it is of such a format and cannot be loaded
   */
  Optional<Model> open(ModelSource source, LoadOptions options);
}
