package io.fairlead.sagemaker;

import io.fairlead.grammar.RuntimeOptions;

/**
 * A container that serves all models under one S3 prefix, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <p>The artifact's weights are that prefix, and a request names its model as {@link SageMakerRequest#targetModel()}.
 * Another model is added by putting its archive there.
 *
 * @param cached whether SageMaker keeps models in memory after they were asked
 */
public record SageMakerMultiModel(boolean cached) implements RuntimeOptions {
  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
