package io.fairlead.sagemaker.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** A variant of an endpoint: what its configuration says, and what it has been changed to since. */
final class Variant {
  private final ObjectNode config;
  double weight;
  double desiredWeight;
  int count;
  int desiredCount;
  ObjectNode serverless;
  ObjectNode desiredServerless;

  /** What smooth weighted round robin has saved up for it. */
  double credit;

  Variant(ObjectNode config) {
    this.config = config;
    weight = config.path("InitialVariantWeight").asDouble(1);
    desiredWeight = weight;
    count = config.path("InitialInstanceCount").asInt(0);
    desiredCount = count;
    serverless = isServerless() ? config.get("ServerlessConfig").deepCopy() : Json.object();
    desiredServerless = serverless;
  }

  String name() {
    return config.get("VariantName").asText();
  }

  String model() {
    return config.path("ModelName").asText("");
  }

  String instanceType() {
    return config.path("InstanceType").asText("");
  }

  boolean isServerless() {
    return config.hasNonNull("ServerlessConfig");
  }

  void keepWeight(Variant old) {
    weight = old.desiredWeight;
    desiredWeight = old.desiredWeight;
  }

  void keepCount(Variant old) {
    count = old.desiredCount;
    desiredCount = old.desiredCount;
  }

  /** Becomes what was desired. */
  void settle() {
    weight = desiredWeight;
    count = desiredCount;
    serverless = desiredServerless;
  }

  /** Gives up what was desired. */
  void revert() {
    desiredWeight = weight;
    desiredCount = count;
    desiredServerless = serverless;
  }

  ObjectNode describe() {
    ObjectNode said = Json.object();
    said.put("VariantName", name());
    said.put("CurrentWeight", weight);
    said.put("DesiredWeight", desiredWeight);
    if (isServerless()) {
      said.set("CurrentServerlessConfig", serverless.deepCopy());
      said.set("DesiredServerlessConfig", desiredServerless.deepCopy());
    } else {
      said.put("CurrentInstanceCount", count);
      said.put("DesiredInstanceCount", desiredCount);
    }
    Json.copy(config, said, "ManagedInstanceScaling", "RoutingConfig");
    return said;
  }
}
