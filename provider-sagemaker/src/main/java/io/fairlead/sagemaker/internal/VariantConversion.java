package io.fairlead.sagemaker.internal;

import io.fairlead.sagemaker.SageMakerAsync;
import io.fairlead.sagemaker.SageMakerDataCapture;
import io.fairlead.sagemaker.SageMakerDataCapture.Captured;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerInstances.RequestRouting;
import io.fairlead.sagemaker.SageMakerReplacement;
import io.fairlead.sagemaker.SageMakerReplacement.Steps;
import io.fairlead.sagemaker.SageMakerServerless;
import io.fairlead.sagemaker.SageMakerShadow;
import io.fairlead.sagemaker.internal.rules.InstanceTypes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
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
      UserTags.NONE,
      false);

  private static final List<String> CSV = List.of("text/csv");
  private static final List<String> JSON = List.of("application/json");

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
        .containerStartupHealthCheckTimeoutInSeconds(seconds(variant.instances().startupTimeout()))
        // As text, because AWS has newer ones than the SDK knows.
        .inferenceAmiVersion(variant.instances().amiVersion().orElse(null));
    variant
        .instances()
        .requestRouting()
        .ifPresent(
            routing -> changed.routingConfig(config -> config.routingStrategy(routing.name())));
    variant.shadow().ifPresent(shadow -> changed.initialVariantWeight((float) shadow.percent()));
    return variant
        .serverless()
        .map(serverless -> changed.serverlessConfig(write(serverless)))
        .orElseGet(() ->
            // AWS begins with one instance at least, and retains the actual number.
            changed
                .instanceType(variant.instanceType())
                .initialInstanceCount(Math.max(1, variant.count())))
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

  /**
   * {@return the desired options, and the actual ones where the desired ones leave the choice}
   *
   * @param instanceType the desired instance type: AWS takes no KMS key for one with storage of its own
   */
  static SageMakerInstances keptFrom(
      SageMakerInstances actual, SageMakerInstances desired, String instanceType) {
    SageMakerInstances kept = desired;
    if (kept.requestRouting().isEmpty() && actual.requestRouting().isPresent()) {
      kept = kept.withRequestRouting(actual.requestRouting().get());
    }
    if (kept.kmsKey().isEmpty()
        && actual.kmsKey().isPresent()
        && !InstanceTypes.hasLocalStorage(instanceType)) {
      kept = kept.withKmsKey(actual.kmsKey().get());
    }
    return kept;
  }

  /** {@return the same for asynchronous invocations} */
  static SageMakerAsync keptFrom(Optional<SageMakerAsync> actual, SageMakerAsync desired) {
    Optional<String> key =
        desired.kmsKey().isPresent() ? Optional.empty() : actual.flatMap(SageMakerAsync::kmsKey);
    return key.map(desired::withKmsKey).orElse(desired);
  }

  /** {@return the same for data capture} */
  static SageMakerDataCapture keptFrom(
      Optional<SageMakerDataCapture> actual, SageMakerDataCapture desired) {
    Optional<String> key = desired.kmsKey().isPresent()
        ? Optional.empty()
        : actual.flatMap(SageMakerDataCapture::kmsKey);
    SageMakerDataCapture kept = key.map(desired::withKmsKey).orElse(desired);
    return hasTextTypes(kept)
        ? kept
        : kept.withTextTypes(
            actual.map(SageMakerDataCapture::csvTypes).orElse(CSV),
            actual.map(SageMakerDataCapture::jsonTypes).orElse(JSON));
  }

  private static boolean hasTextTypes(SageMakerDataCapture capture) {
    return !capture.csvTypes().isEmpty() || !capture.jsonTypes().isEmpty();
  }

  /** Writes the variant's options of the whole endpoint; those that it does not set are kept. */
  static void writeShared(CreateEndpointConfigRequest.Builder wanted, Variant variant) {
    CreateEndpointConfigRequest now = wanted.build();
    variant.instances().kmsKey().ifPresent(wanted::kmsKeyId);
    variant
        .async()
        .filter(async -> !Optional.of(async).equals(readAsync(now.asyncInferenceConfig())))
        .ifPresent(async -> wanted.asyncInferenceConfig(write(async)));
    DataCaptureConfig before = now.dataCaptureConfig() == null
        ? DataCaptureConfig.builder().build()
        : now.dataCaptureConfig();
    variant
        .dataCapture()
        .map(capture -> keptFrom(readCapture(now.dataCaptureConfig()), capture))
        .ifPresent(capture -> wanted.dataCaptureConfig(change(before, capture)));
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
            .kmsKeyId(async.kmsKey().orElse(null))
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
            hasTextTypes(capture)
                ? CaptureContentTypeHeader.builder()
                    .csvContentTypes(orNone(capture.csvTypes()))
                    .jsonContentTypes(orNone(capture.jsonTypes()))
                    .build()
                : null)
        .kmsKeyId(capture.kmsKey().orElse(null))
        .build();
  }

  /** {@return the list, or null if it is empty, which AWS rejects} */
  private static @Nullable List<String> orNone(List<String> list) {
    return list.isEmpty() ? null : list;
  }

  static DeploymentConfig write(SageMakerReplacement replacement) {
    CapacitySize size = CapacitySize.builder()
        .type(CapacitySizeType.CAPACITY_PERCENT)
        .value(replacement.percent().orElse(0))
        .build();
    DeploymentConfig.Builder deployment = replacement.steps() == Steps.ROLLING
        ? rolling(replacement, size)
        : blueGreen(replacement, size);
    if (!replacement.alarms().isEmpty()) {
      deployment.autoRollbackConfiguration(rollback -> rollback.alarms(replacement.alarms().stream()
          .map(name -> Alarm.builder().alarmName(name).build())
          .toList()));
    }
    return deployment.build();
  }

  private static DeploymentConfig.Builder rolling(
      SageMakerReplacement replacement, CapacitySize batch) {
    return DeploymentConfig.builder()
        .rollingUpdatePolicy(policy -> policy
            .maximumBatchSize(batch)
            .waitIntervalInSeconds((int) replacement.interval().toSeconds())
            .maximumExecutionTimeoutInSeconds((int) replacement.limit().toSeconds()));
  }

  private static DeploymentConfig.Builder blueGreen(
      SageMakerReplacement replacement, CapacitySize size) {
    return DeploymentConfig.builder()
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
        serverless ? SageMakerInstances.DEFAULT : instances(configuration, variant),
        Optional.empty(),
        shadow
            ? Optional.of(new SageMakerShadow(Math.min(100, Math.max(1, Math.round(weight)))))
            : Optional.empty(),
        readAsync(configuration.asyncInferenceConfig()),
        readCapture(configuration.dataCaptureConfig()),
        Optional.empty(),
        UserTags.NONE,
        configuration.productionVariants().size()
                + configuration.shadowProductionVariants().size()
            == 1);
  }

  static SageMakerInstances instances(
      DescribeEndpointConfigResponse configuration, ProductionVariant variant) {
    SageMakerInstances all = limits(
        seconds(variant.modelDataDownloadTimeoutInSeconds()),
        seconds(variant.containerStartupHealthCheckTimeoutInSeconds()));
    if (variant.volumeSizeInGB() != null) {
      all = all.withVolumeGb(variant.volumeSizeInGB());
    }
    all = given(variant.inferenceAmiVersionAsString()).map(all::withAmiVersion).orElse(all);
    all = given(configuration.kmsKeyId()).map(all::withKmsKey).orElse(all);
    String routing =
        variant.routingConfig() == null ? "" : variant.routingConfig().routingStrategyAsString();
    return Arrays.stream(RequestRouting.values())
        .filter(known -> known.name().equals(routing))
        .findFirst()
        .map(all::withRequestRouting)
        .orElse(all);
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
    async = given(config.outputConfig().kmsKeyId()).map(async::withKmsKey).orElse(async);
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
    CaptureContentTypeHeader types = config.captureContentTypeHeader() == null
        ? CaptureContentTypeHeader.builder().build()
        : config.captureContentTypeHeader();
    SageMakerDataCapture capture = SageMakerDataCapture.of(
            orZero(config.initialSamplingPercentage()), orEmpty(config.destinationS3Uri()))
        .withCaptured(captured)
        .withTextTypes(types.csvContentTypes(), types.jsonContentTypes());
    return Optional.of(given(config.kmsKeyId()).map(capture::withKmsKey).orElse(capture));
  }

  private static int orZero(@Nullable Integer number) {
    return number == null ? 0 : number;
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
