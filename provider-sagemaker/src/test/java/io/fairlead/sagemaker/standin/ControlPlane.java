package io.fairlead.sagemaker.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.sagemaker.standin.EndpointState.Fleet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** SageMaker's control plane: models, endpoint configurations, endpoints, components and their tags. */
final class ControlPlane {
  private static final Duration MISSING_TIMEOUT = Duration.ofHours(1);
  private static final Duration ROLLING_BACK = Duration.ofMinutes(1);

  /** A model, a configuration or a component. */
  private static final class Thing {
    final String name;
    final String arn;
    final double created;
    final ObjectNode spec;
    double modified;
    String status = "InService";
    String failureReason = "";
    int currentCopies;

    Thing(String name, String arn, double created, ObjectNode spec) {
      this.name = name;
      this.arn = arn;
      this.created = created;
      this.modified = created;
      this.spec = spec;
    }
  }

  /** How an endpoint's next change ends. */
  private record Failure(String reason, boolean alsoRollback) {}

  /** Until when and for how many looks something is not seen. */
  private static final class Hidden {
    private final Duration until;
    private int looks;

    Hidden(Duration until, int looks) {
      this.until = until;
      this.looks = looks;
    }
  }

  private final Account account;
  private final Map<String, Thing> models = new LinkedHashMap<>();
  /** The approval of each model package, by its ARN; empty where it has none. */
  private final Map<String, String> packages = new HashMap<>();

  private final Map<String, Thing> configs = new LinkedHashMap<>();
  private final Map<String, Thing> components = new LinkedHashMap<>();

  /** By their names in lower case, in which they are unique. */
  private final Map<String, EndpointState> endpoints = new LinkedHashMap<>();

  private final Map<String, Map<String, String>> tagsByArn = new HashMap<>();
  private final Map<String, Failure> failures = new HashMap<>();
  private final Set<String> neverReady = new HashSet<>();
  private final Map<String, String> componentFailures = new HashMap<>();
  private final Map<String, Integer> limits = new HashMap<>();
  private final Map<String, Duration> hideFor = new HashMap<>();
  private final Map<String, Integer> hideLooks = new HashMap<>();
  private final Map<String, Hidden> hidden = new HashMap<>();
  private final Map<String, Duration> notDescribedUntil = new HashMap<>();
  private Duration describeDelay = Duration.ofSeconds(2);
  private Duration creating = Duration.ofMinutes(3);
  private Duration updating = Duration.ofMinutes(2);
  private Duration deleting = Duration.ofMinutes(1);
  private Duration weights = Duration.ofMinutes(1);
  private int tagsPerPage = 50;

  ControlPlane(Account account) {
    this.account = account;
  }

  ObjectNode answer(Call call) {
    ObjectNode in = call.json();
    String region = call.region();
    return switch (call.operation()) {
      case "CreateModel" -> createModel(in, region);
      case "DescribeModel" -> describeModel(in, region);
      case "DeleteModel" -> deleteModel(in, region);
      case "DescribeModelPackage" -> describePackage(in);
      case "ListModels" -> list(in, "Models", "model", "Model", models.values());
      case "CreateEndpointConfig" -> createConfig(in, region);
      case "DescribeEndpointConfig" -> describeConfig(in, region);
      case "DeleteEndpointConfig" -> deleteConfig(in, region);
      case "ListEndpointConfigs" ->
        list(in, "EndpointConfigs", "endpoint-config", "EndpointConfig", configs.values());
      case "CreateEndpoint" -> createEndpoint(in, region);
      case "DescribeEndpoint" -> described(in, region).describe(account.now());
      case "UpdateEndpoint" -> updateEndpoint(in, region);
      case "UpdateEndpointWeightsAndCapacities" -> updateWeights(in, region);
      case "DeleteEndpoint" -> deleteEndpoint(in, region);
      case "ListEndpoints" -> listEndpoints(in);
      case "AddTags" -> addTags(in);
      case "DeleteTags" -> deleteTags(in);
      case "ListTags" -> listTags(in);
      case "CreateInferenceComponent" -> createComponent(in, region);
      case "DescribeInferenceComponent" -> describeComponent(in, region);
      case "UpdateInferenceComponent", "UpdateInferenceComponentRuntimeConfig" ->
        updateComponent(in, region, call.operation());
      case "DeleteInferenceComponent" -> deleteComponent(in, region);
      case "ListInferenceComponents" -> listComponents(in);
      default ->
        throw AwsError.of(400, "UnknownOperationException", call.operation() + " is not known");
    };
  }

  // ---- what a test says ----

  void remains(Set<String> all) {
    models.keySet().forEach(name -> all.add("model/" + name));
    configs.keySet().forEach(name -> all.add("endpoint-config/" + name));
    endpoints.values().forEach(endpoint -> all.add("endpoint/" + endpoint.name));
    components.keySet().forEach(name -> all.add("component/" + name));
  }

  Map<String, String> tags(String resource) {
    String kind = resource.substring(0, resource.indexOf('/'));
    String name = resource.substring(resource.indexOf('/') + 1);
    String arn = kind.equals("endpoint")
        ? required(endpoint(name), resource).arn
        : required(things(kind).get(name), resource).arn;
    return Map.copyOf(tagsByArn.getOrDefault(arn, Map.of()));
  }

