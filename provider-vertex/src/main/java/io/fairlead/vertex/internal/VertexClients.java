package io.fairlead.vertex.internal;

import com.google.api.gax.core.CredentialsProvider;
import com.google.api.gax.core.ExecutorProvider;
import com.google.api.gax.core.FixedCredentialsProvider;
import com.google.api.gax.core.FixedExecutorProvider;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.InstantiatingGrpcChannelProvider;
import com.google.api.gax.rpc.ClientSettings;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannel;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.auth.Credentials;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.cloud.aiplatform.v1.DeploymentResourcePoolServiceClient;
import com.google.cloud.aiplatform.v1.EndpointServiceClient;
import com.google.cloud.aiplatform.v1.JobServiceClient;
import com.google.cloud.aiplatform.v1.ModelGardenServiceClient;
import com.google.cloud.aiplatform.v1.ModelServiceClient;
import com.google.cloud.aiplatform.v1.PredictionServiceClient;
import com.google.cloud.aiplatform.v1.PredictionServiceSettings;
import com.google.longrunning.OperationsClient;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.ClientHolder;
import io.fairlead.provider.Lazy;
import io.fairlead.provider.Loopback;
import io.fairlead.provider.ServerMessage;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.internal.auth.ApplicationDefault;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The clients of Vertex AI's services, each created when it is first needed, over one channel.
 *
 * <p>The channel is built by the SDK: over any other channel, the SDK does not send the routing header with the
 * resource of a request.
 */
final class VertexClients implements AutoCloseable {
  /** The maximum size of a dedicated endpoint's answer, with some margin. */
  private static final int LARGEST_ANSWER = 32 << 20;

  private static final String TLS = ":443";
  private static final String GOOGLE = "googleapis.com";
  private static final String GARDEN = "us-central1";
  private static final long END_MILLIS = 2_000;

  private final VertexConfig config;
  private final ClientHolder holder = new ClientHolder(VertexProvider.ID);
  private final Map<String, Created<PredictionServiceClient>> dedicated = new ConcurrentHashMap<>();

  private final Created<ExecutorProvider> background = new Created<>() {
    @Override
    protected ExecutorProvider make() {
      ScheduledThreadPoolExecutor threads = new ScheduledThreadPoolExecutor(1, work -> {
        Thread thread = new Thread(work, "fairlead-vertex-background");
        thread.setDaemon(true);
        return thread;
      });
      holder.closeLater(() -> end(threads));
      return FixedExecutorProvider.create(threads);
    }
  };
  private final Created<CredentialsProvider> credentials = new Created<>() {
    @Override
    protected CredentialsProvider make() throws IOException {
      if (config.plaintext() && config.credentials().isEmpty()) {
        return NoCredentialsProvider.create();
      }
      CredentialsProvider source = config
          .credentials()
          .orElseGet(() ->
              PredictionServiceSettings.defaultCredentialsProviderBuilder().build());
      Credentials found = source.getCredentials();
      return found == null
          ? NoCredentialsProvider.create()
          : FixedCredentialsProvider.create(
              config.quotaProject().isEmpty()
                  ? found
                  : withQuotaProject(found, config.quotaProject().get()));
    }
  };
  private final Created<TransportChannelProvider> channel = new Created<>() {
    @Override
    protected TransportChannelProvider make() throws IOException {
      return open(hostAndPort(config));
    }
  };
  private final Created<EndpointServiceClient> endpoints = new Created<>() {
    @Override
    protected EndpointServiceClient make() throws IOException {
      return holder.closeLater(ManagingClients.endpoints(VertexClients.this::with));
    }
  };
  private final Created<ModelServiceClient> models = new Created<>() {
    @Override
    protected ModelServiceClient make() throws IOException {
      return holder.closeLater(ManagingClients.models(VertexClients.this::with));
    }
  };
  private final Created<DeploymentResourcePoolServiceClient> pools = new Created<>() {
    @Override
    protected DeploymentResourcePoolServiceClient make() throws IOException {
      return holder.closeLater(ManagingClients.pools(VertexClients.this::with));
    }
  };
  private final Created<JobServiceClient> jobs = new Created<>() {
    @Override
    protected JobServiceClient make() throws IOException {
      return holder.closeLater(ManagingClients.jobs(VertexClients.this::with));
    }
  };
  private final Created<ModelGardenServiceClient> garden = new Created<>() {
    @Override
    protected ModelGardenServiceClient make() throws IOException {
      String host = gardenHostAndPort(config);
      TransportChannelProvider over =
          answersForAll() || host.equals(hostAndPort(config)) ? channel.get() : open(host);
      return holder.closeLater(ManagingClients.garden(settings -> with(settings, over)));
    }
  };
  private final Created<PredictionServiceClient> predictions = new Created<>() {
    @Override
    protected PredictionServiceClient make() throws IOException {
      return holder.closeLater(predictions(channel.get()));
    }
  };

