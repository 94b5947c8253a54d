package io.fairlead.sagemaker.internal;

import io.fairlead.sagemaker.SageMakerAsync;
import io.fairlead.sagemaker.SageMakerDataCapture;
import io.fairlead.sagemaker.SageMakerDataCapture.Captured;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerReplacement;
import io.fairlead.sagemaker.SageMakerReplacement.Steps;
import io.fairlead.sagemaker.SageMakerServerless;
import io.fairlead.sagemaker.SageMakerShadow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sagemaker.model.Alarm;
import software.amazon.awssdk.services.sagemaker.model.AsyncInferenceConfig;
import software.amazon.awssdk.services.sagemaker.model.AsyncInferenceNotificationConfig;
import software.amazon.awssdk.services.sagemaker.model.CapacitySize;
import software.amazon.awssdk.services.sagemaker.model.CapacitySizeType;
import software.amazon.awssdk.services.sagemaker.model.CaptureContentTypeHeader;
import software.amazon.awssdk.services.sagemaker.model.CaptureMode;
import software.amazon.awssdk.services.sagemaker.model.CaptureOption;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.DataCaptureConfig;
import software.amazon.awssdk.services.sagemaker.model.DeploymentConfig;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointConfigResponse;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariant;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantServerlessConfig;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantSummary;
import software.amazon.awssdk.services.sagemaker.model.TrafficRoutingConfigType;

/** The conversion of variants to AWS's requests, and from AWS's answers. */
final class VariantConversion {
  /** A variant whose model is unknown. */
  static final Variant UNKNOWN = new Variant(
      "",
      "",
      0,
      Optional.empty(),
      SageMakerInstances.DEFAULT,
      Optional.empty(),
      Optional.empty(),
      Optional.empty(),
      Optional.empty(),
      Optional.empty(),
      UserTags.NONE);

  /** Content types that are recorded as text; SageMaker records all others in Base64. */
  private static final CaptureContentTypeHeader READABLE = CaptureContentTypeHeader.builder()
      .csvContentTypes("text/csv")
      .jsonContentTypes("application/json")
      .build();

  private VariantConversion() {}

  // ---- to AWS ----

  static ProductionVariant write(String name, Variant variant, float weight) {
    return change(
        ProductionVariant.builder()
            .variantName(name)
            .initialVariantWeight(weight)
            .build(),
        variant);
  }

  /**
   * {@return AWS's production variant with the desired values; its weight and fields that Fairlead does not know are
   * kept}
   */
  static ProductionVariant change(ProductionVariant before, Variant variant) {
    ProductionVariant.Builder changed = before.toBuilder()
        .modelName(variant.model())
        .volumeSizeInGB(variant.instances().volumeGb().orElse(null))
        .modelDataDownloadTimeoutInSeconds(seconds(variant.instances().modelDownloadTimeout()))
        .containerStartupHealthCheckTimeoutInSeconds(seconds(variant.instances().startupTimeout()));
    variant.shadow().ifPresent(shadow -> changed.initialVariantWeight((float) shadow.percent()));
    return variant
        .serverless()
        .map(serverless -> changed.serverlessConfig(write(serverless)))
        .orElseGet(() ->
            changed.instanceType(variant.instanceType()).initialInstanceCount(variant.count()))
        .build();
  }

  private static ProductionVariantServerlessConfig write(SageMakerServerless serverless) {
    return ProductionVariantServerlessConfig.builder()
        .memorySizeInMB(serverless.memoryMb())
        .maxConcurrency(serverless.maxConcurrency())
        .provisionedConcurrency(orNull(serverless.provisionedConcurrency()))
        .build();
  }

  private static @Nullable Integer orNull(int number) {
    return number == 0 ? null : number;
  }

  static @Nullable Integer seconds(Optional<Duration> duration) {
    return duration.map(time -> (int) time.toSeconds()).orElse(null);
  }

  static Optional<Duration> seconds(@Nullable Integer seconds) {
    return Optional.ofNullable(seconds).map(Duration::ofSeconds);
  }

