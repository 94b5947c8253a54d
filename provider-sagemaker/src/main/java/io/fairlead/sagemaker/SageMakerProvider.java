package io.fairlead.sagemaker;

import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.provider.TimeSource;
import io.fairlead.sagemaker.internal.DefaultSageMakerPlatform;
import io.fairlead.sagemaker.internal.credentials.DefaultRegion;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * The provider of the platform {@code sagemaker}: endpoints on Amazon SageMaker.
 *
 * <p>Settings: {@code region}, by default that of the system property {@code aws.region}, {@code AWS_REGION}, {@code
 * AWS_DEFAULT_REGION}, the profile or the EC2 instance; {@code role}, the execution role's ARN;
 * {@code bucket}, for uploads of local files; {@code endpoint}, such as an emulator's; {@code profile}, one of {@code
 * ~/.aws}; {@code callTimeout}, such as {@code 30s}.
 */
public final class SageMakerProvider implements PlatformProvider<SageMakerPlatform> {
  /** The platform's id. */
  public static final String ID = "sagemaker";

  /** Creates a provider; does nothing else. */
  public SageMakerProvider() {}

  @Override
  public String id() {
    return ID;
  }

  @Override
  public Class<SageMakerPlatform> type() {
    return SageMakerPlatform.class;
  }

  @Override
  public Capabilities capabilities() {
    return Capabilities.of(type())
        .with(
            Capability.PINNED_REQUESTS,
            Capability.AUTOSCALING,
            Capability.INSTANCE_TYPE,
            Capability.IMAGE,
            Capability.ENVIRONMENT)
        .partly(Capability.STREAMING, "with netty-nio-client on the class path")
        .partly(
            Capability.SCALE_TO_ZERO,
            "as an inference component, serverless, or asynchronous by its backlog")
        .partly(Capability.LOCAL_FILES, "with the setting bucket")
        .partly(Capability.UPLOAD, "with the setting bucket")
        .partly(Capability.HUGGING_FACE, "for a task, or by an image that reads HF_MODEL_ID");
  }

  @Override
  public SageMakerPlatform open(PlatformConfig settings) {
    Optional<String> profile = settings.text("profile");
    String region = settings
        .text("region")
        .or(() -> DefaultRegion.find(profile))
        .orElseGet(
            () -> settings.requiredText(
                "region",
                "the AWS region to serve in; AWS_REGION can be set instead, or a region of the profile"));
    Optional<String> role = settings.text("role");
    Optional<String> bucket = settings.text("bucket");
    Optional<URI> endpoint = settings.uri("endpoint");
    Duration callTimeout = settings.duration("callTimeout").orElse(SageMakerConfig.CALL_TIMEOUT);
    SageMakerConfig.Draft draft = new SageMakerConfig.Draft();
    draft.region = region;
    draft.executionRole = role;
    draft.artifactBucket = bucket;
    draft.endpoint = endpoint;
    draft.profile = profile;
    draft.callTimeout = callTimeout;
    Optional<SageMakerConfig> config = settings.built(
        Map.of("executionRole", "role", "artifactBucket", "bucket"),
        () -> new SageMakerConfig(draft));
    settings.done();
    return open(config.orElseThrow());
  }

  /** Opens the platform with a configuration from code. */
  public SageMakerPlatform open(SageMakerConfig config) {
    return DefaultSageMakerPlatform.open(config, TimeSource.system(), new Random());
  }
}