  private static <T> T required(@Nullable T value, String resource) {
    if (value == null) {
      throw new IllegalArgumentException("there is no " + resource);
    }
    return value;
  }

  private Map<String, Thing> things(String kind) {
    return switch (kind) {
      case "model" -> models;
      case "endpoint-config" -> configs;
      case "component" -> components;
      default -> throw new IllegalArgumentException("no such kind: " + kind);
    };
  }

  void addModel(String name) {
    ObjectNode in = Json.object();
    in.put("ModelName", name);
    in.put("ExecutionRoleArn", "arn:aws:iam::" + Account.NUMBER + ":role/someone");
    in.putObject("PrimaryContainer").put("Image", "someone/image:1");
    createModel(in, Account.REGION);
    see("model/" + name);
  }

  void addPackage(String arn, String approval) {
    packages.put(arn, approval);
  }

  private ObjectNode describePackage(ObjectNode in) {
    String arn = in.path("ModelPackageName").asText();
    String approval = packages.get(arn);
    if (approval == null) {
      throw AwsError.validation("ModelPackage " + arn + " does not exist.");
    }
    ObjectNode said = Json.object()
        .put("ModelPackageArn", arn)
        .put("ModelPackageName", arn)
        .put("CreationTime", account.now())
        .put("ModelPackageStatus", "Completed");
    said.putObject("ModelPackageStatusDetails").putArray("ValidationStatuses");
    if (!approval.isEmpty()) {
      said.put("ModelApprovalStatus", approval);
    }
    return said;
  }

  void addConfig(String name, String model, String variant) {
    ObjectNode in = Json.object();
    in.put("EndpointConfigName", name);
    in.putArray("ProductionVariants")
        .addObject()
        .put("VariantName", variant)
        .put("ModelName", model)
        .put("InstanceType", "ml.m5.large")
        .put("InitialInstanceCount", 1)
        .put("InitialVariantWeight", 1.0);
    createConfig(in, Account.REGION);
    see("endpoint-config/" + name);
  }

  void addEndpoint(String name, String config) {
    ObjectNode in = Json.object();
    in.put("EndpointName", name);
    in.put("EndpointConfigName", config);
    createEndpoint(in, Account.REGION);
    finish(required(endpoint(name), name));
    see("endpoint/" + name);
  }

  private void see(String resource) {
    hidden.remove(resource);
    notDescribedUntil.remove(resource);
  }

  void hide(String kind, Duration duration) {
    hideFor.put(kind, duration);
    hideLooks.remove(kind);
  }

  void hide(String kind, int looks) {
    hideLooks.put(kind, looks);
    hideFor.remove(kind);
  }

  void describeDelay(Duration duration) {
    describeDelay = duration;
  }

  void failNext(String endpoint, String reason, boolean alsoRollback) {
    failures.put(endpoint, new Failure(reason, alsoRollback));
  }

  void neverReady(String endpoint) {
    neverReady.add(endpoint);
  }

  void systemUpdate(String name, Duration duration) {
    EndpointState endpoint = required(endpoint(name), name);
    endpoint.status = "SystemUpdating";
    after(endpoint, duration, () -> endpoint.status = "InService");
  }

  void outOfService(String name, String reason) {
    EndpointState endpoint = required(endpoint(name), name);
    endpoint.status = "OutOfService";
    endpoint.failureReason = reason;
  }

  void failComponent(String name, String reason) {
    componentFailures.put(name, reason);
  }

  void limit(String instanceType, int instances) {
    limits.put(instanceType, instances);
  }

  void durations(
      Duration newCreating, Duration newUpdating, Duration newDeleting, Duration newWeights) {
    creating = newCreating;
    updating = newUpdating;
    deleting = newDeleting;
    weights = newWeights;
  }

  void tagsPerPage(int tags) {
    tagsPerPage = tags;
  }

  // ---- names, and whether they are seen yet ----

  static String arn(String region, String resource, String name) {
    return "arn:aws:sagemaker:" + region + ":" + Account.NUMBER + ":" + resource + "/"
        + name.toLowerCase(Locale.ROOT);
  }

  static AwsError notFound(String what, String arn) {
    return AwsError.validation("Could not find " + what + " \"" + arn + "\".");
  }

  private static AwsError exists(String what, String arn) {
    return AwsError.validation("Cannot create already existing " + what + " \"" + arn + "\".");
  }

  private void made(String kind, String name) {
    String resource = kind + "/" + name;
    if (hideFor.containsKey(kind) || hideLooks.containsKey(kind)) {
      Duration until = account.time().elapsed().plus(hideFor.getOrDefault(kind, Duration.ZERO));
      hidden.put(resource, new Hidden(until, hideLooks.getOrDefault(kind, 0)));
    }
    if (!describeDelay.isZero()) {
      notDescribedUntil.put(resource, account.time().elapsed().plus(describeDelay));
    }
  }

