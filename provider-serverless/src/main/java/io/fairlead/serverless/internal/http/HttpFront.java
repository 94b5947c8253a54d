package io.fairlead.serverless.internal.http;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Durations;
import io.fairlead.serverless.HttpSettings;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server of functions.
 *
 * <p>It implements the Open Inference Protocol (version 2, REST) with its binary tensor extension, and the container
 * routes of SageMaker ({@code /ping}, {@code /invocations}) and Vertex (those of {@link HttpSettings}), and the routes of
 * OpenAI's API, where the body says which function it is for. Functions that stream answer in pieces.
 * {@code /v2/models/NAME} is a function's URL: a POST to it passes the body and its content type on unchanged.
 *
 * <p>One to four threads serve all connections; functions run elsewhere.
 */
public final class HttpFront implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpFront.class);
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final Duration STOPPING = Duration.ofSeconds(5);
  private static final int MAX_THREADS = 4;
  private static final int BACKLOG = 1024;

  /** The number of reads, of up to 64 KB each, of one connection before others have their turn. */
  private static final int READS_IN_A_ROW = 2;

  private static final String METRICS_ARTIFACT =
      "io.prometheus:prometheus-metrics-exposition-textformats";
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.RFC_1123_DATE_TIME.withZone(ZoneOffset.UTC);

  /** A second of the clock, formatted for the Date header. */
  private record Second(long number, String text) {}

  private final String platform;
  private final HttpSettings settings;
  private final FunctionDirectory directory;
  private final AccessLog accessLog;
  private final RequestStatistics statistics = new RequestStatistics();
  private final EventLoopGroup threads;
  private final Channel listening;
  private final long maxReserved;
  private final AtomicLong reserved = new AtomicLong();
  private final AtomicInteger open = new AtomicInteger();
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final Queue<Thread> started = new ConcurrentLinkedQueue<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition connectionClosed = lock.newCondition();
  private volatile boolean draining;
  private volatile boolean closing;
  private volatile Second second = new Second(-1, "");

  private HttpFront(
      String platform, HttpSettings settings, FunctionDirectory directory, AccessLog accessLog) {
    this.platform = requireNonNull(platform, "platform");
    this.settings = settings;
    this.directory = directory;
    this.accessLog = accessLog;
    Metrics metrics = settings.metrics() ? metrics() : null;
    this.maxReserved = Math.max(settings.maxBodyBytes(), Runtime.getRuntime().maxMemory() / 4);
    int count = Math.min(MAX_THREADS, Math.max(1, Runtime.getRuntime().availableProcessors() / 4));
    this.threads = eventLoops(count, factory(platform));
    try {
      this.listening =
          listen(new Routes(directory, settings, new Status(directory, statistics), metrics));
    } catch (RuntimeException | Error e) {
      end(Duration.ZERO);
      throw e;
    }
  }

  /**
   * {@return a started server}
   *
   * @param platform the platform's id, for exceptions
   * @throws ServingException {@code CONFLICT} if the port is in use, {@code INVALID} if it cannot listen at that
   *     address, {@code UNSUPPORTED} if the library of the metrics is missing
   */
  public static HttpFront start(
      String platform, HttpSettings settings, FunctionDirectory directory) {
    return start(platform, settings, directory, new AccessLog());
  }

  static HttpFront start(
      String platform, HttpSettings settings, FunctionDirectory directory, AccessLog accessLog) {
    return new HttpFront(platform, settings, directory, accessLog);
  }

  private Metrics metrics() {
    try {
      return new Metrics(directory, statistics);
    } catch (LinkageError e) {
      throw new ServingException(
          platform,
          ErrorKind.UNSUPPORTED,
          "The metrics of HttpSettings need a library that is not on the class path, or is of another version ("
              + e + "): add " + METRICS_ARTIFACT + ", or set metrics to false.",
          e);
    }
  }

  /** Of a class that Netty 4.1 has, too, which frameworks bring: its successor is in 4.2 alone. */
  @SuppressWarnings("deprecation")
  private static EventLoopGroup eventLoops(int count, ThreadFactory factory) {
    return new NioEventLoopGroup(count, factory);
  }

  private ThreadFactory factory(String platform) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new FastThreadLocalThread(
          task, "fairlead-" + platform + "-http-" + number.incrementAndGet());
      thread.setDaemon(true);
      started.add(thread);
      return thread;
    };
  }

  private Channel listen(Routes routes) {
    RecvByteBufAllocator buffers =
        new AdaptiveRecvByteBufAllocator().maxMessagesPerRead(READS_IN_A_ROW);
    ChannelFuture bound = new ServerBootstrap()
        .group(threads)
        .channel(NioServerSocketChannel.class)
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childHandler(new ChannelInitializer<SocketChannel>() {
          @Override
          protected void initChannel(SocketChannel channel) {
            channel.config().setRecvByteBufAllocator(buffers);
            channel
                .pipeline()
                .addLast(
                    new StrictRequestDecoder(),
                    new HttpResponseEncoder(),
                    new Connection(HttpFront.this, routes, settings));
          }
        })
        .bind(new InetSocketAddress(settings.host(), settings.port()))
        .awaitUninterruptibly();
    Throwable cause = bound.cause();
    if (cause != null) {
      throw bindFailure(cause);
    }
    return bound.channel();
  }

  private ServingException bindFailure(Throwable cause) {
    String place = settings.host() + ":" + settings.port();
    boolean taken = cause instanceof BindException
        && cause.getMessage() != null
        && cause.getMessage().contains("in use");
    if (taken) {
      return new ServingException(
          platform,
          ErrorKind.CONFLICT,
          "Port " + settings.port() + " at " + settings.host()
              + " is in use by another process: stop it, set another port, or 0 for any free one.",
          cause);
    }
    return new ServingException(
        platform,
        ErrorKind.INVALID,
        "Cannot listen at " + place + " ("
            + (cause instanceof UnresolvedAddressException ? "unknown host" : cause.getMessage())
            + "): set the address of one of this machine's interfaces, and a port that this user may open.",
        cause);
  }

  /** {@return the address that it listens at, with the actual port} */
  public InetSocketAddress address() {
    return (InetSocketAddress) listening.localAddress();
  }

  /** {@return the URL of a function; on the loopback address if it listens at all interfaces} */
  public URI url(String function) {
    InetSocketAddress address = address();
    String host = address.getAddress().isAnyLocalAddress()
        ? "127.0.0.1"
        : address.getAddress().getHostAddress();
    return URI.create("http://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":"
        + address.getPort() + "/v2/models/" + function);
  }

  // For connections.

  /** Registers a connection, and returns whether it may stay open. */
  boolean opened(Connection connection) {
    if (open.incrementAndGet() > settings.maxConnections()) {
      open.decrementAndGet();
      return false;
    }
    connections.add(connection);
    if (closing) {
      connection.closeSoon();
    }
    return true;
  }

  void closed(Connection connection) {
    if (connections.remove(connection)) {
      open.decrementAndGet();
    }
    if (closing) {
      lock.lock();
      try {
        connectionClosed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Notes the end of an exchange in the access log and in the statistics.
   *
   * @param sent the size of the response's body
   */
  void ended(Exchange exchange, int status, long sent, SocketAddress client) {
    if (statistics.add(exchange.function(), status, exchange.nanos(), System.nanoTime())) {
      statistics.retain(directory.names());
    }
    accessLog.write(exchange, status, sent, client);
  }

  /** Reserves memory for a large body, and returns whether there is enough. */
  boolean reserve(long bytes) {
    if (reserved.addAndGet(bytes) <= maxReserved) {
      return true;
    }
    reserved.addAndGet(-bytes);
    return false;
  }

  void release(long bytes) {
    if (bytes != 0) {
      reserved.addAndGet(-bytes);
    }
  }

  boolean isDraining() {
    return draining;
  }

  String date() {
    long now = System.currentTimeMillis() / 1000;
    Second last = second;
    if (last.number() != now) {
      last = new Second(now, DATE.format(Instant.ofEpochSecond(now)));
      second = last;
    }
    return last.text();
  }

  /**
   * Closes idle connections, and every other after its request; goes on to listen, so that health checks and new
   * clients get a response.
   */
  public void drain() {
    draining = true;
    connections.forEach(Connection::closeSoon);
  }

  /** Closes with a grace period of ten seconds. */
  @Override
  public void close() {
    close(GRACE);
  }

  /**
   * Accepts no further connections, lets requests in progress end within the grace period, and stops.
   *
   * <p>Connections without a request are closed at once. Idempotent.
   */
  public void close(Duration grace) {
    draining = true;
    closing = true;
    listening.close().awaitUninterruptibly();
    connections.forEach(Connection::closeSoon);
    end(grace);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // the next line waits for it
  private void end(Duration grace) {
    boolean interrupted = false;
    long nanos = Durations.nanos(grace);
    long end = System.nanoTime() + nanos;
    lock.lock();
    try {
      for (long left = nanos; !connections.isEmpty() && left > 0; left = end - System.nanoTime()) {
        connectionClosed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      lock.unlock();
    }
    connections.forEach(Connection::closeNow);
    threads.shutdownGracefully(0, STOPPING.toMillis(), TimeUnit.MILLISECONDS);
    try {
      if (!threads.awaitTermination(STOPPING.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("The threads of {} did not end", this);
      }
      // Netty reports the end of its threads a moment before they have ended.
      for (Thread thread : started) {
        thread.join(STOPPING.toMillis());
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return "HttpFront[" + platform + ", " + settings.host() + ":" + settings.port() + "]";
  }
}
