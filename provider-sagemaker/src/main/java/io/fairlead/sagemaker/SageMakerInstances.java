package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.sagemaker.internal.rules.KmsKey;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * SageMaker's options of a variant's instances, for {@link io.fairlead.grammar.Scaling#with}.
 */
public final class SageMakerInstances extends Settings<SageMakerInstances.Draft>
    implements ScalingOptions {
  /** How the requests to a variant are distributed among its instances. */
  public enum RequestRouting {
    /** To any of them, which is AWS's default. */
    RANDOM,
    /** To the one with the fewest requests in progress, which AWS advises where requests take unequal time. */
    LEAST_OUTSTANDING_REQUESTS
  }

  private static final Pattern AMI_VERSION = Pattern.compile("[a-z0-9-]{1,256}");
  private static final int LARGEST_VOLUME = 512;
  private static final Duration SHORTEST = Duration.ofSeconds(60);
  private static final Duration LONGEST = Duration.ofHours(1);

  /** AWS's defaults. */
  public static final SageMakerInstances DEFAULT = new SageMakerInstances(new Draft());

  static final class Draft extends Settings.Draft {
    Optional<Integer> volumeGb = Optional.empty();
    Optional<Duration> modelDownloadTimeout = Optional.empty();
    Optional<Duration> startupTimeout = Optional.empty();
    Optional<String> amiVersion = Optional.empty();
    Optional<RequestRouting> requestRouting = Optional.empty();
    Optional<String> kmsKey = Optional.empty();
  }

  private SageMakerInstances(Draft draft) {
    super(draft);
    Problems problems = Problems.in("SageMakerInstances");
    draft.volumeGb.ifPresent(size -> problems.check(
        size >= 1 && size <= LARGEST_VOLUME,
        "volumeGb",
        "must be from 1 to " + LARGEST_VOLUME,
        size));
    checkTimeout("modelDownloadTimeout", draft.modelDownloadTimeout, problems);
    checkTimeout("startupTimeout", draft.startupTimeout, problems);
    draft.amiVersion.ifPresent(version -> problems.check(
        AMI_VERSION.matcher(version).matches(),
        "amiVersion",
        "must be the name of an inference AMI version, such as al2023-ami-sagemaker-inference-gpu-4-1",
        version));
    draft.kmsKey.ifPresent(key -> problems.check(KmsKey.isKey(key), "kmsKey", KmsKey.RULE, key));
    problems.throwIfAny();
  }

  private static void checkTimeout(String field, Optional<Duration> timeout, Problems problems) {
    timeout.ifPresent(limit -> problems.check(
        limit.compareTo(SHORTEST) >= 0 && limit.compareTo(LONGEST) <= 0,
        field,
        "must be 60 seconds to an hour",
        limit));
  }

  /**
   * {@return the size of the storage volume in GB, 1 to 512; not for instance types with storage of their own, such as
   * {@code ml.g5.xlarge}; by default AWS's value}
   */
  public Optional<Integer> volumeGb() {
    return draft().volumeGb;
  }

  /** {@return the maximum time to download the model, 60 seconds to an hour, in whole seconds} */
  public Optional<Duration> modelDownloadTimeout() {
    return draft().modelDownloadTimeout;
  }

  /**
   * {@return the maximum time until the container answers its health check, 60 seconds to an hour, in whole seconds}
   */
  public Optional<Duration> startupTimeout() {
    return draft().startupTimeout;
  }

  /**
   * {@return the inference AMI version, which fixes the operating system and the GPU driver of the instances; by default
   * the one that fits the CUDA version in the image's tag, and otherwise AWS's for the instance type}
   */
  public Optional<String> amiVersion() {
    return draft().amiVersion;
  }

  /** {@return how requests are distributed among the instances; by default as it is, and at first as AWS does} */
  public Optional<RequestRouting> requestRouting() {
    return draft().requestRouting;
  }

  /**
   * {@return the KMS key that encrypts the storage volumes of all variants of the public name; by default as it is, and
   * at first AWS's own}
   */
  public Optional<String> kmsKey() {
    return draft().kmsKey;
  }

  public SageMakerInstances withAmiVersion(String version) {
    return new SageMakerInstances(with(draft -> draft.amiVersion = Optional.of(version)));
  }

  public SageMakerInstances withRequestRouting(RequestRouting routing) {
    return new SageMakerInstances(with(draft -> draft.requestRouting = Optional.of(routing)));
  }

  public SageMakerInstances withKmsKey(String key) {
    return new SageMakerInstances(with(draft -> draft.kmsKey = Optional.of(key)));
  }

  public SageMakerInstances withVolumeGb(int size) {
    return new SageMakerInstances(with(draft -> draft.volumeGb = Optional.of(size)));
  }

  public SageMakerInstances withModelDownloadTimeout(Duration timeout) {
    return new SageMakerInstances(with(draft -> draft.modelDownloadTimeout = Optional.of(timeout)));
  }

  public SageMakerInstances withStartupTimeout(Duration timeout) {
    return new SageMakerInstances(with(draft -> draft.startupTimeout = Optional.of(timeout)));
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
