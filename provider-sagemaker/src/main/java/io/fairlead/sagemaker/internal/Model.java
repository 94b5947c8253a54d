package io.fairlead.sagemaker.internal;

import io.fairlead.grammar.Dependencies;
import io.fairlead.sagemaker.SageMakerMultiModel;
import io.fairlead.sagemaker.SageMakerNetwork;
import io.fairlead.sagemaker.internal.rules.ModelPackage;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A SageMaker model, which a container maps to.
 *
 * @param image the image
 * @param data the location of the model's files, as an archive or as a prefix that ends with a slash, or the ARN of a
 *     model package, which then names the image, too; empty if the image contains or downloads them
 * @param environment its environment, whose values are not printed
 * @param role the execution role
 * @param network the network that it runs in
 * @param multiModel whether it serves all models under {@code data}
 * @param tags the user's tags, which are no part of its name
 */
record Model(
    String image,
    String data,
    Dependencies environment,
    String role,
    SageMakerNetwork network,
    Optional<SageMakerMultiModel> multiModel,
    UserTags tags) {
  /** {@return whether they are equal, apart from additional tags} */
  boolean isAs(Model actual) {
    return tags.areIn(actual.tags) && equals(actual.comparedWith(this));
  }

  /** {@return this actual model with the desired one's tags, and without what a package adds to its environment} */
  private Model comparedWith(Model desired) {
    boolean added = modelPackage().isPresent()
        && environment
            .environment()
            .entrySet()
            .containsAll(desired.environment.environment().entrySet());
    return new Model(
        image,
        data,
        added ? desired.environment : environment,
        role,
        network,
        multiModel,
        desired.tags);
  }

  /** {@return the model package that it is from} */
  Optional<ModelPackage> modelPackage() {
    return ModelPackage.of(data);
  }

  /** {@return a copy with these variables of its environment only} */
  Model withVariables(Set<String> names) {
    Map<String, String> given = new TreeMap<>(environment.environment());
    given.keySet().retainAll(names);
    return new Model(image, data, Dependencies.environment(given), role, network, multiModel, tags);
  }
}
