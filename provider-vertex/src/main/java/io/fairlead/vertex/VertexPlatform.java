package io.fairlead.vertex;

import io.fairlead.platform.EndpointPlatform;

/** Endpoints on Vertex AI. */
public interface VertexPlatform extends EndpointPlatform {}
