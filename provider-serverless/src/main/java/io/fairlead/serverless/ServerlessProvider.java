package io.fairlead.serverless;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.serverless.internal.FunctionHost;
import io.fairlead.serverless.internal.SystemClock;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import java.nio.file.Path;

/**
 * Opens the platform {@code serverless}: models as functions, without a container and without an endpoint.
 *
 * <p>Settings: {@code memory}, the memory of all instances together, such as {@code 4GB}; {@code starts}, the maximum
 * number of concurrent starts; {@code host}, {@code port} and {@code token} of the HTTP server; {@code cache}, the
 * folder for native libraries and optimised models.
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
  public ServerlessPlatform open(PlatformConfig settings) {
    ServerlessConfig config = ServerlessConfig.DEFAULT.withClassLoader(settings.classLoader());
    config = settings
        .parsed(
            "memory",
            "must be a number with B, KB, MB, GB or TB, such as 4GB",
            size -> FunctionLimits.DEFAULT.withMemory(size).memoryBytes())
        .map(config::withMemoryBytes)
        .orElse(config);
    config = settings.integer("starts").map(config::withStarts).orElse(config);
    config = settings
        .parsed("cache", "must be the path of a folder", Path::of)
        .map(config::withCacheFolder)
        .orElse(config);
    String host = settings.text("host").orElse(HttpSettings.DEFAULT.host());
    int port = settings.integer("port").orElse(0);
    String token = settings.text("token").orElse("");
    settings.done();
    HttpSettings http =
        token.isEmpty() ? HttpSettings.DEFAULT : HttpSettings.DEFAULT.withToken(token);
    return open(config.withHttp(http.withAddress(host, port)));
  }

  /** Opens the platform with settings from code. */
  public ServerlessPlatform open(ServerlessConfig config) {
    return new FunctionHost(config, new SystemClock(ID)).open();
  }
}