  /** {@return whether a look at it finds it} */
  private boolean isSeen(String kind, String name) {
    String resource = kind + "/" + name;
    Hidden hiding = hidden.get(resource);
    if (hiding == null) {
      return true;
    }
    if (hiding.looks > 0) {
      hiding.looks--;
      return false;
    }
    if (account.time().elapsed().compareTo(hiding.until) < 0) {
      return false;
    }
    hidden.remove(resource);
    return true;
  }

  private boolean isDescribed(String kind, String name) {
    String resource = kind + "/" + name;
    Duration until = notDescribedUntil.get(resource);
    if (until == null || account.time().elapsed().compareTo(until) >= 0) {
      notDescribedUntil.remove(resource);
      return isSeen(kind, name);
    }
    return false;
  }

  private Thing find(String kind, String what, String name, String region, boolean describing) {
    Thing thing = things(kind).get(name);
    boolean seen = thing != null && (describing ? isDescribed(kind, name) : isSeen(kind, name));
    if (thing == null || !seen) {
      throw notFound(what, arn(region, kind.replace("component", "inference-component"), name));
    }
    return thing;
  }

  private @Nullable EndpointState endpoint(String name) {
    EndpointState endpoint = endpoints.get(name.toLowerCase(Locale.ROOT));
    return endpoint == null || !endpoint.name.equals(name) ? null : endpoint;
  }

  /** {@return an endpoint that answers requests, whatever is seen of it; null if there is none} */
  @Nullable
  EndpointState serving(String name) {
    EndpointState endpoint = endpoint(name);
    return endpoint == null || !endpoint.serves() ? null : endpoint;
  }

  /** {@return an endpoint in whatever state; null if there is none} */
  @Nullable
  EndpointState any(String name) {
    return endpoint(name);
  }

  private EndpointState found(ObjectNode in, String region) {
    requireName(in, "EndpointName");
    String name = in.path("EndpointName").asText();
    EndpointState endpoint = endpoint(name);
    if (endpoint == null || !isSeen("endpoint", name)) {
      throw notFound("endpoint", arn(region, "endpoint", name));
    }
    return endpoint;
  }

  private EndpointState described(ObjectNode in, String region) {
    EndpointState endpoint = found(in, region);
    if (!isDescribed("endpoint", endpoint.name)) {
      throw notFound("endpoint", endpoint.arn);
    }
    return endpoint;
  }

  private static void requireName(ObjectNode in, String member) {
    Constraints constraints = new Constraints();
    constraints.text(in, "", member, true, 63, null);
    constraints.check();
  }

  private void tag(String arn, ObjectNode in) {
    Map<String, String> tags = tagsByArn.computeIfAbsent(arn, key -> new LinkedHashMap<>());
    in.path("Tags")
        .forEach(tag -> tags.put(tag.get("Key").asText(), tag.get("Value").asText()));
  }

  // ---- models ----

  private ObjectNode createModel(ObjectNode in, String region) {
    Requests.model(in);
    String name = in.get("ModelName").asText();
    String arn = arn(region, "model", name);
    if (models.containsKey(name)) {
      throw exists("model", arn);
    }
    JsonNode container = in.path("PrimaryContainer");
    String source = container.path("ModelPackageName").asText("");
    if (!source.isEmpty()) {
      if (!packages.containsKey(source)) {
        throw AwsError.validation("ModelPackage " + source + " does not exist.");
      }
      // What the package has is added to what was given.
      ObjectNode given = (ObjectNode) container;
      ObjectNode environment = given.hasNonNull("Environment")
          ? (ObjectNode) given.get("Environment")
          : given.putObject("Environment");
      environment.put("SET_BY_PACKAGE", "1");
      given.put("Image", "123456789012.dkr.ecr.us-east-1.amazonaws.com/of-package:1");
    }
    models.put(name, new Thing(name, arn, account.now(), in));
    made("model", name);
    tag(arn, in);
    return Json.object().put("ModelArn", arn);
  }

  private ObjectNode describeModel(ObjectNode in, String region) {
    requireName(in, "ModelName");
    Thing model = find("model", "model", in.get("ModelName").asText(), region, true);
    ObjectNode said = described(model, "ModelArn");
    said.put("EnableNetworkIsolation", model.spec.path("EnableNetworkIsolation").asBoolean());
    return said;
  }

  private static ObjectNode described(Thing thing, String arnMember) {
    ObjectNode said = thing.spec.deepCopy();
    said.remove("Tags");
    said.put(arnMember, thing.arn);
    said.put("CreationTime", thing.created);
    return said;
  }

  private ObjectNode deleteModel(ObjectNode in, String region) {
    requireName(in, "ModelName");
    Thing model = find("model", "model", in.get("ModelName").asText(), region, false);
    models.remove(model.name);
    tagsByArn.remove(model.arn);
    hang("", model.name);
    return Json.object();
  }

  // ---- endpoint configurations ----

