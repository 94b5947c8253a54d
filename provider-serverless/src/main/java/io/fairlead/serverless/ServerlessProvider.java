package io.fairlead.serverless;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.serverless.internal.FunctionHost;
import io.fairlead.serverless.internal.SystemClock;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Opens the platform {@code serverless}: models as functions, without a container and without an endpoint.
 *
 * <p>Settings: {@code memory}, the memory of all instances together, such as {@code 4GB}; {@code starts}, the maximum
 * number of concurrent starts; {@code host}, {@code port}, {@code token} and {@code metrics} of the HTTP server;
 * {@code cache}, the folder for native libraries and optimised models; {@code gracePeriod}, the time for accepted
 * invocations to end when the platform is closed, such as {@code 20s}.
 */
public final class ServerlessProvider implements PlatformProvider<ServerlessPlatform> {
  /** The platform's id. */
  public static final String ID = "serverless";

  /** Creates a provider; does nothing else. */
  public ServerlessProvider() {}

  @Override
  public String id() {
    return ID;
  }

  @Override
  public Class<ServerlessPlatform> type() {
    return ServerlessPlatform.class;
  }

  @Override
  public Capabilities capabilities() {
    return Capabilities.of(type())
        .with(Capability.AUTOSCALING, Capability.SCALE_TO_ZERO, Capability.LOCAL_FILES)
        .partly(
            Capability.STREAMING,
            "from a StreamingModelHandler in this JVM; other answers are one piece")
        .partly(Capability.HUGGING_FACE, "with a HuggingFaceFetcher in the configuration")
        .without(Capability.UPLOAD, "files are read where they lie");
  }

  @Override
  public ServerlessPlatform open(PlatformConfig settings) {
    HttpSettings.Draft http = new HttpSettings.Draft();
    http.host = settings.text("host").orElse(http.host);
    http.port = settings.integer("port").orElse(http.port);
    http.token = settings.text("token");
    http.openWithoutToken = settings.flag("openWithoutToken").orElse(http.openWithoutToken);
    http.metrics = settings.flag("metrics").orElse(http.metrics);
    Optional<HttpSettings> server = settings.built(Map.of(), () -> new HttpSettings(http));
    ServerlessConfig.Draft draft = new ServerlessConfig.Draft();
    draft.classLoader = Optional.of(settings.classLoader());
    draft.memoryBytes = settings.parsed(
        "memory",
        "must be a number with B, KB, MB, GB or TB, such as 4GB",
        size -> FunctionLimits.DEFAULT.withMemory(size).memoryBytes().orElseThrow());
    draft.starts = settings.integer("starts");
    draft.cacheFolder = settings
        .parsed("cache", "must be the path of a folder", Path::of)
        .orElse(draft.cacheFolder);
    draft.gracePeriod = settings.duration("gracePeriod").orElse(draft.gracePeriod);
    draft.http = server.orElse(draft.http);
    Optional<ServerlessConfig> config =
        settings.built(Map.of("memoryBytes", "memory"), () -> new ServerlessConfig(draft));
    settings.done();
    return open(config.orElseThrow());
  }

  /** Opens the platform with settings from code. */
  public ServerlessPlatform open(ServerlessConfig config) {
    return new FunctionHost(config, new SystemClock(ID)).open();
  }
}
