package io.fairlead.vertex;

import io.fairlead.platform.Request;
import io.fairlead.reconcile.TimeSource;
import java.util.Random;

/** A process that asks a shared endpoint once. */
final class OneInvocation {
  private OneInvocation() {}

  /** Takes the project and where Vertex AI answers, and prints the answer. */
  public static void main(String[] args) {
    VertexConfig config = VertexConfig.of(args[0], "us-central1").withPlaintextEndpoint(args[1]);
    try (VertexClients clients = new VertexClients(config)) {
      VertexInvoker invoker = new VertexInvoker(
          config,
          clients,
          new VertexErrors(config.identity()),
          new VertexNames(config),
          TimeSource.system(),
          new Random());
      System.out.println(invoker.invoke(Serving.endpoint("blue"), Request.json("{\"a\":1}")));
    }
  }
}
