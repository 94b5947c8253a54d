package io.fairlead.vertex.internal;

import com.google.api.gax.core.CredentialsProvider;
import com.google.api.gax.core.ExecutorProvider;
import com.google.api.gax.core.FixedCredentialsProvider;
import com.google.api.gax.core.FixedExecutorProvider;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.rpc.ClientSettings;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannel;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.auth.Credentials;
import com.google.cloud.aiplatform.v1.DeploymentResourcePoolServiceClient;
import com.google.cloud.aiplatform.v1.DeploymentResourcePoolServiceSettings;
import com.google.cloud.aiplatform.v1.EndpointServiceClient;
import com.google.cloud.aiplatform.v1.EndpointServiceSettings;
import com.google.cloud.aiplatform.v1.JobServiceClient;
import com.google.cloud.aiplatform.v1.JobServiceSettings;
import com.google.cloud.aiplatform.v1.ModelServiceClient;
import com.google.cloud.aiplatform.v1.ModelServiceSettings;
import com.google.cloud.aiplatform.v1.PredictionServiceClient;
import com.google.cloud.aiplatform.v1.PredictionServiceSettings;
import com.google.longrunning.OperationsClient;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The clients of Vertex AI's services, each made when it is first needed, over one channel.
 *
 * <p>The channel is the one that the SDK builds: over a channel of any other make, the SDK sends no header that says which
 * resource a request is about, by which requests are routed.
 */
final class VertexClients implements AutoCloseable {
  /** The largest answer of a dedicated endpoint, with some room. */
  private static final int LARGEST_ANSWER = 32 << 20;

  private static final String TLS = ":443";
  private static final long END_MILLIS = 2_000;

  private final VertexConfig config;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<AutoCloseable> own = new ArrayList<>();
  private final Map<String, PredictionServiceClient> dedicated = new HashMap<>();
  private boolean closed;

  private final Lazy<ExecutorProvider> background = new Lazy<>() {
    @Override
    ExecutorProvider make() {
      ScheduledThreadPoolExecutor threads = new ScheduledThreadPoolExecutor(1, work -> {
        Thread thread = new Thread(work, "fairlead-vertex-background");
        thread.setDaemon(true);
        return thread;
      });
      toClose(() -> end(threads));
      return FixedExecutorProvider.create(threads);
    }
  };
  private final Lazy<CredentialsProvider> credentials = new Lazy<>() {
    @Override
    CredentialsProvider make() throws IOException {
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
          : FixedCredentialsProvider.create(found);
    }
  };
  private final Lazy<TransportChannelProvider> channel = new Lazy<>() {
    @Override
    TransportChannelProvider make() throws IOException {
      return open(hostAndPort(config));
    }
  };
  private final Lazy<EndpointServiceClient> endpoints = new Lazy<>() {
    @Override
    EndpointServiceClient make() throws IOException {
      return toClose(EndpointServiceClient.create(
          with(EndpointServiceSettings.newBuilder(), channel.get()).build()));
    }
  };
  private final Lazy<ModelServiceClient> models = new Lazy<>() {
    @Override
    ModelServiceClient make() throws IOException {
      return toClose(ModelServiceClient.create(
          with(ModelServiceSettings.newBuilder(), channel.get()).build()));
    }
  };
  private final Lazy<DeploymentResourcePoolServiceClient> pools = new Lazy<>() {
    @Override
    DeploymentResourcePoolServiceClient make() throws IOException {
      return toClose(DeploymentResourcePoolServiceClient.create(
          with(DeploymentResourcePoolServiceSettings.newBuilder(), channel.get())
              .build()));
    }
  };
  private final Lazy<JobServiceClient> jobs = new Lazy<>() {
    @Override
    JobServiceClient make() throws IOException {
      return toClose(JobServiceClient.create(
          with(JobServiceSettings.newBuilder(), channel.get()).build()));
    }
  };
  private final Lazy<PredictionServiceClient> predictions = new Lazy<>() {
    @Override
    PredictionServiceClient make() throws IOException {
      return toClose(predictions(channel.get()));
    }
  };

  VertexClients(VertexConfig config) {
    this.config = config;
  }

  /** {@return where Vertex AI answers: a region's resources are known at the region's host alone} */
  static String hostAndPort(VertexConfig config) {
    return config.endpoint().orElse(config.location() + "-aiplatform.googleapis.com" + TLS);
  }

