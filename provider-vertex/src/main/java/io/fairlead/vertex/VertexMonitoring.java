package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Model monitoring: detects drift in a variant's requests from one interval to the next, for {@link
 * io.fairlead.grammar.Routing#with}.
 *
 * <p>The thresholds are the variant's. All else applies to the one monitoring job of the endpoint: the last
 * deployment with this option decides, and the predict instance schema cannot be changed while the job exists. The
 * monitored requests are logged to BigQuery, in a dataset that Vertex AI creates, and that is not deleted with the
 * endpoint.
 */
public final class VertexMonitoring extends Settings<VertexMonitoring.Draft>
    implements RoutingOptions {
  private static final Duration DAY = Duration.ofHours(24);
  private static final Pattern EMAIL = Pattern.compile("[^@\\s]+@[^@\\s]+");
  private static final Pattern OBJECT = Pattern.compile("gs://[^/\\s]+/\\S+");

  static final class Draft extends Settings.Draft {
    Map<String, Double> driftThresholds = Map.of();
    Optional<Double> defaultDriftThreshold = Optional.empty();
    double samplingRate = 1;
    Duration interval = DAY;
    List<String> alertEmails = List.of();
    Optional<String> predictInstanceSchema = Optional.empty();
  }

  private VertexMonitoring(Draft draft) {
    super(draft);
    draft.alertEmails = draft.alertEmails.stream().distinct().sorted().toList();
    Problems problems = Problems.in("VertexMonitoring");
    draft.driftThresholds.forEach((feature, threshold) -> problems
        .check(!feature.isBlank(), "driftThresholds", "must not have a blank feature", feature)
        .check(
            isShare(threshold),
            "driftThresholds." + feature,
            "must be above 0 and at most 1",
            threshold));
    draft.defaultDriftThreshold.ifPresent(threshold -> problems.check(
        isShare(threshold), "defaultDriftThreshold", "must be above 0 and at most 1", threshold));
    problems
        .check(
            !draft.driftThresholds.isEmpty() || draft.defaultDriftThreshold.isPresent(),
            "driftThresholds",
            "must have a feature where there is no defaultDriftThreshold",
            draft.driftThresholds)
        .check(
            isShare(draft.samplingRate),
            "samplingRate",
            "must be above 0 and at most 1",
            draft.samplingRate)
        .check(
            draft.interval.toHours() >= 1
                && draft.interval.equals(Duration.ofHours(draft.interval.toHours())),
            "interval",
            "must be whole hours, 1 or more",
            draft.interval);
    draft.predictInstanceSchema.ifPresent(schema -> problems.check(
        OBJECT.matcher(schema).matches(),
        "predictInstanceSchema",
        "must be a gs:// object",
        schema));
    for (String email : draft.alertEmails) {
      problems.check(
          EMAIL.matcher(email).matches(), "alertEmails", "must be e-mail addresses", email);
    }
    problems.throwIfAny();
  }

  private static boolean isShare(double value) {
    return value > 0 && value <= 1;
  }

  /** {@return daily monitoring of some features, over all requests, without e-mails} */
  public static VertexMonitoring drift(Map<String, Double> thresholds) {
    Draft draft = new Draft();
    draft.driftThresholds = thresholds;
    return new VertexMonitoring(draft);
  }

  /** {@return daily monitoring of all features, over all requests, without e-mails} */
  public static VertexMonitoring drift(double defaultThreshold) {
    Draft draft = new Draft();
    draft.defaultDriftThreshold = Optional.of(defaultThreshold);
    return new VertexMonitoring(draft);
  }

  /**
   * {@return the drift thresholds above which an alert is raised, by feature, above 0 and at most 1; sorted by
   * feature}
   */
  public Map<String, Double> driftThresholds() {
    return draft().driftThresholds;
  }

  /** {@return the threshold of each feature that has none of its own; without it, those are not monitored} */
  public Optional<Double> defaultDriftThreshold() {
    return draft().defaultDriftThreshold;
  }

  /** {@return the share of requests that are sampled, above 0 and at most 1} */
  public double samplingRate() {
    return draft().samplingRate;
  }

  /** {@return the interval of the monitoring, in whole hours} */
  public Duration interval() {
    return draft().interval;
  }

  /** {@return the e-mail addresses that get alerts; sorted, may be empty} */
  public List<String> alertEmails() {
    return draft().alertEmails;
  }

  /**
   * {@return the location of the YAML schema of an instance in Cloud Storage; without it, the schema is inferred from
   * requests}
   */
  public Optional<String> predictInstanceSchema() {
    return draft().predictInstanceSchema;
  }

  public VertexMonitoring withDriftThresholds(Map<String, Double> thresholds) {
    return new VertexMonitoring(with(draft -> draft.driftThresholds = thresholds));
  }

  public VertexMonitoring withDefaultDriftThreshold(double threshold) {
    return new VertexMonitoring(
        with(draft -> draft.defaultDriftThreshold = Optional.of(threshold)));
  }

  public VertexMonitoring withSamplingRate(double rate) {
    return new VertexMonitoring(with(draft -> draft.samplingRate = rate));
  }

  public VertexMonitoring withInterval(Duration interval) {
    return new VertexMonitoring(with(draft -> draft.interval = interval));
  }

  public VertexMonitoring withAlertEmails(String... emails) {
    return new VertexMonitoring(with(draft -> draft.alertEmails = List.of(emails)));
  }

  public VertexMonitoring withPredictInstanceSchema(String schema) {
    return new VertexMonitoring(with(draft -> draft.predictInstanceSchema = Optional.of(schema)));
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