  VertexClients(VertexConfig config) {
    this.config = config;
  }

  /** {@return the endpoint of Vertex AI: a region's resources are served by the region's host only} */
  static String hostAndPort(VertexConfig config) {
    return config
        .endpoint()
        .orElse(config.location() + "-aiplatform." + config.universeDomain() + TLS);
  }

  /**
   * {@return the endpoint of Model Garden, whose data are in one region: Google's own tools ask there, wherever they
   * deploy}
   */
  static String gardenHostAndPort(VertexConfig config) {
    return config.endpoint().isEmpty() && config.universeDomain().equals(GOOGLE)
        ? GARDEN + "-aiplatform." + GOOGLE + TLS
        : hostAndPort(config);
  }

  /** {@return the credentials that are used, as a phrase} */
  static String identity(VertexConfig config) {
    if (config.credentials().isPresent()) {
      return "the caller's own credentials provider";
    }
    return config.plaintext()
        ? "no credentials, for the endpoint is plaintext"
        : ApplicationDefault.ofThisProcess().source();
  }

  EndpointServiceClient endpoints() {
    return endpoints.get();
  }

  ModelServiceClient models() {
    return models.get();
  }

  DeploymentResourcePoolServiceClient pools() {
    return pools.get();
  }

  ModelGardenServiceClient garden() {
    return garden.get();
  }

  JobServiceClient jobs() {
    return jobs.get();
  }

  /** {@return the client of long-running operations of all services} */
  OperationsClient operations() {
    return endpoints().getOperationsClient();
  }

  PredictionServiceClient predictions() {
    return predictions.get();
  }

  /**
   * {@return the client of an endpoint that has a host of its own}
   *
   * <p>The shared client if an emulator, or a transport with an address of its own, stands in for all hosts.
   */
  PredictionServiceClient predictions(String ownHostAndPort) {
    return answersForAll()
        ? predictions()
        : dedicated.computeIfAbsent(ownHostAndPort, DedicatedClient::new).get();
  }

  private boolean answersForAll() {
    return config
        .transport()
        .map(given -> !given.needsEndpoint() && !canBeMoved(given))
        .orElseGet(() -> config.plaintext() && config.hosts().isEmpty());
  }

  /** The SDK's own provider with the region's host, where dedicated endpoints are refused, is opened for others, too. */
  private boolean canBeMoved(TransportChannelProvider given) {
    return given instanceof InstantiatingGrpcChannelProvider own
        && (config.hosts().isPresent() || own.getEndpoint().equals(hostAndPort(config)));
  }

  private final class DedicatedClient extends Created<PredictionServiceClient> {
    private final String hostAndPort;

    DedicatedClient(String hostAndPort) {
      this.hostAndPort = hostAndPort;
    }

    @Override
    protected PredictionServiceClient make() throws IOException {
      return holder.closeLater(predictions(open(hostAndPort)));
    }
  }

  /** {@return the holder of the clients, for others that are closed with them} */
  ClientHolder holder() {
    return holder;
  }

