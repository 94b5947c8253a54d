package io.fairlead.vertex.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.ForwardingEndpointPlatform;
import io.fairlead.reconcile.Polling;
import io.fairlead.reconcile.ReconciledEndpointPlatform;
import io.fairlead.reconcile.Reconciler;
import io.fairlead.spi.Reachable;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.VertexVerifiedModel;
import io.fairlead.vertex.internal.storage.StorageClient;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** An endpoint platform with Vertex AI's typed invocations. */
public final class DefaultVertexPlatform extends ForwardingEndpointPlatform
    implements VertexPlatform, Reachable {
  /**
   * The end of an operation of half a minute is noticed within a second. Long operations are polled every ten seconds
   * at most, because a region answers 600 such calls a minute.
   */
  static final Polling POLLING = new Polling(Duration.ofMillis(500), Duration.ofSeconds(10), 0.05);

  /** A deployment may take two hours, by its container's deployment timeout. */
  private static final Duration LIMIT = Duration.ofMinutes(150);

  private final VertexInvoker invoker;
  private final ModelGarden garden;
  private final Reachable reachable;
  private volatile boolean closed;

  /**
   * Creates a platform.
   *
   * @param platform the platform of all other operations; closed with this one
   */
  DefaultVertexPlatform(
      EndpointPlatform platform, VertexInvoker invoker, ModelGarden garden, Reachable reachable) {
    super(platform);
    this.reachable = reachable;
    this.invoker = invoker;
    this.garden = garden;
  }

  /** Opens the platform, with the clock and the source of jitter that tests replace. */
  public static VertexPlatform open(VertexConfig config, TimeSource time, RandomGenerator random) {
    return open(
        config,
        time,
        random,
        config.plaintext()
            ? Optional.empty()
            : Optional.of(ContainerLog.entries(config.universeDomain())));
  }

  /** The same, with the URI by which Cloud Logging lists entries. */
  public static VertexPlatform open(
      VertexConfig config, TimeSource time, RandomGenerator random, Optional<URI> logEntries) {
    VertexClients clients = new VertexClients(config);
    VertexErrors errors = new VertexErrors(VertexClients.identity(config));
    VertexCalls calls = new VertexCalls(clients, errors, config.callTimeout());
    StorageClient storage = new StorageClient(
        config, clients.holder(), clients::credentials, VertexClients.identity(config));
    VertexKinds kinds =
        VertexKinds.of(config, calls, storage, new ContainerLog(config, clients, logEntries));
    Reconciler reconciler = Reconciler.builder(VertexProvider.ID, kinds.all())
        .traffic(kinds.traffic())
        .time(time)
        .polling(POLLING)
        .limit(LIMIT)
        .random(random)
        .build();
    VertexInvoker invoker =
        new VertexInvoker(config, clients, errors, new VertexNames(config), time, random);
    ModelGarden garden = new ModelGarden(calls);
    EndpointPlatform platform = new ReconciledEndpointPlatform(
        reconciler, new VertexMapper(config), garden, invoker, () -> close(invoker, clients));
    return new DefaultVertexPlatform(platform, invoker, garden, new VertexReach(config, calls));
  }

  private static void close(VertexInvoker invoker, VertexClients clients) {
    try (clients) {
      invoker.close();
    }
  }

  @Override
  public Response predict(Endpoint endpoint, Request request) {
    checkOpen("invoke " + endpoint.name());
    return invoker.predict(endpoint, request);
  }

  @Override
  public OpenAiAccess openAi(Endpoint endpoint) {
    checkOpen("find " + endpoint.name());
    return invoker.openAi(endpoint);
  }

  @Override
  public VertexVerifiedModel verified(ModelArtifact model) {
    return verified(model, "");
  }

  @Override
  public VertexVerifiedModel verified(ModelArtifact model, String huggingFaceToken) {
    checkOpen("read " + model.weights());
    return garden.verified(model, huggingFaceToken);
  }

  @Override
  public Optional<String> credentials(Duration limit) {
    return reachable.credentials(limit);
  }

  @Override
  public Optional<String> reach(Duration limit) {
    return reachable.reach(limit);
  }

  private void checkOpen(String what) {
    if (closed) {
      throw new ServingException(
          id(),
          ErrorKind.CANCELLED,
          "Platform '" + id() + "' is closed: open it again to " + what + ".");
    }
  }

  @Override
  public void close() {
    closed = true;
    super.close();
  }
}
