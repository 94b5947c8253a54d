package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** What the service says of a deployment whose document does not. */
final class DeploymentDefaults {
  private DeploymentDefaults() {}

  /** {@return what is kept of a document, with what the service adds where it says nothing} */
  static ObjectNode completed(ObjectNode body, @Nullable ObjectNode old) {
    ObjectNode put = Endpoints.stored(body, old);
    ObjectNode sku = Json.within(put, "sku");
    if (!sku.hasNonNull("name")) {
      sku.put("name", "Default");
    }
    if (!sku.hasNonNull("capacity")) {
      sku.put("capacity", 1);
    }
    ObjectNode properties = Json.within(put, "properties");
    complete(properties, "instanceType", "Standard_F4s_v2");
    complete(properties, "egressPublicNetworkAccess", "Enabled");
    if (!properties.hasNonNull("appInsightsEnabled")) {
      properties.put("appInsightsEnabled", false);
    }
    complete(Json.within(properties, "scaleSettings"), "scaleType", "Default");
    ObjectNode requests = Json.within(properties, "requestSettings");
    complete(requests, "requestTimeout", "PT5S");
    complete(requests, "maxQueueWait", "PT0.5S");
    if (!requests.hasNonNull("maxConcurrentRequestsPerInstance")) {
      requests.put("maxConcurrentRequestsPerInstance", 1);
    }
    completeVariables(properties);
    for (String probe : new String[] {"livenessProbe", "readinessProbe"}) {
      completeProbe(Json.within(properties, probe));
    }
    return put;
  }

  /** The variables by which the container finds what it is to serve are told with the others. */
  private static void completeVariables(ObjectNode properties) {
    ObjectNode variables = Json.within(properties, "environmentVariables");
    variables.put("AZUREML_MODEL_DIR", "/var/azureml-app/azureml-models/model/1");
    if (properties.has("codeConfiguration")) {
      variables.put("AML_APP_ROOT", "/var/azureml-app/code");
      variables.set(
          "AZUREML_ENTRY_SCRIPT", properties.get("codeConfiguration").get("scoringScript"));
    }
  }

  private static void completeProbe(ObjectNode probe) {
    complete(probe, "initialDelay", "PT10S");
    complete(probe, "period", "PT10S");
    complete(probe, "timeout", "PT2S");
    if (!probe.hasNonNull("successThreshold")) {
      probe.put("successThreshold", 1);
    }
    if (!probe.hasNonNull("failureThreshold")) {
      probe.put("failureThreshold", 30);
    }
  }

  private static void complete(ObjectNode node, String member, String value) {
    if (!node.hasNonNull(member)) {
      node.put(member, value);
    }
  }
}