  /** {@return which credentials are tried, as a phrase} */
  static String identity(VertexConfig config) {
    if (config.credentials().isPresent()) {
      return "the credentials provider that was handed in";
    }
    return config.plaintext()
        ? "no credentials, for the endpoint is plaintext"
        : "the application default credentials (GOOGLE_APPLICATION_CREDENTIALS, gcloud, the metadata server)";
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

  JobServiceClient jobs() {
    return jobs.get();
  }

  /** {@return what tells how far work is that takes long, whatever it is about} */
  OperationsClient operations() {
    return endpoints().getOperationsClient();
  }

  PredictionServiceClient predictions() {
    return predictions.get();
  }

  /** {@return what asks a dedicated endpoint; the usual one where all of Vertex AI answers at another place} */
  PredictionServiceClient predictions(String dedicatedHost) {
    if (config.endpoint().isPresent() || config.transport().isPresent()) {
      return predictions();
    }
    lock.lock();
    try {
      checkOpen();
      PredictionServiceClient known = dedicated.get(dedicatedHost);
      if (known == null) {
        known = toClose(predictions(open(dedicatedHost + TLS)));
        dedicated.put(dedicatedHost, known);
      }
      return known;
    } catch (IOException e) {
      throw notMade(e);
    } finally {
      lock.unlock();
    }
  }

  /** {@return the credentials, for Cloud Storage} */
  CredentialsProvider credentials() {
    return credentials.get();
  }

  private PredictionServiceClient predictions(TransportChannelProvider over) throws IOException {
    return PredictionServiceClient.create(
        with(PredictionServiceSettings.newBuilder(), over).build());
  }

  private <B extends ClientSettings.Builder<?, ?>> B with(
      B settings, TransportChannelProvider over) {
    settings.setTransportChannelProvider(over);
    settings.setCredentialsProvider(credentials.get());
    settings.setBackgroundExecutorProvider(background.get());
    return settings;
  }

  private TransportChannelProvider open(String hostAndPort) throws IOException {
    TransportChannelProvider provider = config.transport().orElseGet(() -> transport(hostAndPort));
    boolean isOurs = config.transport().isEmpty() || provider.shouldAutoClose();
    if (provider.needsHeaders()) {
      provider =
          provider.withHeaders(PredictionServiceSettings.defaultApiClientHeaderProviderBuilder()
              .build()
              .getHeaders());
    }
    if (provider.needsEndpoint()) {
      provider = provider.withEndpoint(hostAndPort);
    }
    if (provider.needsCredentials()) {
      Credentials found = credentials.get().getCredentials();
      provider = found == null ? provider : provider.withCredentials(found);
    }
    TransportChannel opened = provider.getTransportChannel();
    if (isOurs) {
      toClose(() -> end(opened));
    }
    return FixedTransportChannelProvider.create(opened);
  }

  private TransportChannelProvider transport(String hostAndPort) {
    // The services' own are alike, and asking models is to load nothing of the others.
    var builder = PredictionServiceSettings.defaultGrpcTransportProviderBuilder()
        .setEndpoint(hostAndPort)
        .setMaxInboundMessageSize(LARGEST_ANSWER);
    if (config.plaintext()) {
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

  private <T extends AutoCloseable> T toClose(T made) {
    own.add(made);
    return made;
  }

  private void checkOpen() {
    if (closed) {
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.CANCELLED,
          "Platform '" + VertexProvider.ID + "' is closed: open it again.");
    }
  }

  private ServingException notMade(IOException e) {
    return new ServingException(
        VertexProvider.ID,
        ErrorKind.UNAUTHORIZED,
        "A client of Vertex AI cannot be made: " + e.getMessage() + ". Tried " + identity(config)
            + "; run 'gcloud auth application-default login', or hand in a CredentialsProvider",
        e);
  }

  /** Closes what was made here, clients before what they share. */
  @Override
  public void close() {
    List<AutoCloseable> open;
    lock.lock();
    try {
      closed = true;
      open = new ArrayList<>(own);
      own.clear();
    } finally {
      lock.unlock();
    }
    RuntimeException failure = null;
    for (int i = open.size() - 1; i >= 0; i--) {
      try {
        open.get(i).close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (Exception e) {
        failure =
            failure == null ? new IllegalStateException("a client did not close", e) : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /**
   * Something that is made once, when it is first asked for.
   *
   * <p>It has subclasses and no lambdas: linking a lambda loads the type that it returns, and each client has thousands of
   * lines.
   */
  private abstract class Lazy<T> {
    private volatile @Nullable T made;

    abstract T make() throws IOException;

    T get() {
      T known = made;
      if (known != null) {
        return known;
      }
      lock.lock();
      try {
        known = made;
        if (known == null) {
          checkOpen();
          known = make();
          made = known;
        }
        return known;
      } catch (IOException e) {
        throw notMade(e);
      } finally {
        lock.unlock();
      }
    }
  }
}
