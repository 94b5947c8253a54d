package io.fairlead.vertex.internal;

import io.fairlead.contract.Tls;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ServingException;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import io.grpc.Server;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A program that lists what is deployed with the credentials of its environment, and prints which were sent. */
final class CredentialsChild {
  private CredentialsChild() {}

  public static void main(String[] folder) throws Exception {
    Tls tls = Tls.from(Path.of(folder[0]));
    Project project = StandIn.project("child-project", new VirtualTime());
    Server server = StandIn.overTls(tls.certificate(), tls.key());
    VertexConfig config = VertexConfig.of("child-project", Project.LOCATION)
        .withEndpoint("localhost:" + server.getPort())
        .withTransport(TrustingTransport.of(tls))
        .withCallTimeout(Duration.ofSeconds(20));
    try (VertexPlatform platform = new VertexProvider().open(config)) {
      platform.list();
      List<Map<String, String>> headers = project.headers("ListEndpoints");
      System.out.println("SENT " + headers.get(0).get("authorization") + " for "
          + headers.get(0).get("x-goog-user-project"));
    } catch (ServingException e) {
      System.out.println("FAILED " + e.kind() + " " + e.getMessage());
    }
    System.exit(0);
  }
}
