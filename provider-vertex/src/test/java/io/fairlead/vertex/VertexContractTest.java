package io.fairlead.vertex;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import java.net.URI;
import java.util.Set;

/** The whole contract, each remote call of which goes over gRPC to a stand-in of Vertex AI. */
class VertexContractTest extends EndpointPlatformContract {
  @Override
  protected Place newPlace() {
    return new AProject();
  }

  @Override
  protected ModelArtifact artifact() {
    return ModelArtifact.of(URI.create("gs://models/one/"));
  }

  @Override
  protected ModelArtifact otherArtifact() {
    return ModelArtifact.of(URI.create("gs://models/two/"));
  }

  @Override
  protected RuntimeSpec runtime() {
    return RuntimeSpec.of(Gcp.IMAGE);
  }

  @Override
  protected Scaling scaling(int count) {
    return Scaling.fixed("n1-standard-4", count);
  }

  @Override
  protected Request request() {
    return Request.json("{\"instances\":[\"hello\"]}");
  }

  @Override
  protected boolean canPin() {
    return false;
  }

  private static final class AProject implements Place {
    private final Gcp gcp = new Gcp(new VirtualTime()).fast();

    @Override
    public EndpointPlatform open(Faults faults) {
      return gcp.open(faults);
    }

    @Override
    public Set<String> remains() {
      return gcp.remains();
    }

    @Override
    public void close() {
      gcp.close();
    }
  }
}
