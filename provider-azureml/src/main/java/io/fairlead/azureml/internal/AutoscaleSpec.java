package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlAutoscaling;
import io.fairlead.azureml.AzureMlAutoscaling.Metric;
import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.reconcile.KindName;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The rules by which the number of a variant's instances follows the load: an autoscale setting of Azure Monitor.
 *
 * @param min the fewest instances
 * @param max the most instances
 * @param rules the rules
 * @param endpoint the fingerprint of the variant, so that the setting of another deployment is not taken for its own
 * @param tags the tags of the user
 */
record AutoscaleSpec(
    int min, int max, AzureMlAutoscaling rules, String endpoint, SortedMap<String, String> tags) {
  static final KindName<AutoscaleSpec> KIND = new KindName<>("autoscale", AutoscaleSpec.class);

  /** Azure Monitor takes 15 tags, of which the library needs some. */
  static final int MOST_TAGS = 11;

  private static final String FINGERPRINT = AzureMlTags.PREFIX + "endpoint";

  AutoscaleSpec {
    tags = new TreeMap<>(tags);
  }

  /** {@return a setting; empty if others have disabled it, or made it of rules that are not known here} */
  static Optional<AutoscaleSpec> of(Document setting) {
    List<Document> profiles = setting.all("properties", "profiles");
    boolean isEnabled = setting.text("properties", "enabled").orElse("true").equals("true");
    if (profiles.size() != 1 || !isEnabled) {
      return Optional.empty();
    }
    Document profile = profiles.get(0);
    SortedMap<String, String> tags = setting.texts("tags");
    return rules(profile.all("rules"))
        .map(rules -> new AutoscaleSpec(
            profile.number("capacity", "minimum").orElse(0),
            profile.number("capacity", "maximum").orElse(0),
            rules,
            tags.getOrDefault(FINGERPRINT, ""),
            AzureMlTags.users(tags)));
  }

  private static Optional<AzureMlAutoscaling> rules(List<Document> rules) {
    if (rules.size() != 2) {
      return Optional.empty();
    }
    Document up = rules.get(0);
    Document down = rules.get(1);
    Optional<Metric> metric = List.of(Metric.values()).stream()
        .filter(one -> up.text("metricTrigger", "metricName").equals(Optional.of(one.azureName())))
        .findFirst();
    Optional<Integer> above = up.number("metricTrigger", "threshold");
    Optional<Integer> below = down.number("metricTrigger", "threshold");
    boolean areOfOneKind =
        List.of("metricTrigger/metricName", "metricTrigger/timeWindow", "scaleAction/cooldown")
                .stream()
                .map(field -> field.split("/", -1))
                .allMatch(field -> up.text(field).equals(down.text(field)))
            && List.of(up, down).stream()
                .allMatch(rule -> rule.text("scaleAction", "value").equals(Optional.of("1")));
    if (metric.isEmpty() || above.isEmpty() || below.isEmpty() || !areOfOneKind) {
      return Optional.empty();
    }
    try {
      AzureMlAutoscaling read = switch (metric.get()) {
        case CPU -> AzureMlAutoscaling.cpu(above.get(), below.get());
        case GPU -> AzureMlAutoscaling.gpu(above.get(), below.get());
        case REQUEST_LATENCY -> AzureMlAutoscaling.requestLatency(above.get(), below.get());
      };
      return Optional.of(
          read.withWindow(Duration.parse(up.text("metricTrigger", "timeWindow").orElse("")))
              .withCooldown(Duration.parse(up.text("scaleAction", "cooldown").orElse(""))));
    } catch (DateTimeException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** {@return whether the options can express it} */
  boolean isKnown() {
    return min >= 1 && min <= max;
  }

  /** {@return a document with the setting, in which all else stays, without region and owner} */
  Document writtenTo(Document document, AzureMlNames names, String path) {
    Document capacity = Document.EMPTY
        .with(String.valueOf(min), "minimum")
        .with(String.valueOf(max), "maximum")
        .with(String.valueOf(min), "default");
    Document profile = Document.EMPTY
        .with("load", "name")
        .with(capacity, "capacity")
        .with(
            List.of(
                rule(names, path, "GreaterThan", rules.addAbove(), "Increase"),
                rule(names, path, "LessThan", rules.removeBelow(), "Decrease")),
            "rules");
    SortedMap<String, String> all = new TreeMap<>(tags);
    all.put(FINGERPRINT, endpoint);
    return document
        .with(names.deploymentId(path), "properties", "targetResourceUri")
        .with(true, "properties", "enabled")
        .with(List.of(profile), "properties", "profiles")
        .with(all, "tags");
  }

  private Document rule(
      AzureMlNames names, String path, String operator, int threshold, String direction) {
    String measured = rules.metric().isOfDeployment()
        ? names.deploymentId(path)
        : names.endpointId(AzureMlNames.endpointOf(path));
    Document trigger = Document.EMPTY
        .with(rules.metric().azureName(), "metricName")
        .with(measured, "metricResourceUri")
        .with("PT1M", "timeGrain")
        .with("Average", "statistic")
        .with(rules.window().toString(), "timeWindow")
        .with("Average", "timeAggregation")
        .with(operator, "operator")
        .with(threshold, "threshold");
    Document action = Document.EMPTY
        .with(direction, "direction")
        .with("ChangeCount", "type")
        .with("1", "value")
        .with(rules.cooldown().toString(), "cooldown");
    return Document.EMPTY.with(trigger, "metricTrigger").with(action, "scaleAction");
  }
}
