package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.sagemaker.SageMakerComponent;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.SageMakerRequest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The target of a request at AWS.
 *
 * @param endpoint the endpoint's name, which is a fleet's for an inference component
 * @param variant the production variant that it is pinned to
 * @param component the inference component to invoke
 * @param servedBy the variant that answers or fails, where AWS does not name it
 */
record InvocationTarget(
    String endpoint,
    @Nullable String variant,
    @Nullable String component,
    Optional<String> servedBy) {

  static InvocationTarget of(Endpoint endpoint, Request request, SageMakerRequest options) {
    String asked = options.inferenceComponent().orElse(null);
    Optional<SageMakerComponent> shared =
        endpoint.scaling().options().find(SageMakerComponent.class);
    if (shared.isEmpty()) {
      return new InvocationTarget(
          endpoint.name(), request.variant().orElse(null), asked, Optional.empty());
    }
    String variant = endpoint.routing().variant();
    if (!request.variant().orElse(variant).equals(variant)) {
      throw new ServingException(
          SageMakerProvider.ID,
          ErrorKind.NOT_FOUND,
          SageMakerInvoker.what(endpoint, request)
              + " failed: the only variant there is the inference component '" + variant + "'");
    }
    String own = ComponentCalls.awsName(new VariantName(endpoint.name(), variant));
    return new InvocationTarget(
        shared.get().fleet(), null, asked == null ? own : asked, Optional.of(variant));
  }

  /** {@return the answer with the variant's name} */
  Response named(Response response) {
    return servedBy.map(response::servedBy).orElse(response);
  }

  /** {@return the failure with the variant's name} */
  ServingException named(ServingException failure) {
    return servedBy.map(failure::withVariant).orElse(failure);
  }
}
