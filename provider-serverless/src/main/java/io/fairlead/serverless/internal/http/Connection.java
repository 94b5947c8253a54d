package io.fairlead.serverless.internal.http;

import static java.util.Objects.requireNonNull;

import io.fairlead.platform.Response;
import io.fairlead.provider.Durations;
import io.fairlead.serverless.HttpSettings;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: takes its requests one after another, and keeps it to its times and sizes.
 *
 * <p>Everything here happens on the connection's event loop. It reads on while a function is at work, to notice when the
 * client goes; what comes meanwhile waits, up to a limit at which it reads no more. A client that closes its side only
 * counts as gone.
 */
// What a channel's futures would tell comes as an event, too.
@SuppressWarnings("FutureReturnValueIgnored")
final class Connection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final int MOST_PENDING = 64;
  private static final int FIRST_PART = 64 * 1024;
  private static final long LONGEST_LINGER = TimeUnit.SECONDS.toNanos(2);
  private static final long SHORTEST = TimeUnit.MILLISECONDS.toNanos(1);
  private static final byte[] NONE = {};

  private enum State {
    /** Between requests. */
    IDLE,
    /** A request has begun to arrive. */
    RECEIVING,
    /** A function is at work. */
    WORKING,
    /** The answer has not left yet. */
    SENDING,
    /** The last answer is given; what the client still sends is thrown away, so that it gets to read the answer. */
    LINGERING
  }

  private final HttpFront front;
  private final Routes routes;
  private final HttpSettings settings;
  private final long transferNanos;
  private final long idleNanos;
  private final Queue<Object> pending = new ArrayDeque<>();
  private @Nullable ChannelHandlerContext context;
  private State state = State.IDLE;
  private long deadline;
  private long pendingBytes;
  private boolean taking;
  private boolean decoded;

  private @Nullable HttpRequest head;
  private @Nullable Answer early;
  private Target.@Nullable Kind kind;
  private @Nullable HttpFunction function;
  private boolean keepAlive;
  private byte[] body = NONE;
  private int size;
  private long reserved;
  private @Nullable CompletableFuture<?> work;

  Connection(HttpFront front, Routes routes, HttpSettings settings) {
    this.front = front;
    this.routes = routes;
    this.settings = settings;
    this.transferNanos = Durations.nanos(settings.transferTime());
    this.idleNanos = Durations.nanos(settings.idleTime());
  }

  @Override
  public void channelActive(ChannelHandlerContext newContext) {
    context = newContext;
    if (!front.opened(this)) {
      state = State.LINGERING;
      Answer full = Answer.error(
              HttpResponseStatus.SERVICE_UNAVAILABLE,
              "There are " + settings.maxConnections()
                  + " connections, which is the most: try again later, or raise maxConnections.")
          .with("retry-after", "1");
      // Without lingering, which would keep as many more as there are clients.
      newContext
          .writeAndFlush(response(full, full.body(), false, false))
          .addListener(ChannelFutureListener.CLOSE);
      return;
    }
    // Not idle: whoever connects has something to ask.
    state = State.RECEIVING;
    deadline = System.nanoTime() + transferNanos;
    watch();
  }

  /** Closes the connection if nothing is under way on it, or else after the request that is. */
  void closeSoon() {
    ChannelHandlerContext here = context;
    if (here != null) {
      here.executor().execute(() -> {
        if (state == State.IDLE || (state == State.RECEIVING && head == null)) {
          here.close();
        }
      });
    }
  }

  void closeNow() {
    ChannelHandlerContext here = context;
    if (here != null) {
      here.close();
    }
  }

  private ChannelHandlerContext context() {
    return requireNonNull(context);
  }

  // Time.

  private void watch() {
    // A deadline that is set before the next look lies after it.
    long most = Math.min(transferNanos, idleNanos);
    long left = state == State.WORKING ? most : Math.min(deadline - System.nanoTime(), most);
    context().executor().schedule(this::look, Math.max(left, SHORTEST), TimeUnit.NANOSECONDS);
  }

  /** Looks whether the time is up: once in a while, and not for each request, which would cost each of them. */
  private void look() {
    if (!context().channel().isOpen()) {
      return;
    }
    if (state == State.WORKING || deadline - System.nanoTime() > 0) {
      watch();
      return;
    }
    if (state == State.RECEIVING && head != null) {
      refuse(Answer.error(
          HttpResponseStatus.REQUEST_TIMEOUT,
          "The request did not arrive within " + settings.transferTime()
              + ": send it faster, or raise transferTime."));
      watch();
    } else {
      context().close();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext newContext) {
    boolean partial = !decoded;
    decoded = false;
    if (partial && state == State.IDLE) {
      // Something came, and it was not a whole head.
      state = State.RECEIVING;
      deadline = System.nanoTime() + transferNanos;
    }
  }

  // Requests.

  @Override
  public void channelRead(ChannelHandlerContext newContext, Object message) {
    decoded = true;
    if (state == State.LINGERING) {
      ReferenceCountUtil.release(message);
    } else if (state == State.WORKING || state == State.SENDING) {
      pending.add(message);
      pendingBytes +=
          message instanceof HttpContent content ? content.content().readableBytes() : 0;
      if (pending.size() >= MOST_PENDING || pendingBytes >= FIRST_PART) {
        newContext.channel().config().setAutoRead(false);
      }
    } else {
      take(message);
    }
  }

  private void take(Object message) {
    try {
      DecoderResult result = ((HttpObject) message).decoderResult();
      if (result.isFailure()) {
        refuse(malformed(result.cause()));
        return;
      }
      if (message instanceof HttpRequest request) {
        begin(request);
      }
      if (message instanceof HttpContent content && state == State.RECEIVING) {
        append(content.content());
        if (content instanceof LastHttpContent && state == State.RECEIVING) {
          complete();
        }
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  /** Takes what waited, until one of them keeps the connection busy. */
  private void takePending() {
    if (taking) {
      return;
    }
    taking = true;
    try {
      while (!pending.isEmpty() && (state == State.IDLE || state == State.RECEIVING)) {
        take(pending.remove());
      }
      if (pending.isEmpty()) {
        pendingBytes = 0;
      }
      if (state == State.LINGERING) {
        releasePending();
      }
      if (pending.isEmpty() && !context().channel().config().isAutoRead()) {
        context().channel().config().setAutoRead(true);
      }
    } finally {
      taking = false;
    }
  }

  private void begin(HttpRequest request) {
    if (state == State.IDLE) {
      state = State.RECEIVING;
      deadline = System.nanoTime() + transferNanos;
    }
    head = request;
    keepAlive = HttpUtil.isKeepAlive(request);
    size = 0;
    if (request.protocolVersion().majorVersion() != 1) {
      refuse(Answer.error(
          HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED, "Only HTTP/1.1 and HTTP/1.0 are spoken."));
      return;
    }
    long length = HttpUtil.getContentLength(request, -1L);
    if (length > settings.maxBodyBytes()) {
      refuse(tooLarge());
      return;
    }
    Routes.Route route = routes.route(request);
    early = route.early();
    kind = route.kind();
    function = route.function();
    String expected = request.headers().get(HttpHeaderNames.EXPECT);
    if (expected != null && request.protocolVersion().minorVersion() > 0) {
      if (!HttpHeaderValues.CONTINUE.contentEqualsIgnoreCase(expected)) {
        refuse(Answer.error(
            HttpResponseStatus.EXPECTATION_FAILED, "Only 100-continue can be expected."));
      } else if (early != null) {
        refuse(early);
      } else {
        context()
            .writeAndFlush(new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
      }
    }
    if (length > 0 && length <= FIRST_PART && early == null && state == State.RECEIVING) {
      body = new byte[(int) length];
    }
  }

  private void append(ByteBuf part) {
    int length = part.readableBytes();
    if (length == 0) {
      return;
    }
    if (length > settings.maxBodyBytes() - size) {
      refuse(tooLarge());
      return;
    }
    if (early != null) {
      size += length;
      return;
    }
    if (size + length > body.length) {
      long known = HttpUtil.getContentLength(requireNonNull(head), (long) settings.maxBodyBytes());
      int larger = (int) Math.max(size + length, Math.min(known, Math.max(FIRST_PART, 2L * size)));
      long more = Math.max(0, larger - FIRST_PART) - reserved;
      if (more > 0 && !front.reserve(more)) {
        refuse(Answer.error(
                HttpResponseStatus.SERVICE_UNAVAILABLE,
                "There is no room for this body beside those of other requests: try again later.")
            .with("retry-after", "1"));
        return;
      }
      reserved += Math.max(0, more);
      body = Arrays.copyOf(body, larger);
    }
    part.readBytes(body, size, length);
    size += length;
  }

  private Answer tooLarge() {
    return Answer.error(
        HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is longer than " + settings.maxBodyBytes()
            + " bytes: send less at a time, or raise maxBodyBytes.");
  }

  private static Answer malformed(Throwable cause) {
    if (cause instanceof TooLongHttpLineException) {
      return Answer.error(
          HttpResponseStatus.REQUEST_URI_TOO_LONG,
          "The request's first line is longer than " + StrictRequestDecoder.LONGEST_LINE
              + " bytes.");
    }
    if (cause instanceof TooLongHttpHeaderException) {
      return Answer.error(
          HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
          "The headers are longer than " + StrictRequestDecoder.LONGEST_HEADERS + " bytes.");
    }
    return Answer.error(
        HttpResponseStatus.BAD_REQUEST,
        "This is no request of HTTP/1.1 that has one meaning only: check its first line, its headers and how its"
            + " length is given.");
  }

  private void complete() {
    if (early != null) {
      send(early);
      return;
    }
    HttpRequest request = requireNonNull(head);
    HttpFunction called = requireNonNull(function);
    byte[] whole = size == body.length ? body : Arrays.copyOf(body, size);
    body = NONE;
    state = State.WORKING;
    CompletableFuture<Answer> answer;
    try {
      answer = answer(request, whole, requireNonNull(kind), called)
          .exceptionally(thrown -> Failed.answer(called.name(), thrown));
    } catch (RuntimeException e) {
      send(Failed.answer(called.name(), e));
      return;
    }
    if (answer.isDone()) {
      send(answer.join());
    } else {
      answer.thenAccept(given -> context().executor().execute(() -> {
        if (state == State.WORKING) {
          send(given);
        }
      }));
    }
  }

  private CompletableFuture<Answer> answer(
      HttpRequest request, byte[] whole, Target.Kind to, HttpFunction called) {
    if (request.method().equals(HttpMethod.POST)) {
      CompletableFuture<Response> invocation =
          called.invoke(Routes.question(request.headers(), whole, called));
      work = invocation;
      return invocation.thenApply(response -> Routes.answer(to, called, response));
    }
    CompletableFuture<FunctionDescription> description = called.describe();
    work = description;
    return description.thenApply(found -> Routes.metadata(called, found));
  }

  // Answers.

  /** Answers before the request is all there, which ends the connection. */
  private void refuse(Answer answer) {
    keepAlive = false;
    boolean early = state != State.LINGERING;
    send(answer);
    if (early && state == State.SENDING) {
      state = State.LINGERING;
      deadline = System.nanoTime() + Math.min(transferNanos, LONGEST_LINGER);
      releasePending();
    }
  }

  private void send(Answer answer) {
    HttpRequest request = head;
    boolean isHead = request != null && request.method().equals(HttpMethod.HEAD);
    boolean isOld = request != null && request.protocolVersion().minorVersion() == 0;
    boolean keep = keepAlive && !front.isClosing();
    FullHttpResponse response =
        response(answer, isHead ? Unpooled.EMPTY_BUFFER : answer.body(), keep, isOld);
    forget();
    state = State.SENDING;
    deadline = System.nanoTime() + transferNanos;
    ChannelFuture sent = context().writeAndFlush(response);
    if (sent.isDone()) {
      sent(sent, keep);
    } else {
      sent.addListener(future -> sent(sent, keep));
    }
  }

  private FullHttpResponse response(Answer answer, ByteBuf content, boolean keep, boolean isOld) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, answer.status(), content);
    HttpHeaders headers = response.headers();
    if (!answer.contentType().isEmpty()) {
      headers.set(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
    }
    if (answer.status().code() != HttpResponseStatus.NO_CONTENT.code()) {
      headers.set(HttpHeaderNames.CONTENT_LENGTH, answer.body().readableBytes());
    }
    headers.set(HttpHeaderNames.DATE, front.date());
    answer.headers().forEach(headers::set);
    if (!keep) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    } else if (isOld) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
    }
    return response;
  }

  private void sent(ChannelFuture sent, boolean keep) {
    if (!sent.isSuccess()) {
      context().close();
    } else if (keep) {
      state = State.IDLE;
      deadline = System.nanoTime() + idleNanos;
      takePending();
    } else if (context().channel() instanceof DuplexChannel channel) {
      // Closing while the client still sends would reset the connection, and lose it the answer.
      state = State.LINGERING;
      deadline = System.nanoTime() + Math.min(transferNanos, LONGEST_LINGER);
      channel.shutdownOutput();
      watch();
    } else {
      context().close();
    }
  }

  /** Forgets the request. */
  private void forget() {
    head = null;
    early = null;
    kind = null;
    function = null;
    work = null;
    body = NONE;
    size = 0;
    front.release(reserved);
    reserved = 0;
  }

  private void releasePending() {
    pending.forEach(ReferenceCountUtil::release);
    pending.clear();
    pendingBytes = 0;
  }

  @Override
  public void channelInactive(ChannelHandlerContext newContext) {
    CompletableFuture<?> left = work;
    state = State.LINGERING;
    forget();
    releasePending();
    front.closed(this);
    if (left != null) {
      left.cancel(false);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext newContext, Throwable cause) {
    if (!(cause instanceof IOException)) {
      LOG.warn("A connection is closed after a failure", cause);
    }
    newContext.close();
  }
}
