package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringObjectiveConfig;
import com.google.cloud.aiplatform.v1.ModelMonitoringAlertConfig;
import com.google.cloud.aiplatform.v1.ModelMonitoringObjectiveConfig.PredictionDriftDetectionConfig;
import com.google.cloud.aiplatform.v1.ThresholdConfig;
import io.fairlead.reconcile.KindName;
import io.fairlead.vertex.VertexMonitoring;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The state of a variant's monitoring, including the job's settings for all variants. Unlike the option, it may have
 * any value that was set by hand.
 */
record MonitoringSpec(
    SortedMap<String, Double> driftThresholds,
    double defaultDriftThreshold,
    double samplingRate,
    Duration interval,
    List<String> alertEmails,
    String predictInstanceSchema) {
  static final KindName<MonitoringSpec> KIND = new KindName<>("monitoring", MonitoringSpec.class);

  static MonitoringSpec of(VertexMonitoring option) {
    return new MonitoringSpec(
        new TreeMap<>(option.driftThresholds()),
        option.defaultDriftThreshold().orElse(0.0),
        option.samplingRate(),
        option.interval(),
        option.alertEmails(),
        option.predictInstanceSchema().orElse(""));
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
        job.getPredictInstanceSchemaUri());
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

  /** Writes the settings for all variants into a job; other alert recipients are kept. */
  void into(ModelDeploymentMonitoringJob.Builder job) {
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
