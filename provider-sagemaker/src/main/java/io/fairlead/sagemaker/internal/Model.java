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
 */
record Model(
    String image,
    String data,
    Dependencies environment,
    String role,
    SageMakerNetwork network,
    Optional<SageMakerMultiModel> multiModel) {}
