package io.fairlead.sagemaker.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Application Auto Scaling: scalable targets and their policies. */
final class ScalingService {
  private static final String COUNT = "sagemaker:variant:DesiredInstanceCount";
  private static final String CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency";
  private static final String COPIES = "sagemaker:inference-component:DesiredCopyCount";
  private static final Set<String> DIMENSIONS = Set.of(COUNT, CONCURRENCY, COPIES);
  private static final Pattern VARIANT = Pattern.compile("endpoint/([^/]+)/variant/([^/]+)");
  private static final Pattern COMPONENT = Pattern.compile("inference-component/([^/]+)");

  private final Account account;

  /** By resource and dimension. */
  private final Map<String, ObjectNode> targets = new LinkedHashMap<>();

  /** By resource, dimension and name. */
  private final Map<String, ObjectNode> policies = new LinkedHashMap<>();

  ScalingService(Account account) {
    this.account = account;
  }

  void remains(Set<String> all) {
    targets
        .values()
        .forEach(one -> all.add("scalable-target/" + one.get("ResourceId").asText()));
    policies
        .values()
        .forEach(one -> all.add("scaling-policy/" + one.get("ResourceId").asText() + "/"
            + one.get("PolicyName").asText()));
  }

  void add(String endpoint, String variant, int min, int max) {
    register(
        Json.object()
            .put("ServiceNamespace", "sagemaker")
            .put("ResourceId", "endpoint/" + endpoint + "/variant/" + variant)
            .put("ScalableDimension", COUNT)
            .put("MinCapacity", min)
            .put("MaxCapacity", max),
        Account.REGION);
  }

  boolean hasTarget(String endpoint, String variant) {
    return targets.values().stream()
        .anyMatch(one ->
            one.get("ResourceId").asText().equals("endpoint/" + endpoint + "/variant/" + variant));
  }

  boolean hasTargets(String endpoint) {
    return targets.keySet().stream().anyMatch(key -> key.startsWith(prefix(endpoint)));
  }

  void deregister(String endpoint) {
    targets.keySet().removeIf(key -> key.startsWith(prefix(endpoint)));
    policies.keySet().removeIf(key -> key.startsWith(prefix(endpoint)));
  }

  private static String prefix(String endpoint) {
    return "endpoint/" + endpoint + "/variant/";
  }

  /** Moves the capacities of an endpoint that has settled into the ranges of its targets. */
  void settle(EndpointState endpoint) {
    targets.values().stream()
        .filter(one -> one.get("ResourceId").asText().startsWith(prefix(endpoint.name)))
        .forEach(this::move);
  }

  ObjectNode answer(Call call) {
    ObjectNode in = call.json();
    return switch (call.operation()) {
      case "RegisterScalableTarget" -> register(in, call.region());
      case "DeregisterScalableTarget" -> deregister(in);
      case "DescribeScalableTargets" -> describeTargets(in);
      case "PutScalingPolicy" -> putPolicy(in, call.region());
      case "DeleteScalingPolicy" -> deletePolicy(in);
      case "DescribeScalingPolicies" -> describePolicies(in);
      default ->
        throw AwsError.of(400, "UnknownOperationException", call.operation() + " is not known");
    };
  }

  private static String key(ObjectNode in, boolean dimensionRequired) {
    Constraints constraints = new Constraints();
    constraints.oneOf(in, "", "ServiceNamespace", true, List.of("sagemaker"));
    constraints.text(in, "", "ResourceId", true, 1600, null);
    constraints.oneOf(in, "", "ScalableDimension", dimensionRequired, DIMENSIONS);
    constraints.check();
    return in.get("ResourceId").asText() + "|" + in.path("ScalableDimension").asText();
  }

  private static AwsError noTarget(ObjectNode in) {
    return AwsError.of(
        400,
        "ObjectNotFoundException",
        "No scalable target registered for service namespace: sagemaker, resource ID: "
            + in.get("ResourceId").asText() + ", scalable dimension: "
            + in.get("ScalableDimension").asText());
  }

