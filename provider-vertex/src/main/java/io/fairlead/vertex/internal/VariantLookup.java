package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeployedModel;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
import io.fairlead.provider.TimeSource;
import io.fairlead.vertex.internal.values.DeployedModelName;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A lookup of variants by the ids of deployed models in answers, cached for each endpoint. */
final class VariantLookup {
  /** The time without another attempt after a failed lookup, because each answer would wait for it. */
  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofMinutes(1);
  /** The maximum time that an answer waits for its variant's name; the first lookup loads the SDK's classes. */
  private static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(10);

  private final PredictionTargetCache targets;
  private final TimeSource time;
  private final Map<String, Known> known = new ConcurrentHashMap<>();

  VariantLookup(PredictionTargetCache targets, TimeSource time) {
    this.targets = targets;
    this.time = time;
  }

  /** {@return the name of a deployed model: its variant, or its id if it is foreign} */
  static String name(DeployedModel model) {
    return DeployedModelName.variant(model).orElse(model.getId());
  }

  /**
   * {@return the variant of a deployed model; its id if the lookup fails}
   *
   * @param endpoint the endpoint that was invoked
   * @param deadline the limit on the lookup
   */
  String of(Endpoint endpoint, String deployedModelId, Deadline deadline) {
    Known ofEndpoint = known.computeIfAbsent(endpoint.name(), name -> new Known());
    String variant = ofEndpoint.variants.get(deployedModelId);
    if (variant != null) {
      return variant;
    }
    if (deployedModelId.equals(VertexNames.deployedModelId(endpoint.routing().path()))) {
      ofEndpoint.variants.put(deployedModelId, endpoint.routing().variant());
      return endpoint.routing().variant();
    }
    return deadline.hasPassed()
        ? deployedModelId
        : ofEndpoint.lookUp(endpoint, deployedModelId, deadline);
  }

  /** The variants of one endpoint. */
  private final class Known {
    private final Map<String, String> variants = new ConcurrentHashMap<>();
    /** Many answers of a new variant share one lookup. */
    private final ReentrantLock lock = new ReentrantLock();

    private @Nullable Duration pausedUntil;

    String lookUp(Endpoint endpoint, String deployedModelId, Deadline deadline) {
      lock.lock();
      try {
        String variant = variants.get(deployedModelId);
        boolean isPaused = pausedUntil != null && time.elapsed().compareTo(pausedUntil) < 0;
        if (variant != null || isPaused) {
          return variant == null ? deployedModelId : variant;
        }
        var asked = targets.get(
            "Reading the variants of endpoint '" + endpoint.name() + "'",
            endpoint.name(),
            Deadline.after(Durations.atMost(LOOKUP_TIMEOUT, deadline.left()), time));
        Map<String, String> found = new HashMap<>();
        for (DeployedModel model : asked.getDeployedModelsList()) {
          found.put(model.getId(), name(model));
        }
        // A model that was undeployed since its answer is not looked up again.
        found.putIfAbsent(deployedModelId, deployedModelId);
        variants.putAll(found);
        variants.keySet().retainAll(found.keySet());
        return found.get(deployedModelId);
      } catch (ServingException e) {
        // The answer is returned, even if the variant's name is unknown.
        pausedUntil = time.elapsed().plus(PAUSE_AFTER_FAILURE);
        return deployedModelId;
      } finally {
        lock.unlock();
      }
    }
  }
}
