package io.fairlead.vertex;

import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.MachineSpec;
import com.google.cloud.aiplatform.v1.ModelContainerSpec;
import com.google.cloud.aiplatform.v1.PublisherModel.CallToAction.Deploy;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.RuntimeSpec;
import java.util.EnumSet;
import java.util.Set;

/** The contract for models of the Hugging Face hub, whose container is read from Model Garden by each operation. */
class VertexHubModelsContractTest extends VertexContractTest {
  @Override
  protected Place newPlace() {
    Gcp gcp = new Gcp(new VirtualTime()).fast();
    for (String name : new String[] {"one", "two", "contract"}) {
      gcp.project()
          .addPublisherModel(
              "publishers/org/models/" + name,
              Deploy.newBuilder()
                  .setContainerSpec(
                      ModelContainerSpec.newBuilder().setImageUri(Gcp.IMAGE + "-verified"))
                  .setDedicatedResources(DedicatedResources.newBuilder()
                      .setMinReplicaCount(1)
                      .setMachineSpec(MachineSpec.newBuilder().setMachineType("n1-standard-8")))
                  .build());
    }
    return gcp;
  }

  @Override
  protected ModelArtifact artifact() {
    return ModelArtifact.huggingFace("org/one", ModelTask.CHAT);
  }

  @Override
  protected ModelArtifact otherArtifact() {
    return ModelArtifact.huggingFace("org/two", ModelTask.CHAT);
  }

  @Override
  protected RuntimeSpec runtime() {
    return RuntimeSpec.NONE;
  }

  /** The calls of the control plane are those of other containers. */
  @Override
  protected Set<Deed> broken() {
    return EnumSet.of(Deed.DEPLOY);
  }
}
