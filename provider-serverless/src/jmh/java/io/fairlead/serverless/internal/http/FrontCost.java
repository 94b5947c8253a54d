package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.FunctionMetrics;
import io.fairlead.serverless.HttpSettings;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * What the front costs beside Netty alone: the processor time of the serving thread per request, for a function that
 * gives back what it got, and for a handler on Netty's own codec and aggregator that does. In slices that take turns,
 * of which the medians count; the clients are other threads of this JVM, which are not counted.
 */
@SuppressWarnings({"SystemOut", "FutureReturnValueIgnored"})
public final class FrontCost {
  private static final int SLICES = 7;
  private static final int REQUESTS = 50_000;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final String BODY = "{\"inputs\": \"" + "x".repeat(116) + "\"}";
  private static final byte[] REQUEST =
      ("POST /v2/models/echo/infer HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
              + "User-Agent: bench\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: "
              + BODY.length() + "\r\n\r\n" + BODY)
          .getBytes(US_ASCII);

  private FrontCost() {}

  /** Measures with the numbers of connections that are given, or with 1, 4 and 16. */
  public static void main(String[] args) throws Exception {
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(
        1, new DefaultThreadFactory("bare-http", true), NioIoHandler.newFactory());
    Channel bare = bare(group);
    try (HttpFront front = HttpFront.start("bench", HttpSettings.DEFAULT, new OnlyEcho())) {
      int bareAt = ((InetSocketAddress) bare.localAddress()).getPort();
      int frontAt = front.address().getPort();
      List<Integer> connections = args.length == 0
          ? List.of(1, 4, 16)
          : Arrays.stream(args).map(Integer::valueOf).toList();
      for (int count : connections) {
        double[] bareCosts = new double[SLICES];
        double[] frontCosts = new double[SLICES];
        for (int slice = -1; slice < SLICES; slice++) {
          double bareCost = slice("bare-http", bareAt, count);
          double frontCost = slice("fairlead-bench-http", frontAt, count);
          if (slice >= 0) {
            bareCosts[slice] = bareCost;
            frontCosts[slice] = frontCost;
          }
        }
        System.out.printf(
            Locale.ROOT,
            "%2d connections: Netty alone %.1f us, front %.1f us of processor per request: %.2f%n",
            count,
            median(bareCosts),
            median(frontCosts),
            median(frontCosts) / median(bareCosts));
      }
    } finally {
      bare.close().syncUninterruptibly();
      group.shutdownGracefully().syncUninterruptibly();
    }
  }

  private static double median(double[] values) {
    return Arrays.stream(values).sorted().toArray()[values.length / 2];
  }

  private static double slice(String threads, int port, int connections) throws Exception {
    long before = processorTime(threads);
    ExecutorService clients = Executors.newFixedThreadPool(connections);
    CompletableFuture.allOf(IntStream.range(0, connections)
            .mapToObj(number ->
                CompletableFuture.runAsync(() -> exchange(port, REQUESTS / connections), clients))
            .toArray(CompletableFuture<?>[]::new))
        .get();
    clients.shutdown();
    return (processorTime(threads) - before) / 1000.0 / (REQUESTS / connections * connections);
  }

  private static long processorTime(String name) {
    return Arrays.stream(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
        .filter(thread -> thread != null && thread.getThreadName().startsWith(name))
        .mapToLong(thread -> THREADS.getThreadCpuTime(thread.getThreadId()))
        .sum();
  }

  private static void exchange(int port, int times) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      InputStream in = socket.getInputStream();
      byte[] answer = new byte[4096];
      int length = 0;
      for (int i = 0; i < times; i++) {
        socket.getOutputStream().write(REQUEST);
        int got = 0;
        do {
          int read = in.read(answer, got, answer.length - got);
          if (read < 0) {
            throw new IllegalStateException("The server closed the connection");
          }
          got += read;
        } while (got < length || answer[got - 1] != '}');
        length = got;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Channel bare(EventLoopGroup group) {
    return new ServerBootstrap()
        .group(group)
        .channel(NioServerSocketChannel.class)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childHandler(new ChannelInitializer<SocketChannel>() {
          @Override
          protected void initChannel(SocketChannel channel) {
            channel
                .pipeline()
                .addLast(new HttpServerCodec(), new HttpObjectAggregator(1 << 20), new BareEcho());
          }
        })
        .bind(InetAddress.getLoopbackAddress(), 0)
        .syncUninterruptibly()
        .channel();
  }

  private static final class BareEcho extends SimpleChannelInboundHandler<FullHttpRequest> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
      FullHttpResponse response = new DefaultFullHttpResponse(
          HttpVersion.HTTP_1_1, HttpResponseStatus.OK, request.content().retain());
      response
          .headers()
          .set(HttpHeaderNames.CONTENT_TYPE, request.headers().get(HttpHeaderNames.CONTENT_TYPE))
          .setInt(HttpHeaderNames.CONTENT_LENGTH, request.content().readableBytes());
      context.writeAndFlush(response, context.voidPromise());
    }
  }

  private static final class OnlyEcho implements FunctionDirectory, HttpFunction {
    private final Optional<HttpFunction> found = Optional.of(this);

    @Override
    public Optional<HttpFunction> find(String name) {
      return name.equals("echo") ? found : Optional.empty();
    }

    @Override
    public Collection<String> names() {
      return List.of("echo");
    }

    @Override
    public boolean isClosing() {
      return false;
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public String name() {
      return "echo";
    }

    @Override
    public FunctionMetrics metrics() {
      return new FunctionMetrics(0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1);
    }

    @Override
    public long memoryBytes() {
      return 1;
    }

    @Override
    public long usedMemoryBytes() {
      return 1;
    }

    @Override
    public Optional<String> version() {
      return Optional.empty();
    }

    @Override
    public Instant deployedAt() {
      return Instant.EPOCH;
    }

    @Override
    public Duration timeout() {
      return Duration.ofMinutes(1);
    }

    @Override
    public CompletableFuture<Response> invoke(Request request) {
      return CompletableFuture.completedFuture(Response.of(request.body(), request.contentType()));
    }

    @Override
    public CompletableFuture<FunctionDescription> describe() {
      return CompletableFuture.completedFuture(
          new FunctionDescription("java", List.of(), List.of()));
    }
  }
}
