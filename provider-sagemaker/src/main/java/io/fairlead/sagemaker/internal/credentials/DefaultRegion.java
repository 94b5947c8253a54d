package io.fairlead.sagemaker.internal.credentials;

import java.util.Optional;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsProfileRegionProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;
import software.amazon.awssdk.regions.providers.InstanceProfileRegionProvider;
import software.amazon.awssdk.regions.providers.SystemSettingsRegionProvider;

/** The region where none is given: where the AWS SDK for Java looks for it, and the variable of AWS's other tools. */
public final class DefaultRegion {
  private static final String OF_OTHER_TOOLS = "AWS_DEFAULT_REGION";

  private DefaultRegion() {}

  /**
   * {@return the region of the system property {@code aws.region}, {@code AWS_REGION}, {@code AWS_DEFAULT_REGION}, the
   * profile, or the EC2 instance, in this order; empty if none has one}
   *
   * @param profile the profile; by default that of {@code AWS_PROFILE}, or {@code default}
   */
  public static Optional<String> find(Optional<String> profile) {
    return of(new SystemSettingsRegionProvider())
        .or(() ->
            Optional.ofNullable(System.getenv(OF_OTHER_TOOLS)).filter(name -> !name.isBlank()))
        .or(() -> of(profile
            .map(name -> new AwsProfileRegionProvider(ProfileFile::defaultProfileFile, name))
            .orElseGet(AwsProfileRegionProvider::new)))
        .or(() -> of(new InstanceProfileRegionProvider()));
  }

  /** Providers throw or return null where they have none, and throw anything where a file is malformed. */
  private static Optional<String> of(AwsRegionProvider provider) {
    try {
      return Optional.ofNullable(provider.getRegion()).map(Region::id);
    } catch (RuntimeException e) {
      return Optional.empty();
    }
  }
}
