package io.fairlead.vertex.internal;

import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexLogging;
import java.util.Optional;

/** How an endpoint is reached, and whether its requests are logged. */
record EndpointSpec(VertexEndpoint access, Optional<VertexLogging> logging) {}
