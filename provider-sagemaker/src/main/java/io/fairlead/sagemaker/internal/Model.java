package io.fairlead.sagemaker.internal;

import io.fairlead.grammar.Dependencies;
import io.fairlead.sagemaker.SageMakerMultiModel;
import io.fairlead.sagemaker.SageMakerNetwork;
import java.util.Optional;

/**
 * A SageMaker model: what a container is made of.
 *
 * @param image the image
 * @param data where the model's files are, as an archive or as a prefix that ends with a slash; empty if the image brings
 *     or loads them
 * @param environment its environment, whose values are not printed
 * @param role the role that it runs as
 * @param network the network that it runs in
 * @param multiModel whether it serves all models under {@code data}
 * @param tags what users tag it with, which is no part of its name
 */
record Model(
    String image,
    String data,
    Dependencies environment,
    String role,
    SageMakerNetwork network,
    Optional<SageMakerMultiModel> multiModel,
    UserTags tags) {
  /** {@return whether it is this one, perhaps with further tags} */
  boolean isAs(Model actual) {
    return tags.areIn(actual.tags) && equals(actual.withTags(tags));
  }

  private Model withTags(UserTags newTags) {
    return new Model(image, data, environment, role, network, multiModel, newTags);
  }
}
