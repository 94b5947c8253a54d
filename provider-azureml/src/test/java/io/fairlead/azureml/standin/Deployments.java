package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Managed online deployments. */
final class Deployments {
  private static final int MOST = 20;
  private static final String REGISTRY = "azureml://registries/";

  private final Workspace workspace;
  private final TreeMap<String, Integer> quotas = new TreeMap<>();
  private boolean oneAtATime;

  Deployments(Workspace workspace) {
    this.workspace = workspace;
  }

  // ---- what a test says ----

  void quota(String instanceType, int instances) {
    quotas.put(instanceType, instances);
  }

  void oneAtATime(boolean is) {
    oneAtATime = is;
  }

  void print(String endpoint, String deployment, List<String> lines) {
    find(endpoint, deployment).printed.addAll(lines);
  }

  void printInDownload(String endpoint, String deployment, List<String> lines) {
    find(endpoint, deployment).printedInDownload.addAll(lines);
  }

  /** Makes one as somebody else does, and at once. */
  void add(String endpoint, String name) {
    ObjectNode body = Json.object().put("location", workspace.location());
    body.putObject("properties")
        .put("endpointComputeType", "Managed")
        .put("instanceType", "Standard_DS3_v2")
        .put("model", REGISTRY + "azureml/models/bert-base-uncased/versions/1");
    DeploymentState deployment =
        new DeploymentState(name, workspace.now(), DeploymentDefaults.completed(body, null));
    deployment.state = "Succeeded";
    deployment.serving = deployment.put.deepCopy();
    workspace.endpoints().existing(endpoint).deployments.put(name, deployment);
  }

  DeploymentState find(String endpoint, String deployment) {
    DeploymentState found = workspace.endpoints().existing(endpoint).deployments.get(deployment);
    if (found == null) {
      throw AzureError.notFound(id(endpoint, deployment));
    }
    return found;
  }

  private String id(String endpoint, String deployment) {
    return workspace.endpoints().id(endpoint) + "/deployments/" + deployment;
  }

  /** {@return the one that has this id, if there is one} */
  Optional<DeploymentState> withId(String armId) {
    for (String endpoint : workspace.endpoints().names()) {
      for (DeploymentState one :
          workspace.endpoints().existing(endpoint).deployments.values()) {
        if (id(endpoint, one.name).equalsIgnoreCase(armId)) {
          return Optional.of(one);
        }
      }
    }
    return Optional.empty();
  }

  // ---- what is asked ----

  Answer answer(Call call) {
    EndpointState endpoint = workspace.endpoints().existing(call.target().name(0));
    return switch (call.target().call()) {
      case "LIST deployments" -> Documents.page(call, workspace, listed(endpoint));
      case "GET deployments" -> Answer.json(200, describe(endpoint, existing(call, endpoint)));
      case "PUT deployments" -> put(call, endpoint);
      case "PATCH deployments" -> patch(call, endpoint, existing(call, endpoint));
      case "DELETE deployments" -> delete(call, endpoint);
      case "POST getLogs" -> logs(call, existing(call, endpoint));
      case "LIST skus" -> skus(call, existing(call, endpoint));
      default -> throw Arm.notAllowed(call);
    };
  }

  private static DeploymentState existing(Call call, EndpointState endpoint) {
    DeploymentState found = endpoint.deployments.get(call.target().name(1));
    if (found == null) {
      throw AzureError.notFound(call.path());
    }
    return found;
  }

  private SortedMap<String, Supplier<ObjectNode>> listed(EndpointState endpoint) {
    TreeMap<String, Supplier<ObjectNode>> all = new TreeMap<>();
    endpoint.deployments.forEach((name, one) -> all.put(name, () -> describe(endpoint, one)));
    return all;
  }

  ObjectNode describe(EndpointState endpoint, DeploymentState deployment) {
    ObjectNode said = Documents.described(
        deployment.put,
        id(endpoint.name, deployment.name),
        Documents.TYPES + "/onlineEndpoints/deployments",
        deployment.created,
        deployment.modified);
    Json.within(said, "tags");
    ObjectNode properties = Json.within(said, "properties");
    // A deployment that is being deleted with its endpoint says so.
    properties.put(
        "provisioningState", endpoint.state.equals("Deleting") ? "Deleting" : deployment.state);
    ObjectNode more = Json.within(properties, "properties");
    if (!deployment.operationUrl.isEmpty()) {
      more.put("AzureAsyncOperationUri", deployment.operationUrl);
    }
    return said;
  }

  // ---- PUT ----