  private ObjectNode createConfig(ObjectNode in, String region) {
    Requests.config(in);
    String name = in.get("EndpointConfigName").asText();
    String arn = arn(region, "endpoint-config", name);
    if (configs.containsKey(name)) {
      throw exists("endpoint configuration", arn);
    }
    for (String member : List.of("ProductionVariants", "ShadowProductionVariants")) {
      for (JsonNode variant : in.path(member)) {
        if (variant.hasNonNull("ModelName")) {
          Thing model = find("model", "model", variant.get("ModelName").asText(), region, false);
          if (variant.hasNonNull("ServerlessConfig")) {
            requireServerless(model);
          }
        }
        if (!variant.hasNonNull("InitialVariantWeight")) {
          ((ObjectNode) variant).put("InitialVariantWeight", 1.0);
        }
      }
    }
    configs.put(name, new Thing(name, arn, account.now(), in));
    made("endpoint-config", name);
    tag(arn, in);
    return Json.object().put("EndpointConfigArn", arn);
  }

  private static void requireServerless(Thing model) {
    JsonNode container = model.spec.path("PrimaryContainer");
    if (model.spec.hasNonNull("VpcConfig")
        || container.hasNonNull("ModelDataSource")
        || container.path("Mode").asText().equals("MultiModel")) {
      throw AwsError.validation("One or more endpoint features are not supported using this"
          + " configuration: a serverless model has no VPC, ModelDataSource or several models.");
    }
  }

  private ObjectNode describeConfig(ObjectNode in, String region) {
    requireName(in, "EndpointConfigName");
    String name = in.get("EndpointConfigName").asText();
    Thing config = find("endpoint-config", "endpoint configuration", name, region, true);
    return described(config, "EndpointConfigArn");
  }

  private ObjectNode deleteConfig(ObjectNode in, String region) {
    requireName(in, "EndpointConfigName");
    String name = in.get("EndpointConfigName").asText();
    Thing config = find("endpoint-config", "endpoint configuration", name, region, false);
    configs.remove(name);
    tagsByArn.remove(config.arn);
    hang(name, "");
    return Json.object();
  }

  /** An endpoint that is coming, and loses what it needs, is given up after an hour. */
  private void hang(String config, String model) {
    for (EndpointState endpoint : endpoints.values()) {
      boolean inProgress = endpoint.status.equals("Creating") || endpoint.status.equals("Updating");
      if (inProgress && endpoint.uses(config, model)) {
        String missing = config.isEmpty() ? "model " + model : "endpoint configuration " + config;
        Failure failure = new Failure("Could not find " + missing + ".", false);
        after(endpoint, MISSING_TIMEOUT, () -> fail(endpoint, failure));
      }
    }
  }

  // ---- endpoints ----

  private void after(EndpointState endpoint, Duration duration, Runnable action) {
    int transition = ++endpoint.transition;
    account.in(duration, () -> {
      if (endpoint.transition == transition) {
        endpoint.modified = account.now();
        action.run();
      }
    });
  }

  private Fleet fleet(String configName, String region) {
    Thing config = find("endpoint-config", "endpoint configuration", configName, region, false);
    Fleet fleet = Fleet.of(configName, config.spec);
    fleet
        .all()
        .map(Variant::model)
        .filter(model -> !model.isEmpty())
        .forEach(model -> find("model", "model", model, region, false));
    return fleet;
  }

  private ObjectNode createEndpoint(ObjectNode in, String region) {
    Requests.endpoint(in);
    String name = in.get("EndpointName").asText();
    String arn = arn(region, "endpoint", name);
    if (endpoints.containsKey(name.toLowerCase(Locale.ROOT))) {
      throw exists("endpoint", arn);
    }
    Fleet fleet = fleet(in.get("EndpointConfigName").asText(), region);
    requireInstances(fleet);
    EndpointState endpoint = new EndpointState(name, arn, account.now());
    endpoints.put(name.toLowerCase(Locale.ROOT), endpoint);
    made("endpoint", name);
    tag(arn, in);
    begin(endpoint, "Creating", fleet, in, creating);
    return Json.object().put("EndpointArn", arn);
  }

  private void begin(
      EndpointState endpoint, String status, Fleet fleet, ObjectNode in, Duration duration) {
    endpoint.status = status;
    endpoint.failureReason = "";
    endpoint.modified = account.now();
    endpoint.coming = fleet;
    endpoint.comingSince = account.now();
    endpoint.activatingFrom = account.now() + updating.toSeconds() / 2.0;
    endpoint.bakingFrom = account.now()
        + duration.toSeconds()
        - in.path("DeploymentConfig")
            .path("BlueGreenUpdatePolicy")
            .path("TerminationWaitInSeconds")
            .asLong(0);
    endpoint.deployment = (ObjectNode) in.get("DeploymentConfig");
    end(endpoint, duration, () -> finish(endpoint));
  }

  /** Lets a change end in success, or as the test wants it. */
  private void end(EndpointState endpoint, Duration duration, Runnable success) {
    Failure failure = failures.remove(endpoint.name);
    if (neverReady.remove(endpoint.name)) {
      endpoint.transition++;
    } else if (failure != null) {
      after(endpoint, duration, () -> fail(endpoint, failure));
    } else {
      after(endpoint, duration, success);
    }
  }

  private void finish(EndpointState endpoint) {
    Fleet coming = required(endpoint.coming, endpoint.name);
    String missing = missingData(coming);
    if (!missing.isEmpty()) {
      fail(endpoint, new Failure(missing, false));
      return;
    }
    endpoint.transition++;
    endpoint.serving = coming;
    endpoint.coming = null;
    endpoint.status = "InService";
    account.scaling().settle(endpoint);
  }

