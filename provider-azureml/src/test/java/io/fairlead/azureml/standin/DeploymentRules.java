package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** What the document of a managed deployment has to keep to, whatever else there is. */
final class DeploymentRules {
  static final int MOST_INSTANCES = 50;

  private static final Duration LONGEST_REQUEST = Duration.ofMinutes(3);

  private DeploymentRules() {}

  static void check(String name, ObjectNode body, @Nullable DeploymentState old) {
    JsonNode properties = body.path("properties");
    if (!Endpoints.NAME.matcher(name).matches()) {
      throw wrong("The deployment name " + name + " is invalid: it has to begin with a letter, and"
          + " to consist of 3 to 32 letters, digits and single dashes.");
    }
    if (Json.text(body, "location").isEmpty()) {
      throw AzureError.of(
          400, "LocationRequired", "The location property is required for this definition.");
    }
    if (!Json.text(properties, "endpointComputeType").equals("Managed")) {
      throw AzureError.badRequest("ValidationError", "The endpointComputeType has to be Managed.");
    }
    if (!Json.text(properties.path("scaleSettings"), "scaleType").matches("|Default")) {
      throw wrong("Managed deployments have scale settings of type Default only.");
    }
    JsonNode code = properties.path("codeConfiguration");
    if (code.isObject() && Json.text(code, "scoringScript").isEmpty()) {
      throw AzureError.badRequest("ValidationError", "The scoringScript field is required.");
    }
    checkSku(body, old == null ? null : old.put);
    checkRequests(properties.path("requestSettings"));
    String instanceType = Json.text(properties, "instanceType");
    if (old != null
        && !instanceType.isEmpty()
        && !instanceType.equals(old.property("instanceType"))) {
      throw wrong("The instanceType cannot be changed.");
    }
  }

  static void checkSku(ObjectNode body, @Nullable ObjectNode old) {
    if (!body.hasNonNull("sku")) {
      return;
    }
    JsonNode sku = body.get("sku");
    if (Json.text(sku, "name").isEmpty()) {
      throw AzureError.badRequest("ValidationError", "The name of the sku is required.");
    }
    boolean isLeftOut = old != null && !sku.has("capacity");
    int capacity = sku.path("capacity").asInt(1);
    if (!isLeftOut && (capacity < 1 || capacity > MOST_INSTANCES)) {
      throw wrong(
          "The capacity is " + capacity + ", and has to be within 1 and " + MOST_INSTANCES + ".");
    }
  }

  private static void checkRequests(JsonNode settings) {
    String timeout = Json.text(settings, "requestTimeout");
    try {
      if (!timeout.isEmpty() && Duration.parse(timeout).compareTo(LONGEST_REQUEST) > 0) {
        throw wrong("The requestTimeout " + timeout + " is above " + LONGEST_REQUEST + ".");
      }
    } catch (DateTimeParseException e) {
      throw AzureError.badRequest(
          "ValidationError", "The requestTimeout is no duration: " + timeout);
    }
    if (settings.path("maxConcurrentRequestsPerInstance").asInt(1) < 1) {
      throw wrong("The maxConcurrentRequestsPerInstance has to be 1 or more.");
    }
  }

  private static AzureError wrong(String message) {
    return AzureError.badRequest("BadArgument", message);
  }
}
