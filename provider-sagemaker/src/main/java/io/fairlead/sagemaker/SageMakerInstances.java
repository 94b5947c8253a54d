package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import java.time.Duration;

/**
 * How a variant's instances are set up, for {@link io.fairlead.grammar.Scaling#with}.
 *
 * @param volumeGb the size of the storage volume in GB, 1 to 512; 0 for what AWS gives the instance type
 * @param modelDownloadTimeout how long the model may take to arrive, 60 seconds to an hour, in whole seconds; 0 for AWS's
 *     default
 * @param startupTimeout how long the container may take until it answers its health check, 60 seconds to an hour, in
 *     whole seconds; 0 for AWS's default
 */
public record SageMakerInstances(
    int volumeGb, Duration modelDownloadTimeout, Duration startupTimeout)
    implements ScalingOptions {
  /** As AWS sets them up by default. */
  public static final SageMakerInstances DEFAULT =
      new SageMakerInstances(0, Duration.ZERO, Duration.ZERO);

  private static final int LARGEST_VOLUME = 512;
  private static final Duration SHORTEST = Duration.ofSeconds(60);
  private static final Duration LONGEST = Duration.ofHours(1);

  public SageMakerInstances {
    requireNonNull(modelDownloadTimeout, "modelDownloadTimeout");
    requireNonNull(startupTimeout, "startupTimeout");
    Problems.in("SageMakerInstances")
        .check(
            volumeGb >= 0 && volumeGb <= LARGEST_VOLUME,
            "volumeGb",
            "must be from 1 to " + LARGEST_VOLUME + ", or 0",
            volumeGb)
        .check(
            isTimeout(modelDownloadTimeout),
            "modelDownloadTimeout",
            "must be 60 seconds to an hour, or 0",
            modelDownloadTimeout)
        .check(
            isTimeout(startupTimeout),
            "startupTimeout",
            "must be 60 seconds to an hour, or 0",
            startupTimeout)
        .throwIfAny();
  }

  private static boolean isTimeout(Duration duration) {
    return duration.isZero()
        || (duration.compareTo(SHORTEST) >= 0 && duration.compareTo(LONGEST) <= 0);
  }

  public SageMakerInstances withVolumeGb(int newVolumeGb) {
    return new SageMakerInstances(newVolumeGb, modelDownloadTimeout, startupTimeout);
  }

  public SageMakerInstances withModelDownloadTimeout(Duration timeout) {
    return new SageMakerInstances(volumeGb, timeout, startupTimeout);
  }

  public SageMakerInstances withStartupTimeout(Duration timeout) {
    return new SageMakerInstances(volumeGb, modelDownloadTimeout, timeout);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