  private Answer put(Call call, EndpointState endpoint) {
    String name = call.target().name(1);
    ObjectNode body = call.json();
    DeploymentState deployment = endpoint.deployments.get(name);
    workspace.checkCondition(call, deployment != null);
    checkReady(endpoint, name, deployment);
    check(endpoint, name, body, deployment);
    boolean isNew = deployment == null;
    if (deployment == null) {
      deployment =
          new DeploymentState(name, workspace.now(), DeploymentDefaults.completed(body, null));
      endpoint.deployments.put(name, deployment);
    } else {
      deployment.put = DeploymentDefaults.completed(body, deployment.put);
      deployment.state = "Updating";
      deployment.modified = workspace.now();
    }
    String id = begin(call, endpoint, deployment);
    Answer answer = Answer.json(isNew ? 201 : 200, describe(endpoint, deployment));
    return workspace.operations().created(call, id, answer);
  }

  private void checkReady(
      EndpointState endpoint, String name, @Nullable DeploymentState deployment) {
    if (endpoint.isBusy()) {
      throw AzureError.busy("endpoint " + endpoint.name);
    }
    if (deployment != null && deployment.isBusy()) {
      throw AzureError.busy("deployment " + name);
    }
    if (oneAtATime && endpoint.deployments.values().stream().anyMatch(DeploymentState::isBusy)) {
      throw AzureError.busy("a deployment of endpoint " + endpoint.name);
    }
    if (!endpoint.state.equals("Succeeded")) {
      throw AzureError.badRequest(
          "BadArgument",
          "The endpoint " + endpoint.name + " is in state " + endpoint.state
              + ", in which nothing can be deployed to it.");
    }
  }

  private void check(
      EndpointState endpoint, String name, ObjectNode body, @Nullable DeploymentState old) {
    DeploymentRules.check(name, body, old);
    if (old == null && endpoint.deployments.size() >= MOST) {
      throw AzureError.badRequest(
          "OutOfQuota", "There are no more than " + MOST + " deployments in an endpoint.");
    }
    checkQuota(DeploymentDefaults.completed(body, null), old);
  }

  /** A fifth more than what is asked for is reserved for upgrades. */
  private void checkQuota(ObjectNode put, @Nullable DeploymentState old) {
    String instanceType = Json.text(put.path("properties"), "instanceType");
    Integer quota = quotas.get(instanceType);
    if (quota == null) {
      return;
    }
    int used = 0;
    for (String endpoint : workspace.endpoints().names()) {
      for (DeploymentState one :
          workspace.endpoints().existing(endpoint).deployments.values()) {
        if (one != old && one.property("instanceType").equals(instanceType)) {
          used += reserved(one.capacity());
        }
      }
    }
    int needed = reserved(put.path("sku").path("capacity").asInt(1));
    if (used + needed > quota) {
      throw AzureError.badRequest(
          "InferencingClientCreateDeploymentFailed",
          "InferencingClient HttpRequest error, error detail: {\"errors\":{\"VmSize\":[\"Not enough"
              + " quota available for " + instanceType + ". Current usage/limit: " + used + "/"
              + quota + ". Additional needed: " + needed + "\"]},\"status\":400}");
    }
  }

  private static int reserved(int instances) {
    return (int) Math.ceil(instances * 1.2);
  }

  private String begin(Call call, EndpointState endpoint, DeploymentState deployment) {
    int capacityBefore = deployment.serving == null
        ? deployment.capacity()
        : deployment.serving.path("sku").path("capacity").asInt(1);
    String id = workspace.operations().begin(call, "od", new Operations.Change() {
      @Override
      public void succeed() {
        workspace
            .autoscale()
            .capacity(id(endpoint.name, deployment.name), capacityBefore)
            .ifPresent(deployment::capacity);
        deployment.serving = deployment.put.deepCopy();
        deployment.state = "Succeeded";
      }

      @Override
      public Optional<ObjectNode> result() {
        return Optional.of(describe(endpoint, deployment));
      }

      @Override
      public void fail(boolean isCanceled) {
        deployment.state = isCanceled ? "Canceled" : "Failed";
      }

      @Override
      public Optional<AzureError> problem() {
        return missing(deployment);
      }
    });
    deployment.operationUrl = workspace.operations().statusUrl(call, id);
    return id;
  }

  /** {@return what a deployment needs and cannot get} */
  private Optional<AzureError> missing(DeploymentState deployment) {
    String model = deployment.property("model");
    String environment = deployment.property("environmentId");
    String code = Json.text(deployment.put.path("properties").path("codeConfiguration"), "codeId");
    if (!isThere(model, "models", workspace.models())) {
      return Optional.of(absent("model", model));
    }
    if (!isThere(environment, "environments", workspace.environments())) {
      return Optional.of(absent("environment", environment));
    }
    if (!isThere(code, "codes", workspace.codes())) {
      return Optional.of(absent("code", code));
    }
    boolean bringsItsOwn = model.startsWith(REGISTRY)
        || version(model, "models")
            .filter(found -> workspace
                .models()
                .property(found[0], found[1], "modelType")
                .matches("(mlflow|triton)_model"))
            .isPresent();
    return environment.isEmpty() && !bringsItsOwn
        ? Optional.of(AzureError.badRequest("BadArgument", "The deployment has no environment."))
        : Optional.empty();
  }