  private String missingData(Fleet fleet) {
    for (Variant variant : fleet.all().toList()) {
      Thing model = models.get(variant.model());
      if (model != null) {
        List<JsonNode> containers = new ArrayList<>();
        containers.add(model.spec.path("PrimaryContainer"));
        model.spec.path("Containers").forEach(containers::add);
        for (JsonNode container : containers) {
          String source = container
              .path("ModelDataSource")
              .path("S3DataSource")
              .path("S3Uri")
              .asText(container.path("ModelDataUrl").asText(""));
          if (source.startsWith("s3://") && !account.objects().isThere(source)) {
            return "Failed to download model data for container. Could not find model data at "
                + source + ".";
          }
        }
      }
    }
    return "";
  }

  private void fail(EndpointState endpoint, Failure failure) {
    if (endpoint.serving == null) {
      endpoint.status = "Failed";
      endpoint.failureReason = failure.reason();
      return;
    }
    endpoint.serving.all().forEach(Variant::revert);
    if (endpoint.deployment != null) {
      endpoint.status = "RollingBack";
      after(endpoint, ROLLING_BACK, () -> goneBack(endpoint, failure));
    } else {
      goneBack(endpoint, failure);
    }
  }

  private void goneBack(EndpointState endpoint, Failure failure) {
    endpoint.transition++;
    endpoint.coming = null;
    endpoint.failureReason = failure.reason();
    endpoint.status = failure.alsoRollback() ? "UpdateRollbackFailed" : "InService";
  }

  private static void requireIdle(EndpointState endpoint) {
    if (endpoint.isInProgress()) {
      throw AwsError.validation("Cannot update in-progress endpoint \"" + endpoint.arn + "\".");
    }
  }

  private static void requireUpdatable(EndpointState endpoint) {
    requireIdle(endpoint);
    if (endpoint.serving == null || endpoint.status.equals("OutOfService")) {
      throw AwsError.validation("Cannot update endpoint \"" + endpoint.arn + "\" with status \""
          + endpoint.status + "\".");
    }
  }

  private ObjectNode updateEndpoint(ObjectNode in, String region) {
    Requests.endpoint(in);
    EndpointState endpoint = found(in, region);
    Fleet fleet = fleet(in.get("EndpointConfigName").asText(), region);
    requireUpdatable(endpoint);
    Fleet serving = required(endpoint.serving, endpoint.name);
    if (in.hasNonNull("DeploymentConfig")) {
      requireGuardable(serving, fleet, in.get("DeploymentConfig"));
    }
    for (Variant old : serving.all().toList()) {
      Variant next = fleet.variants().getOrDefault(old.name(), fleet.shadows().get(old.name()));
      if (next != null && old.isServerless() != next.isServerless()) {
        throw AwsError.validation(
            "Cannot convert variant " + old.name() + " between instances and serverless.");
      }
      boolean goes = next == null || !next.instanceType().equals(old.instanceType());
      if (goes && account.scaling().hasTarget(endpoint.name, old.name())) {
        throw AwsError.validation("An Application AutoScaling scalable target exists for variant "
            + old.name()
            + (next == null ? ", which is being deleted" : ", whose instance type" + " changes")
            + ". Deregister it first.");
      }
    }
    requireInstances(fleet);
    retain(serving, fleet, in);
    Duration waits = Duration.ofSeconds(Requests.updateSeconds(in.path("DeploymentConfig")));
    begin(endpoint, "Updating", fleet, in, updating.plus(waits));
    return Json.object().put("EndpointArn", endpoint.arn);
  }

  private static void requireGuardable(Fleet serving, Fleet fleet, JsonNode deployment) {
    if (!serving.variants().keySet().equals(fleet.variants().keySet())) {
      throw AwsError.validation(
          "A deployment policy needs the same variant names in both endpoint configurations.");
    }
    boolean isServerless = fleet.all().anyMatch(Variant::isServerless);
    if (isServerless
        || (deployment.hasNonNull("RollingUpdatePolicy") && fleet.all().count() > 1)) {
      throw AwsError.validation(
          "The deployment policy is not supported for serverless or multi-variant endpoints.");
    }
  }

  private static void retain(Fleet serving, Fleet fleet, ObjectNode in) {
    if (!in.path("RetainAllVariantProperties").asBoolean()) {
      return;
    }
    Set<String> excluded = new HashSet<>();
    in.path("ExcludeRetainedVariantProperties")
        .forEach(one -> excluded.add(one.get("VariantPropertyType").asText()));
    fleet.all().forEach(next -> {
      Variant old = serving.variants().get(next.name());
      if (old != null && !excluded.contains("DesiredWeight")) {
        next.keepWeight(old);
      }
      if (old != null && !excluded.contains("DesiredInstanceCount") && !next.isServerless()) {
        next.keepCount(old);
      }
    });
  }

