package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Watches what a variant is asked for drift from one interval to the next, for {@link io.fairlead.grammar.Routing#with}.
 *
 * <p>The thresholds are the variant's. All else is the endpoint's, whose variants one job watches: the last deployment
 * that says it decides, and the predict instance schema cannot be changed while the job is there. What is looked at is
 * written to BigQuery, into a dataset of Vertex AI's making that stays when the endpoint goes.
 *
 * @param driftThresholds the distance from which an alert is raised, by feature, above 0 and at most 1; sorted by feature
 * @param defaultDriftThreshold the same for each feature that has none of its own; 0 not to watch those
 * @param samplingRate the share of requests that is looked at, above 0 and at most 1
 * @param interval how often drift is looked for, in whole hours
 * @param alertEmails who is written to; sorted, may be empty
 * @param predictInstanceSchema where the YAML schema of an instance is in Cloud Storage; empty to infer it from requests
 */
public record VertexMonitoring(
    Map<String, Double> driftThresholds,
    double defaultDriftThreshold,
    double samplingRate,
    Duration interval,
    List<String> alertEmails,
    String predictInstanceSchema)
    implements RoutingOptions {
  private static final Duration DAY = Duration.ofHours(24);
  private static final Pattern EMAIL = Pattern.compile("[^@\\s]+@[^@\\s]+");
  private static final Pattern OBJECT = Pattern.compile("gs://[^/\\s]+/\\S+");

  public VertexMonitoring {
    driftThresholds = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(driftThresholds)));
    requireNonNull(interval, "interval");
    alertEmails = alertEmails.stream().distinct().sorted().toList();
    requireNonNull(predictInstanceSchema, "predictInstanceSchema");
    Problems problems = Problems.in("VertexMonitoring");
    driftThresholds.forEach((feature, threshold) -> problems
        .check(!feature.isBlank(), "driftThresholds", "must not have a blank feature", feature)
        .check(
            isShare(threshold),
            "driftThresholds." + feature,
            "must be above 0 and at most 1",
            threshold));
    problems
        .check(
            defaultDriftThreshold == 0 || isShare(defaultDriftThreshold),
            "defaultDriftThreshold",
            "must be above 0 and at most 1, or 0 for none",
            defaultDriftThreshold)
        .check(
            !driftThresholds.isEmpty() || defaultDriftThreshold != 0,
            "driftThresholds",
            "must have a feature where there is no defaultDriftThreshold",
            driftThresholds)
        .check(isShare(samplingRate), "samplingRate", "must be above 0 and at most 1", samplingRate)
        .check(
            interval.toHours() >= 1 && interval.equals(Duration.ofHours(interval.toHours())),
            "interval",
            "must be whole hours, 1 or more",
            interval)
        .check(
            predictInstanceSchema.isEmpty()
                || OBJECT.matcher(predictInstanceSchema).matches(),
            "predictInstanceSchema",
            "must be a gs:// object",
            predictInstanceSchema);
    for (String email : alertEmails) {
      problems.check(
          EMAIL.matcher(email).matches(), "alertEmails", "must be addresses of e-mail", email);
    }
    problems.throwIfAny();
    // Not -0.0, which is not equal to 0.
    defaultDriftThreshold = Math.abs(defaultDriftThreshold);
  }

  private static boolean isShare(double value) {
    return value > 0 && value <= 1;
  }

  /** {@return a daily look at some features, over all requests, that writes to nobody} */
  public static VertexMonitoring drift(Map<String, Double> thresholds) {
    return new VertexMonitoring(thresholds, 0, 1, DAY, List.of(), "");
  }

  /** {@return a daily look at all features, over all requests, that writes to nobody} */
  public static VertexMonitoring drift(double defaultThreshold) {
    return new VertexMonitoring(Map.of(), defaultThreshold, 1, DAY, List.of(), "");
  }

  public VertexMonitoring withDriftThresholds(Map<String, Double> newThresholds) {
    return new VertexMonitoring(
        newThresholds,
        defaultDriftThreshold,
        samplingRate,
        interval,
        alertEmails,
        predictInstanceSchema);
  }

  public VertexMonitoring withDefaultDriftThreshold(double newThreshold) {
    return new VertexMonitoring(
        driftThresholds, newThreshold, samplingRate, interval, alertEmails, predictInstanceSchema);
  }

  public VertexMonitoring withSamplingRate(double newRate) {
    return new VertexMonitoring(
        driftThresholds,
        defaultDriftThreshold,
        newRate,
        interval,
        alertEmails,
        predictInstanceSchema);
  }

  public VertexMonitoring withInterval(Duration newInterval) {
    return new VertexMonitoring(
        driftThresholds,
        defaultDriftThreshold,
        samplingRate,
        newInterval,
        alertEmails,
        predictInstanceSchema);
  }

  public VertexMonitoring withAlertEmails(String... newEmails) {
    return new VertexMonitoring(
        driftThresholds,
        defaultDriftThreshold,
        samplingRate,
        interval,
        List.of(newEmails),
        predictInstanceSchema);
  }

  public VertexMonitoring withPredictInstanceSchema(String newSchema) {
    return new VertexMonitoring(
        driftThresholds, defaultDriftThreshold, samplingRate, interval, alertEmails, newSchema);
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
