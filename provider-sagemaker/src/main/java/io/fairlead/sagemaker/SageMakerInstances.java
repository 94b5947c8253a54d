package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.Optional;

/**
 * SageMaker's options of a variant's instances, for {@link io.fairlead.grammar.Scaling#with}.
 */
public final class SageMakerInstances extends Settings<SageMakerInstances.Draft>
    implements ScalingOptions {
  private static final int LARGEST_VOLUME = 512;
  private static final Duration SHORTEST = Duration.ofSeconds(60);
  private static final Duration LONGEST = Duration.ofHours(1);

  /** AWS's defaults. */
  public static final SageMakerInstances DEFAULT = new SageMakerInstances(new Draft());

  static final class Draft extends Settings.Draft {
    Optional<Integer> volumeGb = Optional.empty();
    Optional<Duration> modelDownloadTimeout = Optional.empty();
    Optional<Duration> startupTimeout = Optional.empty();
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
    problems.throwIfAny();
  }

  private static void checkTimeout(String field, Optional<Duration> timeout, Problems problems) {
    timeout.ifPresent(limit -> problems.check(
        limit.compareTo(SHORTEST) >= 0 && limit.compareTo(LONGEST) <= 0,
        field,
        "must be 60 seconds to an hour",
        limit));
  }

  /** {@return the size of the storage volume in GB, 1 to 512; by default AWS's value for the instance type} */
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
