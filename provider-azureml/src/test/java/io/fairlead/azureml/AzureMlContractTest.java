package io.fairlead.azureml;

import io.fairlead.contract.EndpointPlatformContract;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Request;
import java.net.URI;

/** The whole contract, each remote call of which is made by azure-core's pipeline to a stand-in of Azure. */
class AzureMlContractTest extends EndpointPlatformContract {
  @Override
  protected Place newPlace() {
    return new Azure(new VirtualTime()).fast();
  }

  @Override
  protected ModelArtifact artifact() {
    return ModelArtifact.of(URI.create("azureml://datastores/models/paths/one/"));
  }

  @Override
  protected ModelArtifact otherArtifact() {
    return ModelArtifact.of(URI.create("azureml://datastores/models/paths/two/"));
  }

  @Override
  protected RuntimeSpec runtime() {
    return RuntimeSpec.of(Azure.IMAGE);
  }

  @Override
  protected Scaling scaling(int count) {
    return Scaling.fixed("Standard_DS3_v2", count);
  }

  @Override
  protected String otherInstanceType() {
    return "Standard_DS4_v2";
  }

  @Override
  protected Request request() {
    return Request.json("{\"inputs\":\"hello\"}");
  }

  /** A PUT creates or replaces. */
  @Override
  protected boolean createsConditionally() {
    return false;
  }
}
