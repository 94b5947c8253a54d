package io.fairlead.local;

import io.fairlead.local.internal.LocalHost;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Opens the platform {@code local}: endpoints in this JVM, for development and tests without a cloud account.
 *
 * <p>Settings: {@code cache}, the folder for native libraries; {@code gracePeriod}, the time for accepted requests to
 * end when the platform is closed, such as {@code 20s}.
 */
public final class LocalProvider implements PlatformProvider<EndpointPlatform> {
  /** The platform's id. */
  public static final String ID = "local";

  /** Creates a provider; does nothing else. */
  public LocalProvider() {}

  @Override
  public String id() {
    return ID;
  }

  @Override
  public Class<EndpointPlatform> type() {
    return EndpointPlatform.class;
  }

  @Override
  public Capabilities capabilities() {
    return Capabilities.of(type())
        .with(Capability.PINNED_REQUESTS, Capability.LOCAL_FILES)
        .partly(Capability.STREAMING, "from a StreamingModelHandler; other answers are one piece")
        .partly(Capability.HUGGING_FACE, "with a HuggingFaceFetcher in the configuration")
        .without(Capability.AUTOSCALING, "this JVM keeps to the count")
        .without(Capability.SCALE_TO_ZERO, "the platform serverless does")
        .without(Capability.INSTANCE_TYPE, "models run on this machine")
        .without(Capability.IMAGE, "models run in this JVM")
        .without(Capability.ENVIRONMENT, "models run in this JVM")
        .without(Capability.UPLOAD, "files are read where they lie");
  }

  @Override
  public EndpointPlatform open(PlatformConfig settings) {
    LocalConfig.Draft draft = new LocalConfig.Draft();
    draft.classLoader = Optional.of(settings.classLoader());
    draft.cacheFolder = settings
        .parsed("cache", "must be the path of a folder", Path::of)
        .orElse(draft.cacheFolder);
    draft.gracePeriod = settings.duration("gracePeriod").orElse(draft.gracePeriod);
    settings.done();
    return open(new LocalConfig(draft));
  }

  /** Opens the platform with settings from code. */
  public EndpointPlatform open(LocalConfig config) {
    return new LocalHost(config).open();
  }
}
