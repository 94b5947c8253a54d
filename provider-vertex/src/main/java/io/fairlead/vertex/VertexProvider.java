package io.fairlead.vertex;

import io.fairlead.platform.EndpointPlatform;
import io.fairlead.reconcile.Polling;
import io.fairlead.reconcile.ReconciledEndpointPlatform;
import io.fairlead.reconcile.Reconciler;
import io.fairlead.reconcile.TimeSource;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * Opens the platform {@code vertex}: endpoints on Google Vertex AI.
 *
 * <p>Settings: {@code project}, by default what {@code GOOGLE_CLOUD_PROJECT} says; {@code location}, a region such as
 * {@code us-central1}; {@code bucket}, for files of this machine; {@code endpoint}, as {@code host:port}, and {@code
 * plaintext}, of an emulator; {@code storageEndpoint}, of an emulator of Cloud Storage; {@code callTimeout}, such as {@code
 * 30s}.
 */
public final class VertexProvider implements PlatformProvider<VertexPlatform> {
  /** The platform's id. */
  public static final String ID = VertexOptionsProvider.PLATFORM;

  /**
   * The end of what takes half a minute is noticed within a second, and what takes long is asked for every ten seconds at
   * most: a region answers 600 such calls a minute.
   */
  static final Polling POLLING = new Polling(Duration.ofMillis(500), Duration.ofSeconds(10), 0.05);

  /** A deployment may take two hours, by its container's deployment timeout. */
  private static final Duration LIMIT = Duration.ofMinutes(150);

  /** Makes a provider, at no cost. */
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
            "project", "the Google Cloud project's id; GOOGLE_CLOUD_PROJECT would do too"));
    String location =
        settings.requiredText("location", "the region to serve in, such as us-central1");
    String bucket = settings.text("bucket").orElse("");
    Optional<String> endpoint = settings.text("endpoint");
    boolean plaintext = settings.flag("plaintext").orElse(false);
    Optional<URI> storageEndpoint = settings.uri("storageEndpoint");
    Duration callTimeout = settings.duration("callTimeout").orElse(VertexConfig.CALL_TIMEOUT);
    settings.done();
    // At once, so that all that is wrong is told at once.
    return open(new VertexConfig(
        project,
        location,
        bucket,
        endpoint,
        plaintext,
        storageEndpoint,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        callTimeout));
  }

  /** Opens the platform with settings from code. */
  public VertexPlatform open(VertexConfig config) {
    return open(config, TimeSource.system(), new Random());
  }

  static VertexPlatform open(VertexConfig config, TimeSource time, RandomGenerator random) {
    VertexClients clients = new VertexClients(config);
    VertexErrors errors = new VertexErrors(config.identity());
    VertexCalls calls = new VertexCalls(clients, errors, config.callTimeout());
    StorageClient storage = new StorageClient(config, clients);
    VertexKinds kinds = VertexKinds.of(config, calls, storage);
    Reconciler reconciler = Reconciler.builder(ID, kinds.all())
        .time(time)
        .polling(POLLING)
        .limit(LIMIT)
        .random(random)
        .build();
    VertexInvoker invoker =
        new VertexInvoker(config, clients, errors, new VertexNames(config), time, random);
    EndpointPlatform platform = new ReconciledEndpointPlatform(
        reconciler, new VertexMapper(config, kinds), invoker, () -> close(storage, clients));
    return new OpenVertex(platform, invoker);
  }

  private static void close(StorageClient storage, VertexClients clients) {
    try {
      storage.close();
    } finally {
      clients.close();
    }
  }
}