  /** {@return the credentials, for Cloud Storage} */
  CredentialsProvider credentials() {
    return credentials.get();
  }

  private PredictionServiceClient predictions(TransportChannelProvider over) throws IOException {
    return PredictionServiceClient.create(
        with(PredictionServiceSettings.newBuilder(), over).build());
  }

  private void with(ClientSettings.Builder<?, ?> settings) throws IOException {
    with(settings, channel.get());
  }

  private <B extends ClientSettings.Builder<?, ?>> B with(
      B settings, TransportChannelProvider over) {
    settings.setTransportChannelProvider(over);
    settings.setUniverseDomain(config.universeDomain());
    settings.setCredentialsProvider(credentials.get());
    settings.setBackgroundExecutorProvider(background.get());
    return settings;
  }

  private TransportChannelProvider open(String hostAndPort) throws IOException {
    TransportChannelProvider provider = config.transport().orElseGet(() -> transport(hostAndPort));
    boolean isOwn = config.transport().isEmpty() || provider.shouldAutoClose();
    if (provider.needsHeaders()) {
      provider =
          provider.withHeaders(PredictionServiceSettings.defaultApiClientHeaderProviderBuilder()
              .build()
              .getHeaders());
    }
    if (provider.needsEndpoint()
        || (canBeMoved(provider) && !hostAndPort.equals(hostAndPort(config)))) {
      provider = provider.withEndpoint(hostAndPort);
    }
    if (provider.needsCredentials()) {
      Credentials found = credentials.get().getCredentials();
      provider = found == null ? provider : provider.withCredentials(found);
    }
    TransportChannel opened = provider.getTransportChannel();
    if (isOwn) {
      holder.closeLater(() -> end(opened));
    }
    return FixedTransportChannelProvider.create(opened);
  }

  private TransportChannelProvider transport(String hostAndPort) {
    // The services' defaults are equal, and an invocation should not load the classes of the other
    // services.
    var builder = PredictionServiceSettings.defaultGrpcTransportProviderBuilder()
        .setEndpoint(hostAndPort)
        .setMaxInboundMessageSize(LARGEST_ANSWER);
    if (config.plaintext() && Loopback.isHostAndPort(hostAndPort)) {
      builder.setChannelConfigurator(channel -> channel.usePlaintext());
    }
    return builder.build();
  }

  private static void end(TransportChannel channel) throws InterruptedException {
    channel.shutdownNow();
    channel.awaitTermination(END_MILLIS, TimeUnit.MILLISECONDS);
  }

  private static void end(ScheduledExecutorService threads) throws InterruptedException {
    threads.shutdownNow();
    threads.awaitTermination(END_MILLIS, TimeUnit.MILLISECONDS);
  }

  private static Credentials withQuotaProject(Credentials found, String project)
      throws IOException {
    if (found instanceof GoogleCredentials google) {
      return google.createWithQuotaProject(project);
    }
    throw new IOException(
        "VertexConfig.quotaProject needs credentials of Google's library, and these are "
            + found.getClass().getName());
  }

  private ServingException creationFailed(Exception e) {
    String why = ServerMessage.quote(String.valueOf(e.getMessage()));
    String tried = config.credentials().isPresent()
        ? ". Tried " + identity(config)
            + ": repair it, or leave out VertexConfig.withCredentials for the application default credentials"
        : ". Of the application default credentials, "
            + ApplicationDefault.ofThisProcess().explained()
            + "; or configure a CredentialsProvider";
    return new ServingException(
        VertexProvider.ID,
        ErrorKind.UNAUTHORIZED,
        "A client of Vertex AI cannot be created: " + why + tried,
        e);
  }

  /** Closes the clients, before the resources that they share; the caller's own transport stays open. */
  @Override
  public void close() {
    holder.close();
  }

  /** A client, or a resource that clients share. */
  private abstract class Created<T> extends Lazy<T> {
    Created() {
      super(holder);
    }

    @Override
    protected ServingException failure(Exception cause) {
      return creationFailed(cause);
    }
  }
}
