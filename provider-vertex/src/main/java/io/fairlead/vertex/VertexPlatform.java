package io.fairlead.vertex;

import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;

/** Endpoints on Google Vertex AI. */
public interface VertexPlatform extends EndpointPlatform {
  /**
   * Invokes a model by Vertex AI's typed call, Predict, with instances and predictions; the answer names the model
   * and its version.
   *
   * <pre>{@code
   * Response answer = vertex.predict(endpoint, Request.json("{\"instances\": [[1, 2]]}"));
   * answer.text(); // {"predictions":[0.5]}
   * answer.find(VertexResponse.class).flatMap(VertexResponse::modelVersion); // 1
   * }</pre>
   *
   * <p>All numbers are sent as doubles; {@link #invoke} sends a body unchanged.
   *
   * @param request a JSON object of {@code instances}, an array with one entry or more, and {@code parameters}, if any
   * @return the answer, a JSON object of {@code predictions} and, if the model returned it, {@code metadata}
   * @throws io.fairlead.error.ServingException as {@link #invoke} does
   */
  Response predict(Endpoint endpoint, Request request);

  /**
   * {@return access to an endpoint for other people's clients of OpenAI's API}
   *
   * <pre>{@code
   * OpenAiAccess access = vertex.openAi(endpoint);
   * access.baseUrl(); // https://us-central1-aiplatform.googleapis.com/v1beta1/projects/my-project/locations/...
   * access.headers(); // {Authorization=Bearer ...}
   * }</pre>
   *
   * <p>A container with {@linkplain VertexContainer#withInvokeRoutes() invoke routes} is called at its own base, with all
   * of its routes. For others Vertex AI has the route {@code /chat/completions} only, which it passes on to containers
   * that know it, such as those of Model Garden with vLLM. Requests follow the traffic weights. The token is that of the
   * platform's credentials, which are asked for each; a quota project is not in it. It ends with the platform.
   *
   * <p>One read-only call, by which the host of the endpoint is found. The model is named by the container's arguments
   * {@code --served-model-name} or {@code --model}, by its id on the Hugging Face hub, or as the model or the endpoint
   * is named.
   *
   * @throws io.fairlead.error.ServingException of kind {@code NOT_FOUND} if there is no such endpoint, of kind {@code
   *     UNSUPPORTED} if it is accessible by Private Service Connect only and no host is named for it
   */
  OpenAiAccess openAi(Endpoint endpoint);

  /**
   * Reads the container and the machines that Google has verified in Model Garden for a model of the Hugging Face hub.
   *
   * <pre>{@code
   * VertexVerifiedModel gemma = vertex.verified(ModelArtifact.huggingFace("google/gemma-2-2b-it"));
   * vertex.deploy(gemma.container(), gemma.scaling(), new Routing("gemma", "blue"));
   * }</pre>
   *
   * <p>One read-only call. What it returns may differ another day, so keep the value to deploy the same again.
   *
   * @param model a model of the hub, {@code hf://ORG/NAME}
   * @throws io.fairlead.error.ServingException of kind {@code NOT_FOUND} if Google has verified none, or {@code
   *     UNSUPPORTED} if its deployment has parts that this library does not have
   */
  VertexVerifiedModel verified(ModelArtifact model);

  /** The same for a gated model, with a token of the Hugging Face hub, which is not kept. */
  VertexVerifiedModel verified(ModelArtifact model, String huggingFaceToken);
}
