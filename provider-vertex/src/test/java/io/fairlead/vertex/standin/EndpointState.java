package io.fairlead.vertex.standin;

import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.Endpoint;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An endpoint, what is deployed to it, and how its requests are divided. */
final class EndpointState {
  final ResourceName name;
  final Duration created;
  final Map<String, DeployedModel> deployed = new LinkedHashMap<>();

  /** What is being deployed to it. */
  final Map<String, DeployedModel> coming = new LinkedHashMap<>();

  final Map<String, Integer> split = new TreeMap<>();

  /** What it was created with and updated to; what the others of these fields say is not in it. */
  Endpoint spec;

  String etag = "";
  String monitoringJob = "";

  /** How far each deployed model is behind its share of the requests. */
  private final Map<String, Integer> credits = new TreeMap<>();

  EndpointState(ResourceName name, Duration created, Endpoint spec) {
    this.name = name;
    this.created = created;
    this.spec = spec;
  }

  void split(Map<String, Integer> newSplit) {
    split.clear();
    split.putAll(newSplit);
    credits.clear();
  }

  /** {@return whose turn it is, so that every 100 requests are divided exactly; null if nothing gets any} */
  @Nullable
  DeployedModel next() {
    String next = null;
    for (Map.Entry<String, Integer> share : split.entrySet()) {
      int credit = credits.merge(share.getKey(), share.getValue(), Integer::sum);
      if (share.getValue() > 0 && (next == null || credit > credits.get(next))) {
        next = share.getKey();
      }
    }
    if (next == null) {
      return null;
    }
    credits.merge(next, -100, Integer::sum);
    return deployed.get(next);
  }
}
