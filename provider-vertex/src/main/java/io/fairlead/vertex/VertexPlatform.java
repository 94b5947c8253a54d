package io.fairlead.vertex;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Endpoints on Google Vertex AI. */
public interface VertexPlatform extends EndpointPlatform {
  /**
   * Asks a model by Vertex AI's typed call, which knows instances and predictions, and tells which model answered.
   *
   * <pre>{@code
   * VertexAnswer answer = vertex.predict(endpoint, Request.json("{\"instances\": [[1, 2]]}"));
   * answer.response().text(); // {"predictions":[0.5]}
   * }</pre>
   *
   * <p>All numbers travel as doubles; {@link #invoke} sends a body as it is.
   *
   * @param request a JSON object of {@code instances}, an array with one entry or more, and {@code parameters}, if any
   * @return the answer, a JSON object of {@code predictions} and, where the model gave it, {@code metadata}
   * @throws io.fairlead.error.ServingException as {@link #invoke} does
   */
  VertexAnswer predict(Endpoint endpoint, Request request);

  /**
   * Asks a model that answers in pieces, and hands on each piece as it comes, on the calling thread.
   *
   * <p>The request's timeout is a limit on the whole answer. Nothing is asked again once a piece has come.
   *
   * @param pieces what gets them, to be read only while it is called; what it throws ends the answer and is thrown here
   * @return what was told beside the pieces: the content type and the variant of a response without a body, and the id of
   *     the deployed model
   * @throws io.fairlead.error.ServingException if the answer does not come to its end
   */
  VertexAnswer invokeStreaming(
      Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces);
}
