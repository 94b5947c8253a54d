package io.fairlead.vertex;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Capability;
import io.fairlead.platform.Request;
import java.net.URI;

/** The whole contract, each remote call of which is made by Google's SDK to a stand-in of Vertex AI. */
class VertexContractTest extends EndpointPlatformContract {
  @Override
  protected Place newPlace() {
    return new Gcp(new VirtualTime()).fast();
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
  protected String otherInstanceType() {
    return "n1-standard-8";
  }

  @Override
  protected Request request() {
    return Request.json("{\"instances\":[\"hello\"]}");
  }

  /** Either is UNAVAILABLE to gRPC, and to the control plane no more than its code. */
  @Override
  protected boolean hasWire() {
    return false;
  }

  /** Most containers have one route, by which no variant can be asked for. */
  @Override
  protected boolean meetsConditionOf(Capability capability) {
    return capability != Capability.PINNED_REQUESTS;
  }
}
