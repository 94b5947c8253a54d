package io.fairlead.azureml;

import io.fairlead.grammar.Endpoint;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.EndpointPlatform;

/** Managed online endpoints on Azure Machine Learning. */
public interface AzureMlPlatform extends EndpointPlatform {
  /**
   * Opens an endpoint to clients of OpenAI's API, in any language or framework.
   *
   * <pre>{@code
   * OpenAiAccess access = azureml.openAi(qwen);
   * access.baseUrl(); // https://my-qwen.westus.inference.ml.azure.com/v1
   * access.model();   // Qwen/Qwen3-4B
   * access.headers(); // Authorization
   * }</pre>
   *
   * <p>The bearer token is the endpoint's key, or a token by its {@link AzureMlEndpoint.AuthMode}. Each call reads it
   * anew, for all that was opened before, too: do that after a client was refused (401), because a key may have been
   * regenerated. Until then a key is kept, and a token is renewed before it ends. Requests follow the traffic; one with
   * the header {@code azureml-model-deployment} goes to the variant that it names.
   *
   * @param endpoint an endpoint whose container serves OpenAI's routes below {@code /v1}; its model is called {@code
   *     SERVED_MODEL_NAME} of its environment, or else by its id on the hub
   * @throws io.fairlead.grammar.InvalidValueException if neither is known
   * @throws io.fairlead.error.ServingException if the endpoint or its key or token is not there; of kind {@code
   *     NOT_FOUND} if there is no such endpoint
   */
  OpenAiAccess openAi(Endpoint endpoint);

  /**
   * The same with the name that the container has for its model, such as that of {@code --served-model-name}.
   *
   * @param model the model's name in the client's requests
   */
  OpenAiAccess openAi(Endpoint endpoint, String model);
}
