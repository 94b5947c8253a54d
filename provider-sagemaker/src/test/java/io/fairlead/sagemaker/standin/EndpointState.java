package io.fairlead.sagemaker.standin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An endpoint: what serves, what is to serve, and what happens to it. */
final class EndpointState {
  private static final Set<String> SERVING =
      Set.of("InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed");

  /** Variants that come from one configuration. */
  record Fleet(
      String configName,
      ObjectNode config,
      Map<String, Variant> variants,
      Map<String, Variant> shadows) {

    static Fleet of(String configName, ObjectNode config) {
      return new Fleet(
          configName,
          config,
          variants(config, "ProductionVariants"),
          variants(config, "ShadowProductionVariants"));
    }

    private static Map<String, Variant> variants(ObjectNode config, String member) {
      Map<String, Variant> variants = new LinkedHashMap<>();
      config.path(member).forEach(one -> {
        Variant variant = new Variant((ObjectNode) one);
        variants.put(variant.name(), variant);
      });
      return variants;
    }

    Stream<Variant> all() {
      return Stream.concat(variants.values().stream(), shadows.values().stream());
    }

    boolean isAsync() {
      return config.hasNonNull("AsyncInferenceConfig");
    }
  }

  final String name;
  final String arn;
  final double created;
  double modified;
  String status = "Creating";
  String failureReason = "";

  /** What serves; null until it first did. */
  @Nullable
  Fleet serving;

  /** What is to serve instead. */
  @Nullable
  Fleet coming;

  double comingSince;

  /** When, in seconds, what is coming gets requests, and when it has them all and is watched. */
  double activatingFrom;

  double bakingFrom;

  @Nullable
  ObjectNode deployment;

  /** Counts what was begun, so that an end that comes late is known as such. */
  int transition;

  EndpointState(String name, String arn, double now) {
    this.name = name;
    this.arn = arn;
    created = now;
    modified = now;
  }

  boolean serves() {
    return serving != null && SERVING.contains(status);
  }

  boolean isInProgress() {
    return switch (status) {
      case "InService", "Failed", "OutOfService", "UpdateRollbackFailed" -> false;
      default -> true;
    };
  }

  boolean uses(String configName, String model) {
    return coming != null
        && (coming.configName().equals(configName)
            || coming.all().anyMatch(variant -> variant.model().equals(model)));
  }

  Stream<Variant> fleets() {
    return Stream.concat(
        serving == null ? Stream.empty() : serving.all(),
        coming == null ? Stream.empty() : coming.all());
  }

  /** {@return what DescribeEndpoint says at this second} */
  ObjectNode describe(double at) {
    ObjectNode said = Json.object();
    said.put("EndpointName", name);
    said.put("EndpointArn", arn);
    said.put("EndpointStatus", status);
    said.put("CreationTime", created);
    said.put("LastModifiedTime", modified);
    if (!failureReason.isEmpty()) {
      said.put("FailureReason", failureReason);
    }
    Fleet now = serving == null ? coming : serving;
    if (now != null) {
      said.put("EndpointConfigName", now.configName());
      Json.copy(now.config(), said, "AsyncInferenceConfig", "ExplainerConfig");
      if (now.config().hasNonNull("DataCaptureConfig")) {
        said.set("DataCaptureConfig", capture((ObjectNode) now.config().get("DataCaptureConfig")));
      }
    }
    if (serving != null) {
      describe(serving, said, "");
    }
    if (coming != null) {
      ObjectNode pending = said.putObject("PendingDeploymentSummary");
      pending.put("EndpointConfigName", coming.configName());
      pending.put("StartTime", comingSince);
      describe(coming, pending, comingStatus(at));
    }
    if (deployment != null) {
      said.set("LastDeploymentConfig", deployment.deepCopy());
    }
    return said;
  }

  private String comingStatus(double now) {
    if (serving == null || now < activatingFrom) {
      return "Creating";
    }
    return now < bakingFrom ? "ActivatingTraffic" : "Baking";
  }

  private void describe(Fleet fleet, ObjectNode said, String variantStatus) {
    describe(fleet.variants(), said.putArray("ProductionVariants"), variantStatus);
    if (!fleet.shadows().isEmpty()) {
      describe(fleet.shadows(), said.putArray("ShadowProductionVariants"), variantStatus);
    }
  }

  private void describe(Map<String, Variant> variants, ArrayNode said, String variantStatus) {
    for (Variant variant : variants.values()) {
      ObjectNode one = variant.describe();
      boolean isResized = status.equals("Updating") && variant.count != variant.desiredCount;
      String current = variantStatus.isEmpty() && isResized ? "Updating" : variantStatus;
      if (!current.isEmpty()) {
        one.putArray("VariantStatus")
            .addObject()
            .put("Status", current)
            .put("StartTime", variantStatus.isEmpty() ? modified : comingSince);
      }
      said.add(one);
    }
  }

  private static ObjectNode capture(ObjectNode config) {
    ObjectNode said = Json.object();
    said.put("EnableCapture", config.path("EnableCapture").asBoolean());
    said.put("CaptureStatus", "Started");
    said.put(
        "CurrentSamplingPercentage", config.path("InitialSamplingPercentage").asInt());
    said.put("DestinationS3Uri", config.path("DestinationS3Uri").asText());
    said.put("KmsKeyId", config.path("KmsKeyId").asText(""));
    return said;
  }
}
