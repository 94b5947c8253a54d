package io.fairlead.vertex.internal.storage;

import io.fairlead.provider.LocalModel;
import io.fairlead.reconcile.KindName;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A directory of the artifact bucket, whose key is the hash of its content.
 *
 * @param files its actual or desired files
 */
public record ArtifactSpec(ArtifactFiles files) {
  public static final KindName<ArtifactSpec> KIND = new KindName<>("artifact", ArtifactSpec.class);

  /** The prefix of all keys. */
  public static final String FOLDER = "fairlead/";

  private static final Pattern LOCATION =
      Pattern.compile("gs://([^/]+)/(" + FOLDER + "[0-9a-f]{64})/?");

  /** {@return the desired state of a model's upload} */
  public static ArtifactSpec of(LocalModel model) {
    return new ArtifactSpec(ArtifactFiles.local(model));
  }

  /** {@return the key of a model of this content} */
  public static String key(String sha256) {
    return FOLDER + sha256;
  }

  /** {@return the URI of a key} */
  public static String location(String bucket, String key) {
    return "gs://" + bucket + "/" + key + "/";
  }

  /** {@return the key of an upload at a location; empty if it is no upload to this bucket} */
  public static Optional<String> keyOf(String bucket, String artifactUri) {
    Matcher matcher = LOCATION.matcher(artifactUri);
    return matcher.matches() && matcher.group(1).equals(bucket)
        ? Optional.of(matcher.group(2))
        : Optional.empty();
  }
}
