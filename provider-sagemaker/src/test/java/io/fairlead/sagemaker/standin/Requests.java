package io.fairlead.sagemaker.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantAcceleratorType;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantInstanceType;

/** What SageMaker's requests must satisfy: its service model, and the rules between members that its guide gives. */
final class Requests {
  static final Pattern NAME = Pattern.compile("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
  static final Pattern MODEL_NAME = Pattern.compile("[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?");
  private static final Pattern ROLE =
      Pattern.compile("arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
  private static final Pattern IMAGE = Pattern.compile("[\\S]+");
  private static final Pattern MODEL_DATA = Pattern.compile("(https|s3)://([^/]+)/?(.*)");
  private static final Pattern VARIABLE = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");
  private static final Pattern TAG = Pattern.compile("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");
  private static final Set<String> INSTANCE_TYPES =
      names(ProductionVariantInstanceType.knownValues());
  private static final Set<String> ACCELERATOR_TYPES =
      names(ProductionVariantAcceleratorType.knownValues());

  /** In the API's reference of November 2026, which knows more of them than the SDK's enum does. */
  private static final List<String> AMI_VERSIONS = List.of(
      "al2-ami-sagemaker-inference-gpu-2",
      "al2-ami-sagemaker-inference-gpu-2-1",
      "al2-ami-sagemaker-inference-gpu-3-1",
      "al2-ami-sagemaker-inference-neuron-2",
      "al2023-ami-sagemaker-inference-gpu-4-1");

  private static final Pattern KMS_KEY = Pattern.compile("[a-zA-Z0-9:/_-]*");

  /** As live errors of AWS show it. */
  private static final Pattern WITH_STORAGE = Pattern.compile(
      "ml\\.(g4dn|g5|g6e?|gr6|p3dn|p4de?|p5e?n?|p6|trn1n?|trn2|[cmr][0-9]g?dn?)[.-].*");

  private Requests() {}

  private static Set<String> names(Set<?> values) {
    return Set.copyOf(values.stream().map(String::valueOf).toList());
  }

  // ---- models ----

  static void model(ObjectNode in) {
    Constraints constraints = new Constraints();
    constraints.text(in, "", "ModelName", true, 63, MODEL_NAME);
    constraints.text(in, "", "ExecutionRoleArn", false, 2048, ROLE);
    constraints.list(in, "", "Containers", false, 0, 15);
    tags(constraints, in);
    container(constraints, in.path("PrimaryContainer"), "primaryContainer.");
    int i = 0;
    for (JsonNode container : in.path("Containers")) {
      container(constraints, container, "containers." + ++i + ".member.");
    }
    constraints.check();
    if (in.hasNonNull("PrimaryContainer") == (in.path("Containers").size() > 0)) {
      throw AwsError.validation(
          "You must provide either a PrimaryContainer or Containers, and not both.");
    }
  }

  private static void container(Constraints constraints, JsonNode in, String at) {
    constraints.text(in, at, "Image", false, 255, IMAGE);
    constraints.text(in, at, "ModelDataUrl", false, 1024, MODEL_DATA);
    constraints.text(in, at, "ContainerHostname", false, 63, NAME);
    constraints.oneOf(in, at, "Mode", false, List.of("SingleModel", "MultiModel"));
    constraints.list(in, at, "AdditionalModelDataSources", false, 0, 5);
    constraints.list(in, at, "Environment", false, 0, 100);
    int characters = 0;
    for (Map.Entry<String, JsonNode> variable : in.path("Environment").properties()) {
      String value = variable.getValue().asText();
      characters += variable.getKey().length() + value.length();
      if (!VARIABLE.matcher(variable.getKey()).matches()
          || variable.getKey().length() > 1024
          || value.length() > 1024) {
        constraints.breaks(
            variable.getKey(),
            at,
            "Environment",
            "Map keys must satisfy constraint: [Member must have length less than or equal to 1024,"
                + " Member must satisfy regular expression pattern: " + VARIABLE + "]");
      }
    }
    if (characters > 32 * 1024) {
      constraints.breaks("...", at, "Environment", "Member must have at most 32 KB");
    }
    JsonNode source = in.path("ModelDataSource").path("S3DataSource");
    if (in.hasNonNull("ModelDataSource")) {
      String inner = at + "modelDataSource.s3DataSource.";
      constraints.text(source, inner, "S3Uri", true, 1024, MODEL_DATA);
      constraints.oneOf(source, inner, "S3DataType", true, List.of("S3Prefix", "S3Object"));
      constraints.oneOf(source, inner, "CompressionType", true, List.of("None", "Gzip"));
      if (in.hasNonNull("ModelDataUrl")) {
        throw AwsError.validation("Provide either ModelDataUrl or ModelDataSource, and not both.");
      }
      if (in.path("Mode").asText().equals("MultiModel")) {
        throw AwsError.validation("ModelDataSource is not supported with multi-model containers.");
      }
      if (source.path("S3DataType").asText().equals("S3Prefix")
          && !source.path("S3Uri").asText().endsWith("/")) {
        throw AwsError.validation("S3Uri must end with a forward slash for S3Prefix.");
      }
    }
  }

  static void tags(Constraints constraints, ObjectNode in) {
    constraints.list(in, "", "Tags", false, 0, 50);
    int i = 0;
    for (JsonNode tag : in.path("Tags")) {
      String at = "tags." + ++i + ".member.";
      constraints.text(tag, at, "Key", true, 128, TAG);
      constraints.text(tag, at, "Value", true, 256, TAG);
    }
  }

  // ---- endpoint configurations ----

  static void config(ObjectNode in) {
    Constraints constraints = new Constraints();
    constraints.text(in, "", "EndpointConfigName", true, 63, NAME);
    constraints.list(in, "", "ProductionVariants", true, 1, 10);
    constraints.list(in, "", "ShadowProductionVariants", false, 1, 10);
    constraints.text(in, "", "ExecutionRoleArn", false, 2048, ROLE);
    constraints.text(in, "", "KmsKeyId", false, 2048, KMS_KEY);
    tags(constraints, in);
    for (String member : List.of("ProductionVariants", "ShadowProductionVariants")) {
      int i = 0;
      for (JsonNode variant : in.path(member)) {
        String lower = Character.toLowerCase(member.charAt(0)) + member.substring(1);
        variant(constraints, variant, lower + "." + ++i + ".member.");
      }
    }
    if (in.hasNonNull("AsyncInferenceConfig")) {
      JsonNode async = in.get("AsyncInferenceConfig");
      constraints.present(async, "asyncInferenceConfig.", "OutputConfig");
      constraints.number(
          async.path("ClientConfig"),
          "asyncInferenceConfig.clientConfig.",
          "MaxConcurrentInvocationsPerInstance",
          false,
          1,
          1000);
    }
    if (in.hasNonNull("DataCaptureConfig")) {
      JsonNode capture = in.get("DataCaptureConfig");
      String at = "dataCaptureConfig.";
      constraints.number(capture, at, "InitialSamplingPercentage", true, 0, 100);
      constraints.text(capture, at, "DestinationS3Uri", true, 512, MODEL_DATA);
      constraints.list(capture, at, "CaptureOptions", true, 1, 32);
      constraints.text(capture, at, "KmsKeyId", false, 2048, KMS_KEY);
      JsonNode types = capture.path("CaptureContentTypeHeader");
      String inner = at + "captureContentTypeHeader.";
      constraints.list(types, inner, "CsvContentTypes", false, 1, 10);
      constraints.list(types, inner, "JsonContentTypes", false, 1, 10);
    }
    constraints.check();
    configAsAWhole(in);
  }

  private static void variant(Constraints constraints, JsonNode in, String at) {
    constraints.text(in, at, "VariantName", true, 63, NAME);
    constraints.text(in, at, "ModelName", false, 63, MODEL_NAME);
    constraints.number(in, at, "InitialInstanceCount", false, 1, Integer.MAX_VALUE);
    constraints.number(in, at, "InitialVariantWeight", false, 0, Double.MAX_VALUE);
    constraints.oneOf(in, at, "InstanceType", false, INSTANCE_TYPES);
    constraints.oneOf(in, at, "AcceleratorType", false, ACCELERATOR_TYPES);
    constraints.number(in, at, "VolumeSizeInGB", false, 1, 512);
    constraints.oneOf(in, at, "InferenceAmiVersion", false, AMI_VERSIONS);
    constraints.oneOf(
        in.path("RoutingConfig"),
        at + "routingConfig.",
        "RoutingStrategy",
        in.hasNonNull("RoutingConfig"),
        List.of("LEAST_OUTSTANDING_REQUESTS", "RANDOM"));
    constraints.number(in, at, "ModelDataDownloadTimeoutInSeconds", false, 60, 3600);
    constraints.number(in, at, "ContainerStartupHealthCheckTimeoutInSeconds", false, 60, 3600);
    if (in.hasNonNull("ServerlessConfig")) {
      serverless(constraints, in.get("ServerlessConfig"), at + "serverlessConfig.", true);
    }
    if (in.hasNonNull("ManagedInstanceScaling")) {
      JsonNode managed = in.get("ManagedInstanceScaling");
      String inner = at + "managedInstanceScaling.";
      constraints.oneOf(managed, inner, "Status", false, List.of("ENABLED", "DISABLED"));
      constraints.number(managed, inner, "MinInstanceCount", false, 0, Integer.MAX_VALUE);
      constraints.number(managed, inner, "MaxInstanceCount", false, 1, Integer.MAX_VALUE);
    }
  }

  private static void serverless(Constraints constraints, JsonNode in, String at, boolean isWhole) {
    if (isWhole) {
      constraints.number(in, at, "MemorySizeInMB", true, 1024, 6144);
    }
    constraints.number(in, at, "MaxConcurrency", isWhole, 1, 200);
    constraints.number(in, at, "ProvisionedConcurrency", false, 1, 200);
  }

  private static void configAsAWhole(ObjectNode in) {
    JsonNode production = in.get("ProductionVariants");
    JsonNode shadows = in.path("ShadowProductionVariants");
    Set<String> names = new HashSet<>();
    int withModel = 0;
    int serverless = 0;
    int all = 0;
    for (JsonNode list : List.of(production, shadows)) {
      for (JsonNode variant : list) {
        all++;
        String name = variant.get("VariantName").asText();
        if (!names.add(name)) {
          throw AwsError.validation("Variant names must be unique: " + name + " is there twice.");
        }
        withModel += variant.hasNonNull("ModelName") ? 1 : 0;
        serverless += variant.hasNonNull("ServerlessConfig") ? 1 : 0;
        variantAsAWhole(variant, name);
        storage(in, variant);
      }
    }
    if (withModel != 0 && withModel != all) {
      throw AwsError.validation("Either all variants have a ModelName or none has.");
    }
    if (withModel == 0 && !in.hasNonNull("ExecutionRoleArn")) {
      throw AwsError.validation(
          "ExecutionRoleArn is required when the variants have no ModelName.");
    }
    if (shadows.size() > 0 && (production.size() != 1 || shadows.size() != 1)) {
      throw AwsError.validation(
          "Shadow testing needs exactly one production variant and one shadow variant.");
    }
    boolean isAsync = in.hasNonNull("AsyncInferenceConfig");
    if (serverless > 0
        && (all > 1
            || isAsync
            || in.hasNonNull("DataCaptureConfig")
            || in.hasNonNull("VpcConfig"))) {
      throw AwsError.validation("One or more endpoint features are not supported using this"
          + " configuration: serverless inference has one variant, and no data capture, VPC or"
          + " asynchronous inference.");
    }
    if (isAsync && (all > 1 || withModel == 0)) {
      throw AwsError.validation("Asynchronous inference has one variant, with a model.");
    }
  }

  private static void variantAsAWhole(JsonNode variant, String name) {
    boolean hasInstances =
        variant.hasNonNull("InstanceType") || variant.hasNonNull("InitialInstanceCount");
    if (variant.hasNonNull("ServerlessConfig")) {
      JsonNode serverless = variant.get("ServerlessConfig");
      if (hasInstances) {
        throw AwsError.validation("Variant " + name
            + " has a ServerlessConfig: InstanceType and InitialInstanceCount must not be there.");
      }
      if (serverless.get("MemorySizeInMB").asInt() % 1024 != 0) {
        throw AwsError.validation(
            "MemorySizeInMB must be one of 1024, 2048, 3072, 4096, 5120, 6144.");
      }
      concurrency(serverless);
    } else if (!variant.hasNonNull("InstanceType") || !variant.hasNonNull("InitialInstanceCount")) {
      throw AwsError.validation("Variant " + name
          + " needs InstanceType and InitialInstanceCount, or a ServerlessConfig.");
    }
    if (variant.hasNonNull("ManagedInstanceScaling")) {
      JsonNode managed = variant.get("ManagedInstanceScaling");
      if (variant.hasNonNull("ModelName")) {
        throw AwsError.validation(
            "ManagedInstanceScaling is only for variants without a ModelName.");
      }
      if (managed.path("MinInstanceCount").asInt(0)
          > managed.path("MaxInstanceCount").asInt(Integer.MAX_VALUE)) {
        throw AwsError.validation("MinInstanceCount must not be above MaxInstanceCount.");
      }
    }
  }

  /** Instances with storage of their own have no volume, and no key for it. */
  private static void storage(ObjectNode in, JsonNode variant) {
    String type = variant.path("InstanceType").asText("");
    if (!WITH_STORAGE.matcher(type).matches()) {
      return;
    }
    if (variant.hasNonNull("VolumeSizeInGB")) {
      throw AwsError.validation(
          "VolumeSize parameter is not allowed for the selected Instance type " + type + ".");
    }
    if (in.hasNonNull("KmsKeyId")) {
      throw AwsError.validation(
          "KmsKeyId is not allowed for instance type " + type + ", which has local storage.");
    }
  }

  static void concurrency(JsonNode serverless) {
    if (serverless.path("ProvisionedConcurrency").asInt(0)
        > serverless.path("MaxConcurrency").asInt(Integer.MAX_VALUE)) {
      throw AwsError.validation("ProvisionedConcurrency must not be above MaxConcurrency.");
    }
  }

  // ---- endpoints ----

  static void endpoint(ObjectNode in) {
    Constraints constraints = new Constraints();
    constraints.text(in, "", "EndpointName", true, 63, NAME);
    constraints.text(in, "", "EndpointConfigName", true, 63, NAME);
    tags(constraints, in);
    for (int i = 0; i < in.path("ExcludeRetainedVariantProperties").size(); i++) {
      constraints.oneOf(
          in.get("ExcludeRetainedVariantProperties").get(i),
          "excludeRetainedVariantProperties." + (i + 1) + ".member.",
          "VariantPropertyType",
          true,
          List.of("DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"));
    }
    JsonNode deployment = in.path("DeploymentConfig");
    JsonNode blueGreen = deployment.path("BlueGreenUpdatePolicy");
    JsonNode rolling = deployment.path("RollingUpdatePolicy");
    if (blueGreen.isObject()) {
      blueGreen(constraints, blueGreen);
    }
    if (rolling.isObject()) {
      String at = "deploymentConfig.rollingUpdatePolicy.";
      constraints.present(rolling, at, "MaximumBatchSize");
      constraints.number(rolling, at, "WaitIntervalInSeconds", true, 0, 3600);
      constraints.number(rolling, at, "MaximumExecutionTimeoutInSeconds", false, 600, 28800);
    }
    if (deployment.hasNonNull("AutoRollbackConfiguration")) {
      JsonNode rollback = deployment.get("AutoRollbackConfiguration");
      constraints.list(
          rollback, "deploymentConfig.autoRollbackConfiguration.", "Alarms", true, 1, 10);
    }
    constraints.check();
    if (blueGreen.isObject() && rolling.isObject()) {
      throw AwsError.validation(
          "Provide either BlueGreenUpdatePolicy or RollingUpdatePolicy, and not both.");
    }
    if (in.path("ExcludeRetainedVariantProperties").size() > 0
        && !in.path("RetainAllVariantProperties").asBoolean()) {
      throw AwsError.validation(
          "ExcludeRetainedVariantProperties needs RetainAllVariantProperties to be true.");
    }
    long waits = updateSeconds(deployment);
    int limit = blueGreen
        .path("MaximumExecutionTimeoutInSeconds")
        .asInt(rolling.path("MaximumExecutionTimeoutInSeconds").asInt(Integer.MAX_VALUE));
    if (limit <= waits) {
      throw AwsError.validation(
          "MaximumExecutionTimeoutInSeconds must be above the sum of the waits, " + waits + ".");
    }
    batch(rolling.path("MaximumBatchSize"), 5, 50);
    String type = blueGreen.path("TrafficRoutingConfiguration").path("Type").asText();
    JsonNode routing = blueGreen.path("TrafficRoutingConfiguration");
    if (type.equals("CANARY")) {
      batch(needed(routing, "CanarySize"), 1, 50);
    }
    if (type.equals("LINEAR")) {
      batch(needed(routing, "LinearStepSize"), 10, 50);
    }
  }

  private static JsonNode needed(JsonNode routing, String member) {
    if (!routing.hasNonNull(member)) {
      throw AwsError.validation(member + " is required for traffic routing type "
          + routing.path("Type").asText() + ".");
    }
    return routing.get(member);
  }

  private static void batch(JsonNode size, int min, int max) {
    int value = size.path("Value").asInt(min);
    if (size.path("Type").asText().equals("CAPACITY_PERCENT") && (value < min || value > max)) {
      throw AwsError.validation(
          "A capacity must be from " + min + " to " + max + " percent, not " + value + ".");
    }
  }

  private static void blueGreen(Constraints constraints, JsonNode in) {
    String at = "deploymentConfig.blueGreenUpdatePolicy.";
    constraints.present(in, at, "TrafficRoutingConfiguration");
    constraints.number(in, at, "TerminationWaitInSeconds", false, 0, 3600);
    constraints.number(in, at, "MaximumExecutionTimeoutInSeconds", false, 600, 28800);
    String inner = at + "trafficRoutingConfiguration.";
    JsonNode routing = in.path("TrafficRoutingConfiguration");
    constraints.oneOf(routing, inner, "Type", true, List.of("ALL_AT_ONCE", "CANARY", "LINEAR"));
    constraints.number(routing, inner, "WaitIntervalInSeconds", true, 0, 3600);
  }

  /** {@return how long an update waits for what its deployment wants to be waited for} */
  static long updateSeconds(JsonNode deployment) {
    JsonNode blueGreen = deployment.path("BlueGreenUpdatePolicy");
    JsonNode rolling = deployment.path("RollingUpdatePolicy");
    JsonNode routing = blueGreen.path("TrafficRoutingConfiguration");
    long wait = routing.path("WaitIntervalInSeconds").asLong(0);
    long steps = switch (routing.path("Type").asText()) {
      case "CANARY" -> 1;
      case "LINEAR" -> steps(routing.path("LinearStepSize")) - 1;
      default -> 0;
    };
    return wait * steps
        + blueGreen.path("TerminationWaitInSeconds").asLong(0)
        + rolling.path("WaitIntervalInSeconds").asLong(0)
            * (rolling.isObject() ? steps(rolling.path("MaximumBatchSize")) : 0);
  }

  private static long steps(JsonNode size) {
    return size.path("Type").asText().equals("CAPACITY_PERCENT")
        ? (long) Math.ceil(100.0 / Math.max(1, size.path("Value").asInt()))
        : 1;
  }

  static void weights(ObjectNode in) {
    Constraints constraints = new Constraints();
    constraints.text(in, "", "EndpointName", true, 63, NAME);
    constraints.list(in, "", "DesiredWeightsAndCapacities", true, 1, 10);
    int i = 0;
    int capacities = 0;
    for (JsonNode one : in.path("DesiredWeightsAndCapacities")) {
      String at = "desiredWeightsAndCapacities." + ++i + ".member.";
      constraints.text(one, at, "VariantName", true, 63, NAME);
      constraints.number(one, at, "DesiredWeight", false, 0, Double.MAX_VALUE);
      constraints.number(one, at, "DesiredInstanceCount", false, 0, Integer.MAX_VALUE);
      if (one.hasNonNull("ServerlessUpdateConfig")) {
        JsonNode serverless = one.get("ServerlessUpdateConfig");
        serverless(constraints, serverless, at + "serverlessUpdateConfig.", false);
      }
      boolean hasCapacity =
          one.hasNonNull("DesiredInstanceCount") || one.hasNonNull("ServerlessUpdateConfig");
      capacities += hasCapacity ? 1 : 0;
    }
    constraints.check();
    if (capacities > 1) {
      throw AwsError.validation("The capacity of only one variant can be updated at a time.");
    }
  }

  // ---- components ----

  static void component(ObjectNode in, boolean isNew) {
    Constraints constraints = new Constraints();
    constraints.text(in, "", "InferenceComponentName", true, 63, MODEL_NAME);
    if (isNew) {
      constraints.text(in, "", "EndpointName", true, 63, NAME);
      constraints.text(in, "", "VariantName", false, 63, NAME);
      constraints.present(in, "", "Specification");
    }
    tags(constraints, in);
    JsonNode specification = in.path("Specification");
    JsonNode compute = specification.path("ComputeResourceRequirements");
    boolean isAdapter = specification.hasNonNull("BaseInferenceComponentName");
    if (specification.isObject() && !isAdapter) {
      String at = "specification.computeResourceRequirements.";
      constraints.number(compute, at, "MinMemoryRequiredInMb", true, 128, Integer.MAX_VALUE);
      constraints.number(compute, at, "NumberOfCpuCoresRequired", false, 0.25, Integer.MAX_VALUE);
      constraints.number(
          compute, at, "NumberOfAcceleratorDevicesRequired", false, 1, Integer.MAX_VALUE);
    }
    constraints.number(
        in.path("RuntimeConfig"), "runtimeConfig.", "CopyCount", false, 0, Integer.MAX_VALUE);
    constraints.check();
    if (isNew && !isAdapter) {
      boolean named = specification.hasNonNull("ModelName");
      if (named == specification.hasNonNull("Container")) {
        throw AwsError.validation(
            "A specification has either a ModelName or a Container, and not both.");
      }
      if (!in.hasNonNull("VariantName") || !in.hasNonNull("RuntimeConfig")) {
        throw AwsError.validation("VariantName and RuntimeConfig are required.");
      }
    }
    if (isAdapter && compute.isObject()) {
      throw AwsError.validation("An adapter component has no ComputeResourceRequirements.");
    }
  }
}
