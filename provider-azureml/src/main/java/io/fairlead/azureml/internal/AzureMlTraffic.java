package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.Traffic;
import io.fairlead.reconcile.TrafficSetting;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The traffic of an endpoint.
 *
 * <p>Azure ML has no revisions, and a PUT replaces the whole endpoint: it is read again just before, refused if its
 * traffic is not what the change was computed from, and written with all else as it was.
 */
final class AzureMlTraffic implements TrafficSetting {
  private static final String[] TRAFFIC = {"properties", "traffic"};
  private static final String[] MIRROR = {"properties", "mirrorTraffic"};

  private final Workspace workspace;
  private final Endpoints endpoints;

  AzureMlTraffic(Workspace workspace, Endpoints endpoints) {
    this.workspace = workspace;
    this.endpoints = endpoints;
  }

  @Override
  public Observed<Traffic> read(String name, Look look) {
    return endpoints
        .find(name, look)
        .map(endpoint -> AzureMlTags.withOwner(observed(endpoint), endpoint.texts("tags")))
        .orElseGet(Observed::absent);
  }

  private Observed<Traffic> observed(Document endpoint) {
    return switch (Endpoints.state(endpoint)) {
      case "Creating", "Updating" -> Observed.changing(Endpoints.state(endpoint));
      case "Deleting" -> Observed.deleting();
      // It divides requests as it did before a change that failed.
      default -> Observed.ready(traffic(endpoint));
    };
  }

  static Traffic traffic(Document endpoint) {
    // Others may have left another sum than 100, or deleted a variant with its share.
    return Traffic.inProportion(percents(endpoint, TRAFFIC));
  }

  /** {@return a variant's share of the requests, in percent} */
  static int percent(Document endpoint, String variant) {
    return percents(endpoint, TRAFFIC).getOrDefault(variant, 0);
  }

  /** {@return the share of the requests that a variant gets a copy of, in percent} */
  static int mirrored(Document endpoint, String variant) {
    return percents(endpoint, MIRROR).getOrDefault(variant, 0);
  }

  private static SortedMap<String, Integer> percents(Document endpoint, String[] field) {
    SortedMap<String, Integer> percents = new TreeMap<>();
    endpoint
        .inside(field)
        .ifPresent(document -> document
            .names()
            .forEach(variant ->
                document.number(variant).ifPresent(percent -> percents.put(variant, percent))));
    return percents;
  }

  @Override
  public Accepted write(String name, Observed<Traffic> current, Traffic desired) {
    Document now =
        workspace.endpoint(name).orElseThrow(() -> AzureMlFailures.gone("endpoint " + name));
    if (isChanging(now) || !Optional.of(traffic(now)).equals(current.value())) {
      throw AzureMlFailures.overtaken("traffic of endpoint " + name);
    }
    return workspace.putEndpoint(
        name, withoutMirrorOf(desired, now).withNumbers(desired.weights(), TRAFFIC));
  }

  /** {@return whether a change is in progress, during which the document may be that of before} */
  private static boolean isChanging(Document endpoint) {
    String state = Endpoints.state(endpoint);
    return state.equals("Creating") || state.equals("Updating");
  }

  /** {@return the document without the mirror of a variant that gets requests of its own, which cannot have both} */
  private static Document withoutMirrorOf(Traffic desired, Document endpoint) {
    SortedMap<String, Integer> mirrored = percents(endpoint, MIRROR);
    boolean changes = mirrored.keySet().removeIf(variant -> desired.of(variant) > 0);
    return changes ? endpoint.withNumbers(mirrored, MIRROR) : endpoint;
  }

  /** Sets the share of the requests that a variant gets a copy of; 0 for none. */
  Accepted mirror(String name, String variant, int percent) {
    Document now =
        workspace.endpoint(name).orElseThrow(() -> AzureMlFailures.gone("endpoint " + name));
    if (mirrored(now, variant) == percent) {
      return Accepted.VISIBLE;
    }
    if (isChanging(now)) {
      throw AzureMlFailures.overtaken("endpoint " + name);
    }
    SortedMap<String, Integer> mirrored = percents(now, MIRROR);
    mirrored.remove(variant);
    if (percent > 0) {
      mirrored.put(variant, percent);
    }
    return workspace.putEndpoint(name, now.withNumbers(mirrored, MIRROR));
  }

  /** {@return the other variant that gets a copy of requests; empty if there is none} */
  static Optional<String> otherMirror(Document endpoint, String variant) {
    return percents(endpoint, MIRROR).entrySet().stream()
        .filter(entry -> entry.getValue() > 0 && !entry.getKey().equals(variant))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  @Override
  public Outcome poll(String operation) {
    return workspace.poll(operation);
  }
}
