package io.fairlead.vertex;

import io.fairlead.provider.TimeSource;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import io.fairlead.vertex.internal.DefaultVertexPlatform;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * The provider of the platform {@code vertex}: endpoints on Google Vertex AI.
 *
 * <p>Settings: {@code project}, by default the value of {@code GOOGLE_CLOUD_PROJECT}; {@code location}, a region such
 * as {@code us-central1}; {@code bucket}, for uploads of local files; {@code endpoint}, as {@code host:port}, and
 * {@code plaintext}, for an emulator; {@code storageEndpoint}, for an emulator of Cloud Storage; {@code callTimeout},
 * such as {@code 30s}.
 */
public final class VertexProvider implements PlatformProvider<VertexPlatform> {
  /** The platform's id. */
  public static final String ID = "vertex";

  /** Creates a provider; does nothing else. */
  public VertexProvider() {}

  @Override
  public String id() {
    return ID;
  }

  @Override
  public Class<VertexPlatform> type() {
    return VertexPlatform.class;
  }

  @Override
  public VertexPlatform open(PlatformConfig settings) {
    Optional<String> given = settings.text("project");
    String project = given
        .or(() -> Optional.ofNullable(System.getenv("GOOGLE_CLOUD_PROJECT")))
        .orElseGet(() -> settings.requiredText(
            "project", "the Google Cloud project's id; GOOGLE_CLOUD_PROJECT can be set instead"));
    String location = settings
        .text("location")
        .or(() -> Optional.ofNullable(System.getenv("GOOGLE_CLOUD_REGION")))
        .orElseGet(() -> settings.requiredText(
            "location",
            "the region to serve in, such as us-central1; GOOGLE_CLOUD_REGION can be set instead"));
    Optional<String> bucket = settings.text("bucket");
    Optional<String> endpoint = settings.text("endpoint");
    boolean plaintext = settings.flag("plaintext").orElse(false);
    Optional<URI> storageEndpoint = settings.uri("storageEndpoint");
    Optional<String> universe = settings
        .text("universeDomain")
        .or(() -> Optional.ofNullable(System.getenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN")));
    Duration callTimeout = settings.duration("callTimeout").orElse(VertexConfig.CALL_TIMEOUT);
    VertexConfig.Draft draft = new VertexConfig.Draft();
    draft.project = project;
    draft.location = location;
    draft.artifactBucket = bucket;
    draft.endpoint = endpoint;
    draft.plaintext = plaintext;
    draft.storageEndpoint = storageEndpoint;
    draft.universeDomain = universe.orElse(VertexConfig.GOOGLE);
    draft.callTimeout = callTimeout;
    Optional<VertexConfig> config =
        settings.built(Map.of("artifactBucket", "bucket"), () -> new VertexConfig(draft));
    settings.done();
    return open(config.orElseThrow());
  }

  /** Opens the platform with a configuration from code. */
  public VertexPlatform open(VertexConfig config) {
    return DefaultVertexPlatform.open(config, TimeSource.system(), new Random());
  }
}