  private ObjectNode updateWeights(ObjectNode in, String region) {
    Requests.weights(in);
    EndpointState endpoint = found(in, region);
    requireUpdatable(endpoint);
    Fleet serving = required(endpoint.serving, endpoint.name);
    List<String> missing = new ArrayList<>();
    for (JsonNode one : in.get("DesiredWeightsAndCapacities")) {
      String name = one.get("VariantName").asText();
      Variant variant = serving.variants().get(name);
      if (variant == null) {
        missing.add("\"" + name + "\"");
      } else {
        requireFits(one, variant);
      }
    }
    if (!missing.isEmpty()) {
      throw AwsError.validation("The variant name(s) " + String.join(", ", missing)
          + " is/are not present within endpoint configuration \"" + serving.configName() + "\".");
    }
    for (JsonNode one : in.get("DesiredWeightsAndCapacities")) {
      Variant variant = required(serving.variants().get(one.get("VariantName").asText()), "");
      variant.desiredWeight = one.path("DesiredWeight").asDouble(variant.desiredWeight);
      variant.desiredCount = one.path("DesiredInstanceCount").asInt(variant.desiredCount);
      if (one.hasNonNull("ServerlessUpdateConfig")) {
        ObjectNode serverless = variant.serverless.deepCopy();
        serverless.setAll((ObjectNode) one.get("ServerlessUpdateConfig"));
        variant.desiredServerless = serverless;
      }
    }
    endpoint.status = "Updating";
    endpoint.failureReason = "";
    endpoint.deployment = null;
    endpoint.modified = account.now();
    end(endpoint, weights, () -> {
      serving.all().forEach(Variant::settle);
      serving.all().forEach(variant -> variant.credit = 0);
      endpoint.status = "InService";
      account.scaling().settle(endpoint);
    });
    return Json.object().put("EndpointArn", endpoint.arn);
  }

  private void requireFits(JsonNode one, Variant variant) {
    if (one.hasNonNull("DesiredInstanceCount") && variant.isServerless()) {
      throw AwsError.validation(
          "Variant " + variant.name() + " is serverless: it has no instances.");
    }
    if (one.hasNonNull("ServerlessUpdateConfig")) {
      if (!variant.isServerless()) {
        throw AwsError.validation("Variant " + variant.name() + " is not serverless.");
      }
      ObjectNode serverless = variant.serverless.deepCopy();
      serverless.setAll((ObjectNode) one.get("ServerlessUpdateConfig"));
      Requests.concurrency(serverless);
    }
    int more = one.path("DesiredInstanceCount").asInt(variant.desiredCount) - variant.desiredCount;
    requireInstances(variant.instanceType(), Math.max(0, more));
  }

  private void requireInstances(Fleet fleet) {
    Map<String, Integer> needed = new LinkedHashMap<>();
    fleet
        .all()
        .forEach(
            variant -> needed.merge(variant.instanceType(), variant.desiredCount, Integer::sum));
    needed.forEach(this::requireInstances);
  }

  private void requireInstances(String type, int more) {
    Integer limit = limits.get(type);
    if (limit == null || more == 0) {
      return;
    }
    int used = endpoints.values().stream()
        .flatMap(EndpointState::fleets)
        .filter(variant -> variant.instanceType().equals(type))
        .mapToInt(variant -> variant.desiredCount)
        .sum();
    if (used + more > limit) {
      throw AwsError.resourceLimit(type, limit, used, more);
    }
  }

  private ObjectNode deleteEndpoint(ObjectNode in, String region) {
    EndpointState endpoint = found(in, region);
    requireIdle(endpoint);
    boolean hasComponents = components.values().stream()
        .anyMatch(one -> one.spec.get("EndpointName").asText().equals(endpoint.name));
    if (hasComponents) {
      throw AwsError.validation(
          "Cannot delete endpoint \"" + endpoint.arn + "\" while it has inference components.");
    }
    if (account.scaling().hasTargets(endpoint.name)) {
      if (!account.mayDeregister()) {
        throw AwsError.validation("An Application AutoScaling scalable target exists for a variant"
            + " being deleted, and the IAM identity making the request does not have"
            + " application-autoscaling:DeregisterScalableTarget permission.");
      }
      account.scaling().deregister(endpoint.name);
    }
    endpoint.status = "Deleting";
    endpoint.modified = account.now();
    after(endpoint, deleting, () -> {
      endpoints.remove(endpoint.name.toLowerCase(Locale.ROOT));
      tagsByArn.remove(endpoint.arn);
    });
    return Json.object();
  }

  // ---- lists ----

  private ObjectNode list(
      ObjectNode in, String member, String kind, String prefix, Collection<Thing> all) {
    String contains = in.path("NameContains").asText("").toLowerCase(Locale.ROOT);
    List<Thing> seen = new ArrayList<>(all.stream()
        .filter(thing -> thing.name.toLowerCase(Locale.ROOT).contains(contains))
        .filter(thing -> isWithin(in, thing.created))
        .filter(thing -> isSeen(kind, thing.name))
        .toList());
    sort(in, seen, Comparator.comparing(thing -> thing.name));
    return Json.page(
        in,
        member,
        limit(in),
        seen,
        (thing, said) -> said.put(prefix + "Name", thing.name)
            .put(prefix + "Arn", thing.arn)
            .put("CreationTime", thing.created));
  }

  private static boolean isWithin(ObjectNode in, double created) {
    return created > in.path("CreationTimeAfter").asDouble(0)
        && created < in.path("CreationTimeBefore").asDouble(Double.MAX_VALUE);
  }

