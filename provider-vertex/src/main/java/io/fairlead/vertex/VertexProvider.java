package io.fairlead.vertex;

import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.provider.TimeSource;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import io.fairlead.vertex.internal.DefaultVertexPlatform;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * The provider of the platform {@code vertex}: endpoints on Google Vertex AI.
 *
 * <p>Settings: {@code project}, by default the value of {@code GOOGLE_CLOUD_PROJECT}; {@code location}, a region such
 * as {@code us-central1}, by default the value of {@code GOOGLE_CLOUD_REGION}; {@code bucket}, for uploads of local
 * files; {@code labels}, as {@code team=search,env=prod}; {@code encryptionKey}; {@code quotaProject}; {@code endpoint},
 * as {@code host:port}, and {@code plaintext}, for an emulator; {@code storageEndpoint}, for an emulator of Cloud
 * Storage; {@code universeDomain}; {@code callTimeout}, such as {@code 30s}.
 */
public final class VertexProvider implements PlatformProvider<VertexPlatform> {
  /** The platform's id. */
  public static final String ID = "vertex";

  /** The variables of the environment that have the project, as Google's clients and gcloud read them. */
  private static final List<String> PROJECT =
      List.of("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT");

  private static final List<String> LOCATION = List.of(
      "GOOGLE_CLOUD_REGION",
      "GOOGLE_CLOUD_LOCATION",
      "CLOUDSDK_AI_REGION",
      "CLOUDSDK_COMPUTE_REGION");

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
  public Capabilities capabilities() {
    return Capabilities.of(type())
        .with(
            Capability.STREAMING,
            Capability.AUTOSCALING,
            Capability.INSTANCE_TYPE,
            Capability.IMAGE,
            Capability.ENVIRONMENT)
        .partly(Capability.PINNED_REQUESTS, "for containers with invoke routes")
        .partly(Capability.LOCAL_FILES, "with the setting bucket")
        .partly(Capability.UPLOAD, "with the setting bucket")
        .partly(
            Capability.HUGGING_FACE,
            "by an image that reads MODEL_ID, or with a task that Google has verified a container for")
        .without(Capability.SCALE_TO_ZERO, "version 1 of the API has at least one replica");
  }

  @Override
  public VertexPlatform open(PlatformConfig settings) {
    return open(config(settings, System.getenv()));
  }

  /** {@return the configuration, with what the settings lack from the environment} */
  static VertexConfig config(PlatformConfig settings, Map<String, String> environment) {
    VertexConfig.Draft draft = new VertexConfig.Draft();
    draft.project = settings
        .text("project")
        .or(() -> first(environment, PROJECT))
        .orElseGet(() -> settings.requiredText(
            "project", "the Google Cloud project's id; " + PROJECT.get(0) + " can be set instead"));
    draft.location = settings
        .text("location")
        .or(() -> first(environment, LOCATION))
        .orElseGet(() -> settings.requiredText(
            "location",
            "the region to serve in, such as us-central1; " + LOCATION.get(0)
                + " can be set instead"));
    draft.artifactBucket = settings.text("bucket");
    draft.endpoint = settings.text("endpoint");
    draft.plaintext = settings.flag("plaintext").orElse(false);
    draft.storageEndpoint = settings.uri("storageEndpoint");
    draft.labels = settings
        .parsed("labels", "must be KEY=VALUE,KEY=VALUE", VertexProvider::labels)
        .orElse(Map.of());
    draft.encryptionKey = settings.text("encryptionKey");
    draft.quotaProject = settings.text("quotaProject");
    draft.universeDomain = settings
        .text("universeDomain")
        .or(() -> first(environment, List.of("GOOGLE_CLOUD_UNIVERSE_DOMAIN")))
        .orElse(VertexConfig.GOOGLE);
    draft.callTimeout = settings.duration("callTimeout").orElse(VertexConfig.CALL_TIMEOUT);
    Optional<VertexConfig> config =
        settings.built(Map.of("artifactBucket", "bucket"), () -> new VertexConfig(draft));
    settings.done();
    return config.orElseThrow();
  }

  private static Optional<String> first(Map<String, String> environment, List<String> names) {
    return names.stream()
        .map(name -> environment.getOrDefault(name, ""))
        .filter(value -> !value.isBlank())
        .findFirst();
  }

  private static Map<String, String> labels(String text) {
    Map<String, String> labels = new TreeMap<>();
    for (String label : text.split(",", -1)) {
      int at = label.indexOf('=');
      if (at < 0) {
        throw new IllegalArgumentException(label);
      }
      labels.put(label.substring(0, at).strip(), label.substring(at + 1).strip());
    }
    return labels;
  }

  /** Opens the platform with a configuration from code. */
  public VertexPlatform open(VertexConfig config) {
    return DefaultVertexPlatform.open(config, TimeSource.system(), new Random());
  }
}
