package io.fairlead.sagemaker;

import io.fairlead.grammar.RuntimeOptions;

/**
 * A container that serves all models under one S3 prefix, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <p>The artifact's weights are that prefix, and a request names its model as {@link SageMakerRequest#targetModel()}.
 * A model is added by an upload of its archive to the prefix.
 *
 * @param cached whether SageMaker keeps models in memory after an invocation
 */
public record SageMakerMultiModel(boolean cached) implements RuntimeOptions {
  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