  private static int limit(ObjectNode in) {
    Constraints constraints = new Constraints();
    constraints.number(in, "", "MaxResults", false, 1, 100);
    constraints.check();
    return in.path("MaxResults").asInt(10);
  }

  /** By the time of their making and the newest first, unless asked for otherwise. */
  private static <T> void sort(ObjectNode in, List<T> inOrderOfMaking, Comparator<T> byName) {
    if (in.path("SortBy").asText().equals("Name")) {
      inOrderOfMaking.sort(byName);
    }
    if (!in.path("SortOrder").asText().equals("Ascending")) {
      Collections.reverse(inOrderOfMaking);
    }
  }

  private ObjectNode listEndpoints(ObjectNode in) {
    String contains = in.path("NameContains").asText("").toLowerCase(Locale.ROOT);
    String status = in.path("StatusEquals").asText("");
    List<EndpointState> seen = new ArrayList<>(endpoints.values().stream()
        .filter(one -> one.name.toLowerCase(Locale.ROOT).contains(contains))
        .filter(one -> isWithin(in, one.created))
        .filter(one -> status.isEmpty() || one.status.equals(status))
        .filter(one -> isSeen("endpoint", one.name))
        .toList());
    sort(in, seen, Comparator.comparing(one -> one.name));
    return Json.page(
        in,
        "Endpoints",
        limit(in),
        seen,
        (one, said) -> said.put("EndpointName", one.name)
            .put("EndpointArn", one.arn)
            .put("CreationTime", one.created)
            .put("LastModifiedTime", one.modified)
            .put("EndpointStatus", one.status));
  }

  // ---- tags ----

  private Map<String, String> tagsOf(ObjectNode in) {
    Constraints constraints = new Constraints();
    constraints.text(in, "", "ResourceArn", true, 256, null);
    constraints.check();
    String arn = in.get("ResourceArn").asText();
    Map<String, String> tags = tagsByArn.get(arn);
    if (tags == null) {
      throw AwsError.validation("Could not find resource \"" + arn + "\".");
    }
    return tags;
  }

  private ObjectNode addTags(ObjectNode in) {
    Map<String, String> tags = tagsOf(in);
    Constraints constraints = new Constraints();
    Requests.tags(constraints, in);
    constraints.present(in, "", "Tags");
    constraints.check();
    Set<String> keys = new HashSet<>(tags.keySet());
    in.get("Tags").forEach(tag -> keys.add(tag.get("Key").asText()));
    if (keys.size() > 50) {
      throw AwsError.validation("The number of tags exceeds the limit of 50.");
    }
    tag(in.get("ResourceArn").asText(), in);
    ObjectNode said = Json.object();
    said.set("Tags", in.get("Tags"));
    return said;
  }

  private ObjectNode deleteTags(ObjectNode in) {
    Map<String, String> tags = tagsOf(in);
    in.path("TagKeys").forEach(key -> tags.remove(key.asText()));
    return Json.object();
  }

  private ObjectNode listTags(ObjectNode in) {
    Map<String, String> tags = tagsOf(in);
    return Json.page(
        in,
        "Tags",
        tagsPerPage,
        List.copyOf(tags.entrySet()),
        (tag, said) -> said.put("Key", tag.getKey()).put("Value", tag.getValue()));
  }

  // ---- inference components ----

  /** {@return the component that answers for an endpoint; null if there is none in service} */
  @Nullable
  ObjectNode servingComponent(String endpoint, String name) {
    Thing component = components.get(name);
    boolean serves = component != null
        && component.spec.get("EndpointName").asText().equals(endpoint)
        && !component.status.equals("Creating")
        && !component.status.equals("Failed")
        && component.currentCopies > 0;
    return component == null || !serves ? null : component.spec;
  }

  boolean hasComponent(String name) {
    return components.containsKey(name);
  }

  /** Moves the number of copies of a component into a range. */
  void moveCopies(String name, int min, int max) {
    Thing component = required(components.get(name), name);
    int copies = Math.max(min, Math.min(max, component.currentCopies));
    component.currentCopies = copies;
    ((ObjectNode) component.spec.get("RuntimeConfig")).put("CopyCount", copies);
  }

