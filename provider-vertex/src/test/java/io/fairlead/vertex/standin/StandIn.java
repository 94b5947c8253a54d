package io.fairlead.vertex.standin;

import com.google.api.gax.grpc.GrpcTransportChannel;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.cloud.aiplatform.v1.EndpointServiceSettings;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Message;
import com.sun.net.httpserver.HttpServer;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.grpc.Channel;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Vertex AI over plaintext gRPC and Cloud Storage over HTTP, each on a port of 127.0.0.1, once in a JVM.
 *
 * <p>Whose project a request is about it reads from the names in it, or from the bucket. Nobody has to sign in.
 */
public final class StandIn {
  private static final int MAX_MESSAGE = 16_000_000;
  /** The one that is reached over the wire, too. */
  static final World WORLD = new World();

  private static final AtomicLong NUMBERS = new AtomicLong(100_000_000_000L);

  /** It tells on standard error what it found of the machine; held here, for else its level may be forgotten. */
  private static final Logger TALKATIVE =
      Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.TcpMetrics");

  static {
    TALKATIVE.setLevel(Level.WARNING);
    // Else what has a body takes 40 ms: its head is sent first, and the rest once that is
    // acknowledged.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private StandIn() {}

  private static final class Servers {
    static final ExecutorService THREADS = Executors.newCachedThreadPool(task -> {
      Thread thread = new Thread(task, "vertex-standin");
      thread.setDaemon(true);
      return thread;
    });
    static final Server GRPC = grpc();
    static final HttpServer HTTP = http();

    private static Server grpc() {
      NettyServerBuilder builder = NettyServerBuilder.forAddress(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
          .executor(THREADS)
          .maxInboundMessageSize(MAX_MESSAGE);
      Services.all(WORLD).forEach(builder::addService);
      try {
        return builder.build().start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static HttpServer http() {
      try {
        HttpServer server =
            HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(THREADS);
        server.createContext("/", CloudStorage::handle);
        server.createContext(CloudLogging.PATH, CloudLogging::handle);
        server.createContext(Invokes.PATH, Invokes::handle);
        server.createContext(Invokes.BETA, Invokes::handle);
        server.start();
        return server;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class Client {
    /** As the SDK makes it, for only that sends the headers by which requests are routed. */
    static final Channel CHANNEL = open();

    private static Channel open() {
      try {
        GrpcTransportChannel transport =
            (GrpcTransportChannel) EndpointServiceSettings.defaultGrpcTransportProviderBuilder()
                .setEndpoint(endpoint())
                .setChannelConfigurator(builder -> builder.usePlaintext())
                .setMaxInboundMessageSize(MAX_MESSAGE)
                .build()
                .withHeaders(EndpointServiceSettings.defaultApiClientHeaderProviderBuilder()
                    .build()
                    .getHeaders())
                .getTransportChannel();
        return transport.getChannel();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** {@return where Vertex AI answers, as {@code 127.0.0.1:port}} */
  public static String endpoint() {
    return "127.0.0.1:" + Servers.GRPC.getPort();
  }

  /**
   * {@return Vertex AI over TLS, on a port of its own, for the one who closes it}
   *
   * @param certificate its certificate, as PEM
   * @param key the key, as PEM
   */
  public static Server overTls(InputStream certificate, InputStream key) throws IOException {
    NettyServerBuilder builder = NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .executor(Servers.THREADS)
        .useTransportSecurity(certificate, key)
        .maxInboundMessageSize(MAX_MESSAGE);
    Services.all(WORLD).forEach(builder::addService);
    return builder.build().start();
  }

  /** {@return where Cloud Storage answers} */
  public static URI storage() {
    return URI.create("http://127.0.0.1:" + Servers.HTTP.getAddress().getPort());
  }

  /** {@return where Cloud Logging lists entries} */
  public static URI logEntries() {
    return storage().resolve(CloudLogging.PATH);
  }

  /**
   * {@return what clients of the SDK speak through when each unary call is to go through {@code faults}}
   *
   * <p>All of these share a connection that is never closed, whatever is closed by their users.
   */
  public static TransportChannelProvider transport(Faults faults) {
    return FixedTransportChannelProvider.create(
        GrpcTransportChannel.create(new SharedChannel(Client.CHANNEL, new BrokenChannel(faults))));
  }

  /** {@return the way to {@link #endpoint()}, as the SDK makes it} */
  static Channel wire() {
    return Client.CHANNEL;
  }

  /** {@return an empty project} */
  public static Project project(String id, VirtualTime time) {
    return new Project(id, String.valueOf(NUMBERS.incrementAndGet()), time, WORLD);
  }

  /** {@return the name of what a request is about} */
  static Optional<String> name(Message request) {
    for (String field : List.of("name", "parent", "endpoint")) {
      FieldDescriptor found = Fields.find(request, field);
      if (found != null
          && found.getJavaType() == JavaType.STRING
          && !request.getField(found).equals("")) {
        return Optional.of((String) request.getField(found));
      }
    }
    for (String field : List.of(
        "endpoint", "model", "deployment_resource_pool", "model_deployment_monitoring_job")) {
      FieldDescriptor found = Fields.find(request, field);
      if (found != null && found.getJavaType() == JavaType.MESSAGE) {
        return name((Message) request.getField(found));
      }
    }
    return Optional.empty();
  }
}