  private ObjectNode register(ObjectNode in, String region) {
    String key = key(in, true);
    String resource = in.get("ResourceId").asText();
    String dimension = in.get("ScalableDimension").asText();
    ObjectNode old = targets.get(key);
    if (old == null && (!in.hasNonNull("MinCapacity") || !in.hasNonNull("MaxCapacity"))) {
      throw AwsError.validation(
          "MinCapacity and MaxCapacity are required when a scalable target is registered.");
    }
    ObjectNode target = old == null ? Json.object() : old.deepCopy();
    Json.copy(
        in,
        target,
        "ServiceNamespace",
        "ResourceId",
        "ScalableDimension",
        "MinCapacity",
        "MaxCapacity",
        "SuspendedState",
        "RoleARN");
    int min = target.get("MinCapacity").asInt();
    int max = target.get("MaxCapacity").asInt();
    if (min < 0 || max < min) {
      throw AwsError.validation(
          "Maximum capacity cannot be less than minimum capacity, and neither below 0.");
    }
    requireResource(resource, dimension, min);
    if (old == null) {
      target.put("CreationTime", account.now());
      target.put(
          "ScalableTargetARN",
          "arn:aws:application-autoscaling:" + region + ":" + Account.NUMBER + ":scalable-target/"
              + Integer.toHexString(key.hashCode()));
      target.put(
          "RoleARN",
          "arn:aws:iam::" + Account.NUMBER + ":role/aws-service-role/"
              + "sagemaker.application-autoscaling.amazonaws.com/"
              + "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint");
    }
    targets.put(key, target);
    move(target);
    return Json.object()
        .put("ScalableTargetARN", target.get("ScalableTargetARN").asText());
  }

  private void requireResource(String resource, String dimension, int min) {
    Matcher variant = VARIANT.matcher(resource);
    Matcher component = COMPONENT.matcher(resource);
    if (dimension.equals(COPIES)) {
      if (!component.matches() || !account.control().hasComponent(component.group(1))) {
        throw AwsError.validation("Inference component not found: " + resource);
      }
      return;
    }
    if (!variant.matches()) {
      throw AwsError.validation("Unsupported service namespace, resource type or scalable"
          + " dimension: " + resource + ", " + dimension);
    }
    EndpointState endpoint = account.control().any(variant.group(1));
    Variant found = endpoint == null
        ? null
        : endpoint
            .fleets()
            .filter(one -> one.name().equals(variant.group(2)))
            .findFirst()
            .orElse(null);
    if (found == null) {
      throw AwsError.validation("Endpoint or variant not found: " + resource);
    }
    if (found.isServerless() != dimension.equals(CONCURRENCY)) {
      throw AwsError.validation(
          "Scalable dimension " + dimension + " does not go with " + resource);
    }
    boolean mayBeZero = endpoint.fleets().allMatch(one -> one.model().isEmpty())
        || (endpoint.serving != null && endpoint.serving.isAsync())
        || (endpoint.coming != null && endpoint.coming.isAsync());
    if (min < 1 && !mayBeZero) {
      throw AwsError.validation("Minimum capacity must be at least 1 for " + resource);
    }
  }

  private void move(ObjectNode target) {
    int min = target.get("MinCapacity").asInt();
    int max = target.get("MaxCapacity").asInt();
    String resource = target.get("ResourceId").asText();
    Matcher variant = VARIANT.matcher(resource);
    if (!variant.matches()) {
      account.control().moveCopies(resource.substring(resource.indexOf('/') + 1), min, max);
      return;
    }
    EndpointState endpoint = account.control().any(variant.group(1));
    if (endpoint == null) {
      return;
    }
    endpoint.fleets().filter(one -> one.name().equals(variant.group(2))).forEach(one -> {
      if (one.isServerless()) {
        ObjectNode serverless = one.serverless.deepCopy();
        int now = serverless.path("ProvisionedConcurrency").asInt(min);
        serverless.put("ProvisionedConcurrency", Math.max(min, Math.min(max, now)));
        one.serverless = serverless;
        one.desiredServerless = serverless;
      } else {
        one.count = Math.max(min, Math.min(max, one.count));
        one.desiredCount = Math.max(min, Math.min(max, one.desiredCount));
      }
    });
  }