  private ObjectNode createComponent(ObjectNode in, String region) {
    Requests.component(in, true);
    String name = in.get("InferenceComponentName").asText();
    String arn = arn(region, "inference-component", name);
    if (components.containsKey(name)) {
      throw exists("inference component", arn);
    }
    String endpointName = in.get("EndpointName").asText();
    EndpointState endpoint = serving(endpointName);
    if (endpoint == null) {
      throw notFound("endpoint", arn(region, "endpoint", endpointName));
    }
    Fleet serving = required(endpoint.serving, endpointName);
    String variant = in.path("VariantName").asText("");
    if (!variant.isEmpty() && !serving.variants().containsKey(variant)) {
      throw AwsError.validation("The variant name(s) \"" + variant
          + "\" is/are not present within endpoint configuration \"" + serving.configName()
          + "\".");
    }
    if (serving.variants().values().stream().anyMatch(one -> !one.model().isEmpty())) {
      throw AwsError.validation(
          "Endpoint " + endpointName + " has models in its variants: it cannot have components.");
    }
    JsonNode specification = in.get("Specification");
    if (specification.hasNonNull("ModelName")) {
      find("model", "model", specification.get("ModelName").asText(), region, false);
    }
    if (specification.hasNonNull("BaseInferenceComponentName")) {
      String base = specification.get("BaseInferenceComponentName").asText();
      Thing found = find("component", "inference component", base, region, false);
      in.set("VariantName", found.spec.get("VariantName"));
      if (!in.hasNonNull("RuntimeConfig")) {
        in.putObject("RuntimeConfig").put("CopyCount", 1);
      }
    }
    Thing component = new Thing(name, arn, account.now(), in);
    component.status = "Creating";
    components.put(name, component);
    made("component", name);
    tag(arn, in);
    String failure = componentFailures.remove(name);
    account.in(weights, () -> {
      if (failure == null) {
        settle(component);
      } else {
        component.status = "Failed";
        component.failureReason = failure;
      }
    });
    return Json.object().put("InferenceComponentArn", arn);
  }

  private void settle(Thing component) {
    component.status = "InService";
    component.modified = account.now();
    component.currentCopies =
        component.spec.path("RuntimeConfig").path("CopyCount").asInt();
  }

  private Thing component(ObjectNode in, String region, boolean describing) {
    requireName(in, "InferenceComponentName");
    return find(
        "component",
        "inference component",
        in.get("InferenceComponentName").asText(),
        region,
        describing);
  }

  private ObjectNode describeComponent(ObjectNode in, String region) {
    Thing component = component(in, region, true);
    ObjectNode said = Json.object();
    summary(component, said);
    String endpoint = component.spec.get("EndpointName").asText();
    said.put("EndpointArn", arn(region, "endpoint", endpoint));
    ObjectNode specification = component.spec.get("Specification").deepCopy();
    if (specification.hasNonNull("Container")) {
      ObjectNode container = (ObjectNode) specification.get("Container");
      String image = container.path("Image").asText("");
      container.remove("Image");
      container.putObject("DeployedImage").put("SpecifiedImage", image);
    }
    said.set("Specification", specification);
    said.putObject("RuntimeConfig")
        .put(
            "DesiredCopyCount",
            component.spec.path("RuntimeConfig").path("CopyCount").asInt())
        .put("CurrentCopyCount", component.currentCopies);
    if (!component.failureReason.isEmpty()) {
      said.put("FailureReason", component.failureReason);
    }
    return said;
  }

  private static ObjectNode summary(Thing component, ObjectNode said) {
    said.put("InferenceComponentName", component.name);
    said.put("InferenceComponentArn", component.arn);
    said.put("InferenceComponentStatus", component.status);
    said.put("CreationTime", component.created);
    said.put("LastModifiedTime", component.modified);
    said.put("EndpointName", component.spec.get("EndpointName").asText());
    said.put(
        "EndpointArn",
        component.arn.replaceAll(":inference-component/.*", ":endpoint/")
            + component.spec.get("EndpointName").asText().toLowerCase(Locale.ROOT));
    said.put("VariantName", component.spec.path("VariantName").asText());
    return said;
  }

  private static void requireIdle(Thing component) {
    if (!component.status.equals("InService") && !component.status.equals("Failed")) {
      throw AwsError.validation(
          "Cannot update in-progress inference component \"" + component.arn + "\".");
    }
  }

  private ObjectNode updateComponent(ObjectNode in, String region, String operation) {
    Requests.component(in, false);
    Thing component = component(in, region, false);
    requireIdle(component);
    if (operation.equals("UpdateInferenceComponentRuntimeConfig")) {
      component.spec.set("RuntimeConfig", in.get("DesiredRuntimeConfig"));
    } else {
      Json.copy(in, component.spec, "Specification", "RuntimeConfig");
    }
    component.status = "Updating";
    component.modified = account.now();
    account.in(weights, () -> settle(component));
    return Json.object().put("InferenceComponentArn", component.arn);
  }

  private ObjectNode deleteComponent(ObjectNode in, String region) {
    Thing component = component(in, region, false);
    requireIdle(component);
    component.status = "Deleting";
    account.in(deleting, () -> {
      components.remove(component.name);
      tagsByArn.remove(component.arn);
    });
    return Json.object();
  }

  private ObjectNode listComponents(ObjectNode in) {
    String contains = in.path("NameContains").asText("");
    String endpoint = in.path("EndpointNameEquals").asText("");
    String variant = in.path("VariantNameEquals").asText("");
    List<Thing> seen = new ArrayList<>(components.values().stream()
        .filter(one -> one.name.contains(contains))
        .filter(one -> isWithin(in, one.created))
        .filter(
            one -> endpoint.isEmpty() || one.spec.get("EndpointName").asText().equals(endpoint))
        .filter(
            one -> variant.isEmpty() || one.spec.path("VariantName").asText().equals(variant))
        .filter(one -> isSeen("component", one.name))
        .toList());
    sort(in, seen, Comparator.comparing(one -> one.name));
    return Json.page(in, "InferenceComponents", limit(in), seen, ControlPlane::summary);
  }
}