  private boolean isThere(String armId, String collection, Assets assets) {
    return armId.isEmpty()
        || armId.startsWith(REGISTRY)
        || version(armId, collection)
            .filter(found -> assets.has(found[0], found[1]))
            .isPresent();
  }

  private Optional<String[]> version(String armId, String collection) {
    String prefix = workspace.resourceId() + "/" + collection + "/";
    if (!armId.regionMatches(true, 0, prefix, 0, prefix.length())) {
      return Optional.empty();
    }
    String[] parts = armId.substring(prefix.length()).split("/versions/", 2);
    return parts.length == 2 ? Optional.of(parts) : Optional.empty();
  }

  private static AzureError absent(String what, String armId) {
    return AzureError.badRequest(
        "ResourceNotFound",
        "The " + what + " " + armId + " was not found or cannot be downloaded.");
  }

  // ---- PATCH and DELETE ----

  private Answer patch(Call call, EndpointState endpoint, DeploymentState deployment) {
    ObjectNode body = call.json();
    List<String> others = Arm.others(body, Set.of("tags", "sku"));
    if (!others.isEmpty()) {
      throw AzureError.badRequest(
          "ValidationError", "Only sku and tags can be patched, and not " + others + ".");
    }
    checkReady(endpoint, deployment.name, deployment);
    DeploymentRules.checkSku(body, deployment.put);
    ObjectNode patched = deployment.put.deepCopy();
    Endpoints.patch(patched, body, workspace.endpoints().patchMerges());
    checkQuota(patched, deployment);
    deployment.put = patched;
    deployment.state = body.has("sku") ? "Scaling" : "Updating";
    deployment.modified = workspace.now();
    return workspace.operations().accepted(call, begin(call, endpoint, deployment));
  }

  private Answer delete(Call call, EndpointState endpoint) {
    DeploymentState deployment = endpoint.deployments.get(call.target().name(1));
    if (deployment == null) {
      return Answer.empty(204);
    }
    if (endpoint.isBusy()) {
      throw AzureError.busy("endpoint " + endpoint.name);
    }
    if (deployment.isBusy()) {
      throw AzureError.busy("deployment " + deployment.name);
    }
    for (String member : new String[] {"traffic", "mirrorTraffic"}) {
      if (EndpointState.shares(endpoint.put, member).getOrDefault(deployment.name, 0) > 0) {
        throw AzureError.badRequest(
            "BadArgument",
            "The deployment " + deployment.name + " has " + member
                + ": set that to 0 before it is deleted.");
      }
    }
    deployment.state = "Deleting";
    String id = workspace.operations().begin(call, "od", new Operations.Change() {
      @Override
      public void succeed() {
        endpoint.forget(deployment.name);
      }

      @Override
      public void fail(boolean isCanceled) {
        deployment.state = isCanceled ? "Canceled" : "Failed";
      }
    });
    deployment.operationUrl = workspace.operations().statusUrl(call, id);
    return workspace.operations().accepted(call, id);
  }

  // ---- logs and sizes ----

  private static Answer logs(Call call, DeploymentState deployment) {
    ObjectNode body = call.json();
    if (!Json.text(body, "containerType").matches("InferenceServer|StorageInitializer")) {
      throw AzureError.badRequest(
          "ValidationError", "The containerType is InferenceServer or StorageInitializer.");
    }
    List<String> lines = Json.text(body, "containerType").equals("InferenceServer")
        ? deployment.printed
        : deployment.printedInDownload;
    int all = lines.size();
    int tail = Math.min(all, body.path("tail").asInt(all));
    return Answer.json(
        200, Json.object().put("content", String.join("\n", lines.subList(all - tail, all))));
  }

  private Answer skus(Call call, DeploymentState deployment) {
    TreeMap<String, Supplier<ObjectNode>> all = new TreeMap<>();
    ObjectNode sku =
        Json.object().put("resourceType", Documents.TYPES + "/onlineEndpoints/deployments");
    sku.putObject("sku").put("name", "Default");
    sku.putObject("capacity")
        .put("default", deployment.capacity())
        .put("minimum", 1)
        .put("maximum", DeploymentRules.MOST_INSTANCES)
        .put("scaleType", "Automatic");
    all.put("Default", () -> sku);
    return Documents.page(call, workspace, all);
  }
}