  private ObjectNode deregister(ObjectNode in) {
    String key = key(in, true);
    if (targets.remove(key) == null) {
      throw noTarget(in);
    }
    policies.keySet().removeIf(policy -> policy.startsWith(key + "|"));
    return Json.object();
  }

  private ObjectNode describeTargets(ObjectNode in) {
    List<ObjectNode> found = targets.values().stream()
        .filter(one -> !in.hasNonNull("ResourceIds")
            || contains(in.get("ResourceIds"), one.get("ResourceId").asText()))
        .filter(one -> matches(in, one, "ScalableDimension"))
        .toList();
    return Json.page(in, "ScalableTargets", 50, found, (one, said) -> one.deepCopy());
  }

  private static boolean contains(JsonNode list, String text) {
    for (JsonNode one : list) {
      if (one.asText().equals(text)) {
        return true;
      }
    }
    return false;
  }

  private static boolean matches(ObjectNode in, ObjectNode one, String member) {
    return !in.hasNonNull(member) || in.get(member).equals(one.get(member));
  }

  private ObjectNode putPolicy(ObjectNode in, String region) {
    String key = key(in, true);
    Constraints constraints = new Constraints();
    constraints.text(in, "", "PolicyName", true, 256, null);
    constraints.oneOf(in, "", "PolicyType", false, List.of("StepScaling", "TargetTrackingScaling"));
    constraints.check();
    if (!targets.containsKey(key)) {
      throw noTarget(in);
    }
    String type = in.path("PolicyType").asText("StepScaling");
    String needed = type + "PolicyConfiguration";
    if (!in.hasNonNull(needed)) {
      throw AwsError.validation(needed + " is required for policy type " + type + ".");
    }
    JsonNode tracking = in.path("TargetTrackingScalingPolicyConfiguration");
    if (tracking.isObject()
        && tracking.hasNonNull("PredefinedMetricSpecification")
            == tracking.hasNonNull("CustomizedMetricSpecification")) {
      throw AwsError.validation(
          "A target-tracking policy has either a predefined or a customized metric.");
    }
    String name = in.get("PolicyName").asText();
    ObjectNode old = policies.get(key + "|" + name);
    ObjectNode policy = in.deepCopy();
    policy.put("PolicyType", type);
    policy.put(
        "PolicyARN",
        "arn:aws:autoscaling:" + region + ":" + Account.NUMBER + ":scalingPolicy:"
            + Integer.toHexString((key + name).hashCode()) + ":resource/sagemaker/"
            + in.get("ResourceId").asText() + ":policyName/" + name);
    policy.put(
        "CreationTime", old == null ? account.now() : old.get("CreationTime").asDouble());
    policies.put(key + "|" + name, policy);
    ObjectNode said = Json.object().put("PolicyARN", policy.get("PolicyARN").asText());
    said.putArray("Alarms");
    return said;
  }

  private ObjectNode deletePolicy(ObjectNode in) {
    String name = in.path("PolicyName").asText();
    if (policies.remove(key(in, true) + "|" + name) == null) {
      throw AwsError.of(
          400,
          "ObjectNotFoundException",
          "No scaling policy found for service namespace: sagemaker, resource ID: "
              + in.get("ResourceId").asText() + ", scalable dimension: "
              + in.get("ScalableDimension").asText() + ", policy name: " + name);
    }
    return Json.object();
  }

  private ObjectNode describePolicies(ObjectNode in) {
    List<ObjectNode> found = policies.values().stream()
        .filter(one -> matches(in, one, "ResourceId"))
        .filter(one -> matches(in, one, "ScalableDimension"))
        .filter(one -> !in.hasNonNull("PolicyNames")
            || contains(in.get("PolicyNames"), one.get("PolicyName").asText()))
        .toList();
    return Json.page(in, "ScalingPolicies", 10, found, (one, said) -> one.deepCopy());
  }
}