  static SageMakerInstances limits(Optional<Duration> download, Optional<Duration> startup) {
    SageMakerInstances limits = SageMakerInstances.DEFAULT;
    limits = download.map(limits::withModelDownloadTimeout).orElse(limits);
    return startup.map(limits::withStartupTimeout).orElse(limits);
  }

  /** Writes the variant's options of the whole endpoint; those that it does not set are kept. */
  static void writeShared(CreateEndpointConfigRequest.Builder wanted, Variant variant) {
    CreateEndpointConfigRequest now = wanted.build();
    variant
        .async()
        .filter(async -> !Optional.of(async).equals(readAsync(now.asyncInferenceConfig())))
        .ifPresent(async -> wanted.asyncInferenceConfig(write(async)));
    DataCaptureConfig before = now.dataCaptureConfig() == null
        ? DataCaptureConfig.builder().build()
        : now.dataCaptureConfig();
    variant.dataCapture().ifPresent(capture -> wanted.dataCaptureConfig(change(before, capture)));
  }

  /** Disables data capture. */
  static void endCapture(CreateEndpointConfigRequest.Builder wanted) {
    DataCaptureConfig now = wanted.build().dataCaptureConfig();
    if (now != null) {
      wanted.dataCaptureConfig(now.toBuilder().enableCapture(false).build());
    }
  }

  private static AsyncInferenceConfig write(SageMakerAsync async) {
    AsyncInferenceNotificationConfig topics =
        async.successTopic().isEmpty() && async.errorTopic().isEmpty()
            ? null
            : AsyncInferenceNotificationConfig.builder()
                .successTopic(async.successTopic().orElse(null))
                .errorTopic(async.errorTopic().orElse(null))
                .build();
    return AsyncInferenceConfig.builder()
        .outputConfig(output -> output
            .s3OutputPath(async.outputPath())
            .s3FailurePath(async.failurePath().orElse(null))
            .notificationConfig(topics))
        .clientConfig(client -> client.maxConcurrentInvocationsPerInstance(
            async.maxConcurrencyPerInstance().orElse(null)))
        .build();
  }

  private static DataCaptureConfig change(DataCaptureConfig before, SageMakerDataCapture capture) {
    List<CaptureOption> options = new ArrayList<>();
    if (capture.captured() != Captured.RESPONSE) {
      options.add(CaptureOption.builder().captureMode(CaptureMode.INPUT).build());
    }
    if (capture.captured() != Captured.REQUEST) {
      options.add(CaptureOption.builder().captureMode(CaptureMode.OUTPUT).build());
    }
    return before.toBuilder()
        .enableCapture(capture.percent() > 0)
        .initialSamplingPercentage(capture.percent())
        .destinationS3Uri(capture.destination())
        .captureOptions(options)
        .captureContentTypeHeader(
            before.captureContentTypeHeader() == null
                ? READABLE
                : before.captureContentTypeHeader())
        .build();
  }

  static DeploymentConfig write(SageMakerReplacement replacement) {
    CapacitySize size = CapacitySize.builder()
        .type(CapacitySizeType.CAPACITY_PERCENT)
        .value(replacement.percent().orElse(0))
        .build();
    DeploymentConfig.Builder deployment = DeploymentConfig.builder()
        .blueGreenUpdatePolicy(policy -> policy
            .terminationWaitInSeconds((int) replacement.terminationWait().toSeconds())
            .maximumExecutionTimeoutInSeconds((int) replacement.limit().toSeconds())
            .trafficRoutingConfiguration(routing -> {
              routing
                  .type(TrafficRoutingConfigType.valueOf(replacement.steps().name()))
                  .waitIntervalInSeconds((int) replacement.interval().toSeconds());
              if (replacement.steps() == Steps.CANARY) {
                routing.canarySize(size);
              } else if (replacement.steps() == Steps.LINEAR) {
                routing.linearStepSize(size);
              }
            }));
    if (!replacement.alarms().isEmpty()) {
      deployment.autoRollbackConfiguration(rollback -> rollback.alarms(replacement.alarms().stream()
          .map(name -> Alarm.builder().alarmName(name).build())
          .toList()));
    }
    return deployment.build();
  }

