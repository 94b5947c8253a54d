package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeployedModel;
import io.fairlead.reconcile.KindName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The state of a deployed model, which serves a variant's requests.
 *
 * @param model the name of its model, as {@link ModelKind} names it; the full name of a registered one
 * @param machines its machines
 * @param serviceAccount its service account; may be empty
 * @param containerLogging whether its output is logged
 * @param accessLogging whether each request is logged
 * @param aliases the aliases of its model's version, if it is a registered one
 */
record DeployedModelSpec(
    String model,
    Machines machines,
    String serviceAccount,
    boolean containerLogging,
    boolean accessLogging,
    List<String> aliases) {
  private static final String DEFAULT_VERSION = "default";

  static final KindName<DeployedModelSpec> KIND =
      new KindName<>("deployed-model", DeployedModelSpec.class);

  private static final String WAY_OUT =
      ": deploy a second version under another variant, shift the traffic to it, and undeploy this one";

  /** The machines of a deployed model: its own, or those of a pool. */
  sealed interface Machines permits VertexMachine, SharedPool {}

  /** The machines of a pool. */
  record SharedPool(String id) implements Machines {
    @Override
    public String toString() {
      return "pool " + id;
    }
  }

  static DeployedModelSpec of(DeployedModel deployed, String model, List<String> aliases) {
    return new DeployedModelSpec(
        model,
        deployed.hasDedicatedResources()
            ? VertexMachine.of(deployed.getDedicatedResources())
            : new SharedPool(VertexNames.id(deployed.getSharedResources())),
        deployed.getServiceAccount(),
        !deployed.getDisableContainerLogging(),
        deployed.getEnableAccessLogging(),
        aliases);
  }

  DeployedModel.Builder write(VertexNames names) {
    DeployedModel.Builder deployed = DeployedModel.newBuilder()
        .setServiceAccount(serviceAccount)
        .setDisableContainerLogging(!containerLogging)
        .setEnableAccessLogging(accessLogging);
    if (machines instanceof VertexMachine own) {
      deployed.setDedicatedResources(own.resources());
    } else if (machines instanceof SharedPool pool) {
      deployed.setSharedResources(names.pool(pool.id()));
    }
    return deployed;
  }

  /** {@return the paths of the fields that differ and can be changed in place} */
  List<String> pathsTo(DeployedModelSpec other) {
    List<String> paths = new ArrayList<>();
    if (machines instanceof VertexMachine own && other.machines instanceof VertexMachine others) {
      paths.addAll(own.pathsTo(others));
    }
    if (containerLogging != other.containerLogging) {
      paths.add("disable_container_logging");
    }
    return paths;
  }

  /** {@return whether the model is the desired one, which is named by its version's number or alias if it is registered} */
  private boolean hasModelOf(DeployedModelSpec desired) {
    if (model.equals(desired.model)) {
      return true;
    }
    int at = model.indexOf('@');
    int desiredAt = desired.model.indexOf('@');
    String wanted = desiredAt < 0 ? desired.model : desired.model.substring(0, desiredAt);
    String version = desiredAt < 0 ? DEFAULT_VERSION : desired.model.substring(desiredAt + 1);
    return at > 0
        && model.startsWith("projects/")
        && VertexNames.areSameInAnyProject(model.substring(0, at), wanted)
        && (model.substring(at + 1).equals(version) || aliases.contains(version));
  }

  /** {@return why it cannot be updated in place; empty if it can} */
  Optional<String> cannotBecome(DeployedModelSpec other) {
    if (!hasModelOf(other)) {
      return Optional.of(
          "holds another container: deploy under another variant and route requests to it");
    }
    boolean sameMachines =
        (machines instanceof VertexMachine own && other.machines instanceof VertexMachine others)
            ? own.isSameKindAs(others)
            : machines.equals(other.machines);
    if (!sameMachines) {
      return Optional.of("runs on other machines ("
          + (machines instanceof VertexMachine own ? own.type() : machines)
          + "), and Vertex AI changes neither the machine type nor the accelerators of what is deployed"
          + WAY_OUT);
    }
    if (!serviceAccount.equals(other.serviceAccount) || accessLogging != other.accessLogging) {
      return Optional.of(
          "has another service account or access logging, which Vertex AI fixes when it is deployed"
              + WAY_OUT);
    }
    return Optional.empty();
  }
}
