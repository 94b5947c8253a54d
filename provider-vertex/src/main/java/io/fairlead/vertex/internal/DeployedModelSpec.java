package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeployedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What serves a variant's requests.
 *
 * @param model the name of its model, as {@link ModelKind} names it
 * @param machine its own machines; empty if they are a pool's
 * @param pool the id of the pool that it shares; may be empty
 * @param serviceAccount what it runs as; may be empty
 * @param containerLogging whether what it prints is logged
 * @param accessLogging whether each request is logged
 */
record DeployedModelSpec(
    String model,
    Optional<VertexMachine> machine,
    String pool,
    String serviceAccount,
    boolean containerLogging,
    boolean accessLogging) {

  static DeployedModelSpec of(DeployedModel deployed, String model) {
    return new DeployedModelSpec(
        model,
        deployed.hasDedicatedResources()
            ? Optional.of(VertexMachine.of(deployed.getDedicatedResources()))
            : Optional.empty(),
        VertexNames.id(deployed.getSharedResources()),
        deployed.getServiceAccount(),
        !deployed.getDisableContainerLogging(),
        deployed.getEnableAccessLogging());
  }

  DeployedModel.Builder write(VertexNames names) {
    DeployedModel.Builder deployed = DeployedModel.newBuilder()
        .setServiceAccount(serviceAccount)
        .setDisableContainerLogging(!containerLogging)
        .setEnableAccessLogging(accessLogging);
    machine.ifPresent(own -> deployed.setDedicatedResources(own.resources()));
    if (!pool.isEmpty()) {
      deployed.setSharedResources(names.pool(pool));
    }
    return deployed;
  }

  /** {@return the paths of what differs and can be changed in place} */
  List<String> pathsTo(DeployedModelSpec other) {
    List<String> paths = new ArrayList<>();
    if (machine.isPresent() && other.machine.isPresent()) {
      paths.addAll(machine.get().pathsTo(other.machine.get()));
    }
    if (containerLogging != other.containerLogging) {
      paths.add("disable_container_logging");
    }
    return paths;
  }

  /** {@return why it cannot be changed in place} */
  Optional<String> cannotBecome(DeployedModelSpec other) {
    if (!model.equals(other.model)) {
      return Optional.of(
          "holds another container: deploy under another variant and route requests to it");
    }
    boolean sameMachines = machine.isPresent() == other.machine.isPresent()
        && (machine.isEmpty() || machine.get().isSameKindAs(other.machine.orElseThrow()))
        && pool.equals(other.pool);
    if (!sameMachines) {
      return Optional.of(
          "runs on other machines ("
              + (machine.isEmpty() ? "pool " + pool : machine.get().type())
              + "), and Vertex AI changes neither the machine type nor the accelerators of what is deployed: deploy a second version under another variant, shift the traffic to it, and undeploy this one");
    }
    if (!serviceAccount.equals(other.serviceAccount) || accessLogging != other.accessLogging) {
      return Optional.of(
          "has another service account or access logging, which Vertex AI fixes when it is deployed: deploy a second version under another variant, shift the traffic to it, and undeploy this one");
    }
    return Optional.empty();
  }
}