  // ---- from AWS ----

  /** {@return the actual state of a variant, without its autoscaling and its tags} */
  static Variant read(
      DescribeEndpointConfigResponse configuration,
      ProductionVariant variant,
      ProductionVariantSummary now,
      boolean shadow) {
    boolean serverless = variant.serverlessConfig() != null;
    ProductionVariantServerlessConfig serverlessNow = now.currentServerlessConfig() == null
        ? variant.serverlessConfig()
        : now.currentServerlessConfig();
    Integer count = now.currentInstanceCount();
    float weight = variant.initialVariantWeight() == null ? 1 : variant.initialVariantWeight();
    return new Variant(
        orEmpty(variant.modelName()),
        serverless ? "" : orEmpty(variant.instanceTypeAsString()),
        serverless || count == null ? 0 : count,
        Optional.ofNullable(serverlessNow).map(VariantConversion::read),
        instances(variant),
        Optional.empty(),
        shadow
            ? Optional.of(new SageMakerShadow(Math.min(100, Math.max(1, Math.round(weight)))))
            : Optional.empty(),
        readAsync(configuration.asyncInferenceConfig()),
        readCapture(configuration.dataCaptureConfig()),
        Optional.empty(),
        UserTags.NONE);
  }

  private static SageMakerInstances instances(ProductionVariant variant) {
    SageMakerInstances limits = limits(
        seconds(variant.modelDataDownloadTimeoutInSeconds()),
        seconds(variant.containerStartupHealthCheckTimeoutInSeconds()));
    return Optional.ofNullable(variant.volumeSizeInGB())
        .map(limits::withVolumeGb)
        .orElse(limits);
  }

  private static SageMakerServerless read(ProductionVariantServerlessConfig serverless) {
    return new SageMakerServerless(
        serverless.memorySizeInMB(),
        serverless.maxConcurrency(),
        orZero(serverless.provisionedConcurrency()));
  }

  static Optional<SageMakerAsync> readAsync(@Nullable AsyncInferenceConfig config) {
    if (config == null || config.outputConfig() == null) {
      return Optional.empty();
    }
    AsyncInferenceNotificationConfig topics = config.outputConfig().notificationConfig();
    SageMakerAsync async = SageMakerAsync.to(orEmpty(config.outputConfig().s3OutputPath()));
    async =
        given(config.outputConfig().s3FailurePath()).map(async::withFailurePath).orElse(async);
    if (config.clientConfig() != null
        && config.clientConfig().maxConcurrentInvocationsPerInstance() != null) {
      async = async.withMaxConcurrencyPerInstance(
          config.clientConfig().maxConcurrentInvocationsPerInstance());
    }
    if (topics != null) {
      async = given(topics.successTopic()).map(async::withSuccessTopic).orElse(async);
      async = given(topics.errorTopic()).map(async::withErrorTopic).orElse(async);
    }
    return Optional.of(async);
  }

  private static Optional<String> given(@Nullable String text) {
    return Optional.ofNullable(text).filter(some -> !some.isEmpty());
  }

  private static Optional<SageMakerDataCapture> readCapture(@Nullable DataCaptureConfig config) {
    if (config == null || !Boolean.TRUE.equals(config.enableCapture())) {
      return Optional.empty();
    }
    List<CaptureMode> modes =
        config.captureOptions().stream().map(CaptureOption::captureMode).toList();
    Captured captured = modes.size() > 1
        ? Captured.BOTH
        : modes.contains(CaptureMode.INPUT) ? Captured.REQUEST : Captured.RESPONSE;
    return Optional.of(SageMakerDataCapture.of(
            orZero(config.initialSamplingPercentage()), orEmpty(config.destinationS3Uri()))
        .withCaptured(captured));
  }

  private static int orZero(@Nullable Integer number) {
    return number == null ? 0 : number;
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
