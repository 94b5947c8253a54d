package io.fairlead.vertex;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.reconcile.ForwardingEndpointPlatform;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** An endpoint platform that also asks models in the ways that Vertex AI alone has. */
final class OpenVertex extends ForwardingEndpointPlatform implements VertexPlatform {
  private final VertexInvoker invoker;
  private volatile boolean closed;

  /**
   * Makes a platform.
   *
   * @param platform what does all that other platforms do, too; closed with this
   */
  OpenVertex(EndpointPlatform platform, VertexInvoker invoker) {
    super(platform);
    this.invoker = invoker;
  }

  @Override
  public VertexAnswer predict(Endpoint endpoint, Request request) {
    checkOpen(endpoint);
    return invoker.predict(endpoint, request);
  }

  @Override
  public VertexAnswer invokeStreaming(
      Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces) {
    checkOpen(endpoint);
    return invoker.invokeStreaming(endpoint, request, pieces);
  }

  private void checkOpen(Endpoint endpoint) {
    if (closed) {
      throw new ServingException(
          id(),
          ErrorKind.CANCELLED,
          "Platform '" + id() + "' is closed: open it again to invoke " + endpoint.name() + ".");
    }
  }

  @Override
  public void close() {
    closed = true;
    super.close();
  }
}
