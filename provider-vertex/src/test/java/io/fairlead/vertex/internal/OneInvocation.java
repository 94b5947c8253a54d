package io.fairlead.vertex.internal;

import io.fairlead.platform.Request;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexProvider;

/** A process that asks a shared endpoint once. */
final class OneInvocation {
  private OneInvocation() {}

  /** Takes the project and where Vertex AI answers, and prints the answer. */
  public static void main(String[] args) {
    VertexConfig config = VertexConfig.of(args[0], "us-central1").withPlaintextEndpoint(args[1]);
    try (VertexPlatform platform = new VertexProvider().open(config)) {
      System.out.println(platform.invoke(Serving.endpoint("blue"), Request.json("{\"a\":1}")));
    }
  }
}
