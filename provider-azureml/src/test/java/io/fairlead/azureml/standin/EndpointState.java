package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An endpoint: what it is to be, how its requests are divided, and what is deployed to it. */
final class EndpointState {
  final String name;
  final String created;
  final TreeMap<String, DeploymentState> deployments = new TreeMap<>();

  /** What was put, with what has been patched since. */
  ObjectNode put;

  /** What it was before the change that is at work on it; null if none is, or if there was nothing. */
  @Nullable
  ObjectNode before;

  String state = "Creating";
  String modified;
  String operationUrl = "";
  String primaryKey;
  String secondaryKey;
  boolean isReachable;

  /** How its requests are divided now, whatever is to come. */
  final TreeMap<String, Integer> traffic = new TreeMap<>();

  /** How far each deployment is behind its share of the requests. */
  private final TreeMap<String, Integer> credits = new TreeMap<>();

  EndpointState(String name, String now, ObjectNode put) {
    this.name = name;
    this.put = put;
    created = now;
    modified = now;
    primaryKey = "";
    secondaryKey = "";
  }

  boolean isBusy() {
    return switch (state) {
      case "Creating", "Updating", "Deleting" -> true;
      default -> false;
    };
  }

  String authMode() {
    return Json.text(put.path("properties"), "authMode");
  }

  /** {@return the shares that a document says} */
  static Map<String, Integer> shares(JsonNode document, String member) {
    Map<String, Integer> shares = new TreeMap<>();
    document
        .path("properties")
        .path(member)
        .properties()
        .forEach(share -> shares.put(share.getKey(), share.getValue().asInt()));
    return shares;
  }

  /** Divides requests from now on as its document says. */
  void settle() {
    isReachable = true;
    state = "Succeeded";
    before = null;
    Map<String, Integer> shares = shares(put, "traffic");
    if (!shares.equals(traffic)) {
      traffic.clear();
      traffic.putAll(shares);
      credits.clear();
    }
  }

  /** Takes a deployment that is gone out of the division. */
  void forget(String deployment) {
    deployments.remove(deployment);
    traffic.remove(deployment);
    credits.remove(deployment);
    for (String member : new String[] {"traffic", "mirrorTraffic"}) {
      if (put.path("properties").path(member) instanceof ObjectNode shares) {
        shares.remove(deployment);
      }
    }
  }

  /** {@return whose turn it is, so that every 100 requests are divided exactly; null if nothing gets any} */
  @Nullable
  DeploymentState next() {
    String next = null;
    int total = 0;
    for (Map.Entry<String, Integer> share : traffic.entrySet()) {
      if (share.getValue() > 0) {
        int credit = credits.merge(share.getKey(), share.getValue(), Integer::sum);
        total += share.getValue();
        if (next == null || credit > credits.get(next)) {
          next = share.getKey();
        }
      }
    }
    if (next == null) {
      return null;
    }
    credits.merge(next, -total, Integer::sum);
    return deployments.get(next);
  }
}
