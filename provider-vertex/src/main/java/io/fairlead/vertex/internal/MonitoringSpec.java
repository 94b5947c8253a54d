package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringObjectiveConfig;
import com.google.cloud.aiplatform.v1.ModelMonitoringAlertConfig;
import com.google.cloud.aiplatform.v1.ModelMonitoringObjectiveConfig.PredictionDriftDetectionConfig;
import com.google.cloud.aiplatform.v1.ThresholdConfig;
import io.fairlead.reconcile.Desired;
import io.fairlead.reconcile.KindName;
import io.fairlead.vertex.VertexMonitoring;
import io.fairlead.vertex.internal.values.VertexTimes;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The state of a variant's monitoring, including the job's settings for all variants. Unlike the option, it may have
 * any value that was set by hand.
 *
 * @param labels the user's labels of the job
 */
record MonitoringSpec(
    SortedMap<String, Double> driftThresholds,
    double defaultDriftThreshold,
    double samplingRate,
    Duration interval,
    List<String> alertEmails,
    String predictInstanceSchema,
    SortedMap<String, String> labels) {
  static final KindName<MonitoringSpec> KIND = new KindName<>("monitoring", MonitoringSpec.class);

  /**
   * A variant's monitoring, in a job that other variants of the endpoint may share.
   *
   * @param value the variant's monitoring, with its labels
   * @param configured the labels of all that is created
   */
  record Shared(MonitoringSpec value, Map<String, String> configured)
      implements Desired<MonitoringSpec> {
    @Override
    public MonitoringSpec from(Optional<MonitoringSpec> actual) {
      SortedMap<String, String> all = new TreeMap<>(value.labels());
      // As on the endpoint, the first value stays.
      actual.ifPresent(there -> all.putAll(there.labels()));
      configured.forEach((key, label) -> {
        if (label.equals(value.labels().get(key))) {
          all.put(key, label);
        }
      });
      return value.withLabels(all);
    }
  }

  static MonitoringSpec of(VertexMonitoring option) {
    return new MonitoringSpec(
        new TreeMap<>(option.driftThresholds()),
        option.defaultDriftThreshold().orElse(0.0),
        option.samplingRate(),
        option.interval(),
        option.alertEmails(),
        option.predictInstanceSchema().orElse(""),
        Collections.emptySortedMap());
  }

  static MonitoringSpec of(
      ModelDeploymentMonitoringJob job, ModelDeploymentMonitoringObjectiveConfig objective) {
    PredictionDriftDetectionConfig drift =
        objective.getObjectiveConfig().getPredictionDriftDetectionConfig();
    SortedMap<String, Double> thresholds = new TreeMap<>();
    drift
        .getDriftThresholdsMap()
        .forEach((feature, threshold) -> thresholds.put(feature, threshold.getValue()));
    return new MonitoringSpec(
        thresholds,
        drift.getDefaultDriftThreshold().getValue(),
        job.getLoggingSamplingStrategy().getRandomSampleConfig().getSampleRate(),
        VertexTimes.duration(job.getModelDeploymentMonitoringScheduleConfig().getMonitorInterval()),
        job.getModelMonitoringAlertConfig().getEmailAlertConfig().getUserEmailsList().stream()
            .sorted()
            .toList(),
        job.getPredictInstanceSchemaUri(),
        VertexTags.users(job.getLabelsMap()));
  }

  MonitoringSpec withLabels(SortedMap<String, String> newLabels) {
    return new MonitoringSpec(
        driftThresholds,
        defaultDriftThreshold,
        samplingRate,
        interval,
        alertEmails,
        predictInstanceSchema,
        newLabels);
  }

  /** Writes it into an objective; other settings of the objective are kept. */
  void into(ModelDeploymentMonitoringObjectiveConfig.Builder objective) {
    PredictionDriftDetectionConfig.Builder drift =
        objective.getObjectiveConfigBuilder().getPredictionDriftDetectionConfigBuilder();
    drift.clearDriftThresholds().clearDefaultDriftThreshold();
    driftThresholds.forEach(
        (feature, threshold) -> drift.putDriftThresholds(feature, threshold(threshold)));
    if (defaultDriftThreshold != 0) {
      drift.setDefaultDriftThreshold(threshold(defaultDriftThreshold));
    }
  }

  private static ThresholdConfig threshold(double value) {
    return ThresholdConfig.newBuilder().setValue(value).build();
  }

  /**
   * Writes the settings for all variants into a job; other alert recipients and the labels that it has are kept.
   *
   * @param configured the labels of all that is created, which replace those that it has
   */
  void into(ModelDeploymentMonitoringJob.Builder job, Map<String, String> configured) {
    labels.forEach((key, value) -> {
      if (!job.containsLabels(key) || value.equals(configured.get(key))) {
        job.putLabels(key, value);
      }
    });
    job.getModelDeploymentMonitoringScheduleConfigBuilder()
        .setMonitorInterval(VertexTimes.proto(interval));
    job.getLoggingSamplingStrategyBuilder()
        .getRandomSampleConfigBuilder()
        .setSampleRate(samplingRate);
    ModelMonitoringAlertConfig.Builder alert = job.getModelMonitoringAlertConfigBuilder();
    alert.clearEmailAlertConfig();
    if (!alertEmails.isEmpty()) {
      alert.getEmailAlertConfigBuilder().addAllUserEmails(alertEmails);
    }
  }
}
