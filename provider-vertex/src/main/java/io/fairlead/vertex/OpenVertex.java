package io.fairlead.vertex;

import io.fairlead.platform.EndpointPlatform;
import io.fairlead.reconcile.ForwardingEndpointPlatform;

/** TEMPORARY. */
final class OpenVertex extends ForwardingEndpointPlatform implements VertexPlatform {
  OpenVertex(EndpointPlatform platform, VertexInvoker invoker) {
    super(platform);
  }
}
