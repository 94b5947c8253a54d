package io.fairlead.serverless.internal.http;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.Response;
import io.fairlead.provider.Durations;
import io.fairlead.serverless.HttpSettings;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
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
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client connection: handles its requests one after another, and enforces timeouts and size limits.
 *
 * <p>All methods run on the connection's event loop. It keeps reading while a function runs, to notice a disconnect;
 * what arrives meanwhile is buffered, up to a limit at which it stops reading. A client that half-closes the connection
 * counts as disconnected.
 */
// The results of a channel's futures also come as events.
@SuppressWarnings("FutureReturnValueIgnored")
final class Connection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final int MAX_PENDING = 64;
  private static final int INITIAL_BUFFER = 64 * 1024;
  private static final long MAX_LINGER = TimeUnit.SECONDS.toNanos(2);
  private static final long MIN_DELAY = TimeUnit.MILLISECONDS.toNanos(1);
  private static final byte[] NONE = {};
  /** What logs have, as nginx's, for a request whose client has gone before the response. */
  private static final int CLIENT_CLOSED = 499;

  private enum State {
    /** Between requests. */
    IDLE,
    /** A request is being received. */
    RECEIVING,
    /** A function is running. */
    WORKING,
    /** The response is being sent. */
    SENDING,
    /** The last response is sent; further input is discarded, so that the client can still read the response. */
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

  private @Nullable Exchange exchange;
  private @Nullable HttpRequest head;
  private @Nullable Answer early;
  private Target.@Nullable Kind kind;
  private @Nullable HttpFunction function;
  private ErrorForm errorForm = ErrorForm.PLAIN;
  private boolean keepAlive;
  private byte[] body = NONE;
  private int size;
  /** The decompression of the body; null if it is not compressed. */
  private @Nullable Inflation inflation;
  /** The bytes of the body as they arrive, compressed or not. */
  private long arrived;

  private long reserved;
  private @Nullable CompletableFuture<?> work;
  private @Nullable PieceFlow streaming;

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
                  + " connections, the maximum: retry later, or raise maxConnections.")
          .with("retry-after", "1");
      // Without lingering, which would hold further connections open.
      Exchange refused = Exchange.unreadable();
      newContext
          .writeAndFlush(response(refused, full, full.body(), false, false))
          .addListener(ChannelFutureListener.CLOSE);
      ended(refused, full.status().code(), full.body().readableBytes());
      return;
    }
    // Not idle: a client that connects is about to send a request.
    state = State.RECEIVING;
    deadline = System.nanoTime() + transferNanos;
    watch();
  }

  /** Closes the connection when it is idle, after the current request. */
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
    // A deadline that is set before the next check is never earlier than it.
    long most = Math.min(transferNanos, idleNanos);
    long left = Math.min(deadline - System.nanoTime(), most);
    context()
        .executor()
        .schedule(this::checkDeadline, Math.max(left, MIN_DELAY), TimeUnit.NANOSECONDS);
  }

  /** Checks the deadline: periodically, because a timer for each request would cost each of them. */
  private void checkDeadline() {
    if (!context().channel().isOpen()) {
      return;
    }
    if (deadline - System.nanoTime() > 0) {
      watch();
      return;
    }
    if (state == State.WORKING) {
      Exchange late = requireNonNull(exchange);
      late.run(() -> LOG.warn(
          "A connection is closed: function {} did not respond within its timeout",
          late.function()));
      endUnanswered(HttpResponseStatus.GATEWAY_TIMEOUT.code());
    }
    if (state == State.RECEIVING && head != null) {
      refuse(Answer.error(
          HttpResponseStatus.REQUEST_TIMEOUT,
          "The request did not arrive within " + Durations.shown(settings.transferTime())
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
      // An incomplete request head has arrived.
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
      if (pending.size() >= MAX_PENDING || pendingBytes >= INITIAL_BUFFER) {
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

  /** Handles buffered messages, until one of them makes the connection busy. */
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
    exchange = Exchange.of(request);
    head = request;
    keepAlive = HttpUtil.isKeepAlive(request);
    size = 0;
    arrived = 0;
    if (request.protocolVersion().majorVersion() != 1) {
      refuse(Answer.error(
          HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED,
          "Only HTTP/1.1 and HTTP/1.0 are supported."));
      return;
    }
    if (hasOtherEncoding(request)) {
      refuse(
          Answer.error(
              HttpResponseStatus.BAD_REQUEST,
              "The only supported Transfer-Encoding is chunked, by itself and once, in HTTP/1.1 and without a Content-Length."));
      return;
    }
    Routes.Route route = routes.route(request);
    early = route.early();
    kind = route.kind();
    function = route.function();
    errorForm = ErrorForm.of(kind, Target.path(request.uri()));
    long length = HttpUtil.getContentLength(request, -1L);
    if (length > settings.maxBodyBytes()) {
      refuse(tooLarge());
      return;
    }
    if (function != null) {
      exchange.isFor(function.name());
    }
    String expected = request.headers().get(HttpHeaderNames.EXPECT);
    if (expected != null && request.protocolVersion().minorVersion() > 0) {
      if (!HttpHeaderValues.CONTINUE.contentEqualsIgnoreCase(expected)) {
        refuse(Answer.error(
            HttpResponseStatus.EXPECTATION_FAILED,
            "The only supported expectation is 100-continue."));
      } else if (early != null) {
        refuse(early);
      } else {
        context()
            .writeAndFlush(new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
      }
    }
    if (early != null || state != State.RECEIVING) {
      return;
    }
    inflation = Inflation.of(Inflation.codings(request.headers())).orElse(null);
    if (length > 0 && length <= INITIAL_BUFFER && inflation == null) {
      body = new byte[(int) length];
    }
  }

  /** Whatever the decoder makes of it, a proxy may see another end of the body. */
  private static boolean hasOtherEncoding(HttpRequest request) {
    List<String> encodings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
    return !encodings.isEmpty()
        && !(encodings.size() == 1
            && HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(encodings.get(0).trim())
            && request.protocolVersion().minorVersion() > 0
            && !request.headers().contains(HttpHeaderNames.CONTENT_LENGTH));
  }

  private void append(ByteBuf part) {
    int length = part.readableBytes();
    if (length == 0) {
      return;
    }
    arrived += length;
    if (arrived > settings.maxBodyBytes()) {
      refuse(tooLarge());
    } else if (early != null) {
      size += length;
    } else if (inflation != null) {
      inflate(inflation, part);
    } else if (makeRoom(length)) {
      part.readBytes(body, size, length);
      size += length;
    }
  }

  /** Decompresses a part of the body, up to the size that a body may have. */
  private void inflate(Inflation inflating, ByteBuf part) {
    inflating.add(part);
    try {
      while (size < settings.maxBodyBytes()) {
        if (!makeRoom(1)) {
          return;
        }
        int most = Math.min(body.length, settings.maxBodyBytes()) - size;
        int read = inflating.read(body, size, most);
        if (read == 0) {
          return;
        }
        size += read;
      }
      if (inflating.read(new byte[1], 0, 1) > 0) {
        refuse(tooLarge());
      }
    } catch (DataFormatException e) {
      refuse(notCompressed(String.valueOf(e.getMessage())));
    }
  }

  private Answer notCompressed(String why) {
    String coding = String.join(", ", Inflation.codings(requireNonNull(head).headers()));
    return Answer.error(
        HttpResponseStatus.BAD_REQUEST,
        "The body is not correct " + coding + ", which Content-Encoding says it is: " + why + ".");
  }

  /** Makes room for more of the body, or refuses the request if there is no memory for it. */
  private boolean makeRoom(int length) {
    if (size + length <= body.length) {
      return true;
    }
    long known = inflation == null
        ? HttpUtil.getContentLength(requireNonNull(head), (long) settings.maxBodyBytes())
        : settings.maxBodyBytes();
    int larger =
        (int) Math.max(size + length, Math.min(known, Math.max(INITIAL_BUFFER, 2L * size)));
    long more = Math.max(0, larger - INITIAL_BUFFER) - reserved;
    if (more > 0 && !front.reserve(more)) {
      refuse(Answer.error(
              HttpResponseStatus.SERVICE_UNAVAILABLE,
              "There is no memory for this body beside those of other requests: retry later.")
          .with("retry-after", "1"));
      return false;
    }
    reserved += Math.max(0, more);
    body = Arrays.copyOf(body, larger);
    return true;
  }

  private Answer tooLarge() {
    return Answer.error(
        HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is longer than " + settings.maxBodyBytes() + " bytes"
            + (inflation == null ? "" : " when it is decompressed")
            + ": send less at a time, or raise maxBodyBytes.");
  }

  private static Answer malformed(Throwable cause) {
    if (cause instanceof TooLongHttpLineException) {
      return Answer.error(
          HttpResponseStatus.REQUEST_URI_TOO_LONG,
          "The request line is longer than " + StrictRequestDecoder.MAX_LINE_LENGTH + " bytes.");
    }
    if (cause instanceof TooLongHttpHeaderException) {
      return Answer.error(
          HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
          "The headers are longer than " + StrictRequestDecoder.MAX_HEADERS_LENGTH + " bytes.");
    }
    return Answer.error(
        HttpResponseStatus.BAD_REQUEST,
        "This is not an unambiguous HTTP/1.1 request: check the request line, the headers and the body length.");
  }

  private void complete() {
    if (early != null) {
      send(early);
      return;
    }
    if (inflation != null && arrived > 0 && !inflation.isComplete()) {
      refuse(notCompressed("it ends too early"));
      return;
    }
    HttpRequest request = requireNonNull(head);
    Target.Kind to = requireNonNull(kind);
    byte[] whole = size == body.length ? body : Arrays.copyOf(body, size);
    body = NONE;
    JsonRouting routing;
    try {
      routing = request.method().equals(HttpMethod.POST)
          ? Routes.routing(to, request.headers(), whole)
          : JsonRouting.NONE;
    } catch (InvalidValueException e) {
      send(Failed.answer("", e));
      return;
    }
    if (function == null) {
      Routes.Route found = routes.byModel(to, routing);
      if (found.early() != null) {
        send(found.early());
        return;
      }
      function = found.function();
      requireNonNull(exchange).isFor(requireNonNull(function).name());
    }
    HttpFunction called = requireNonNull(function);
    state = State.WORKING;
    // A backstop: the invocation has this limit itself, and responds when it is over.
    deadline = System.nanoTime()
        + Durations.nanos(Durations.atMost(Durations.LONGEST, called.timeout()))
        + transferNanos;
    boolean streamed = Routes.isStreamed(to, request.headers(), routing)
        && request.method().equals(HttpMethod.POST);
    requireNonNull(exchange).run(() -> {
      if (streamed) {
        invokeStreaming(request, whole, to, called);
      } else {
        invoke(request, whole, to, called);
      }
    });
  }

  private void invoke(HttpRequest request, byte[] whole, Target.Kind to, HttpFunction called) {
    CompletableFuture<Answer> answer;
    try {
      answer = answer(request, whole, to, called);
    } catch (RuntimeException e) {
      respond(called.name(), null, e);
      return;
    }
    if (answer.isDone()) {
      answer.whenComplete((given, thrown) -> respond(called.name(), given, thrown));
    } else {
      answer.whenComplete((given, thrown) ->
          context().executor().execute(() -> respond(called.name(), given, thrown)));
    }
  }

  private void invokeStreaming(
      HttpRequest request, byte[] whole, Target.Kind to, HttpFunction called) {
    PieceFlow flow = new PieceFlow(context().executor(), this::sendPiece);
    CompletableFuture<Response> invocation;
    try {
      invocation =
          called.invokeStreaming(Routes.toRequest(to, request.headers(), whole, called), flow);
    } catch (RuntimeException e) {
      respond(called.name(), null, e);
      return;
    }
    work = invocation;
    streaming = flow;
    String accept = accept(request);
    invocation.whenComplete((response, thrown) -> {
      // Where the time is over, the function may still wait for its client.
      flow.close();
      // Behind the pieces, which are queued there, too.
      context()
          .executor()
          .execute(() -> orClose(called.name(), () -> {
            if (flow.hasBegun()) {
              endStream(flow, called.name(), response, thrown);
            } else {
              respondUnstreamed(to, called, response, thrown, accept);
            }
          }));
    });
  }

  private void respondUnstreamed(
      Target.Kind to,
      HttpFunction called,
      @Nullable Response response,
      @Nullable Throwable thrown,
      String accept) {
    Answer answer = null;
    Throwable failure = thrown;
    if (response != null) {
      try {
        answer = Routes.answer(to, called, response, accept);
      } catch (RuntimeException e) {
        failure = e;
      }
    }
    respond(called.name(), answer, failure);
  }

  /** Sends the response, or closes the connection if even that fails: the client would wait for ever otherwise. */
  private void respond(String functionName, @Nullable Answer given, @Nullable Throwable thrown) {
    Exchange answered = exchange;
    if (state != State.WORKING || answered == null) {
      return;
    }
    answered.run(() -> orClose(
        functionName,
        () -> send(given == null ? Failed.answer(functionName, requireNonNull(thrown)) : given)));
  }

  private void orClose(String functionName, Runnable sending) {
    try {
      sending.run();
    } catch (Throwable e) {
      context().close();
      LOG.warn("The response of function {} could not be sent", functionName, e);
    }
  }

  private CompletableFuture<Answer> answer(
      HttpRequest request, byte[] whole, Target.Kind to, HttpFunction called) {
    if (request.method().equals(HttpMethod.POST)) {
      CompletableFuture<Response> invocation =
          called.invoke(Routes.toRequest(to, request.headers(), whole, called));
      work = invocation;
      String accept = accept(request);
      return invocation.thenApply(response -> Routes.answer(to, called, response, accept));
    }
    CompletableFuture<FunctionDescription> description = called.describe();
    work = description;
    return description.thenApply(found -> Routes.metadata(called, found));
  }

  private static String accept(HttpRequest request) {
    return String.join(",", request.headers().getAll(HttpHeaderNames.ACCEPT));
  }

  // Answers in pieces.

  private void sendPiece(PieceFlow flow, String contentType, ByteBuf piece) {
    int length = piece.readableBytes();
    if (state != State.WORKING || streaming != flow) {
      piece.release();
      return;
    }
    orClose(requireNonNull(function).name(), () -> {
      if (!flow.hasBegun()) {
        flow.begin(contentType);
        context().write(streamHead(contentType));
      }
      context().writeAndFlush(new DefaultHttpContent(piece)).addListener(written -> {
        flow.taken(length);
        if (!written.isSuccess()) {
          context().close();
        }
      });
    });
  }

  private HttpResponse streamHead(String contentType) {
    boolean isOld = requireNonNull(head).protocolVersion().minorVersion() == 0;
    HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    HttpHeaders headers = response.headers();
    headers.set(HttpHeaderNames.CONTENT_TYPE, contentType);
    headers.set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_CACHE);
    // nginx, and the clouds' proxies that are made of it, would keep the pieces back.
    headers.set("x-accel-buffering", "no");
    headers.set(HttpHeaderNames.DATE, front.date());
    requireNonNull(exchange).writeIds(headers);
    keepAlive = keepAlive && !front.isDraining() && !isOld;
    if (!isOld) {
      headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
    if (!keepAlive) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
    return response;
  }

  /**
   * Ends a response in pieces.
   *
   * <p>After a failure it has no last chunk, so that the client can tell; server-sent events have the error as their
   * last event. In HTTP/1.0, where a response ends with its connection, the connection is reset.
   */
  private void endStream(
      PieceFlow flow,
      String functionName,
      @Nullable Response response,
      @Nullable Throwable thrown) {
    Exchange streamed = exchange;
    HttpRequest request = head;
    if (state != State.WORKING || streaming != flow || streamed == null || request == null) {
      return;
    }
    streamed.run(() -> {
      streamed.received(size);
      Answer failure =
          response == null ? Failed.answer(functionName, requireNonNull(thrown)) : null;
      boolean isOld = request.protocolVersion().minorVersion() == 0;
      boolean keep = failure == null && keepAlive && !front.isDraining();
      ByteBuf last = failure == null
          ? Unpooled.wrappedBuffer(requireNonNull(response).bodyBuffer())
          : flow.isOfEvents() ? failure.asEvent() : Unpooled.EMPTY_BUFFER;
      if (failure != null && isOld && !flow.isOfEvents()) {
        context().channel().config().setOption(ChannelOption.SO_LINGER, 0);
        endUnanswered(failure.status().code());
        context().close();
        return;
      }
      int length = last.readableBytes();
      int status =
          failure == null ? HttpResponseStatus.OK.code() : failure.status().code();
      clearRequest();
      state = State.SENDING;
      deadline = System.nanoTime() + transferNanos;
      ChannelFuture sent = context()
          .writeAndFlush(
              failure == null ? new DefaultLastHttpContent(last) : new DefaultHttpContent(last));
      sent.addListener(future -> {
        ended(streamed, sent.isSuccess() ? status : CLIENT_CLOSED, flow.sent() + length);
        sent(sent, keep);
      });
    });
  }

  // Answers.

  /** Responds before the request has fully arrived, and closes the connection. */
  private void refuse(Answer answer) {
    keepAlive = false;
    boolean early = state != State.LINGERING;
    send(answer);
    if (early && state == State.SENDING) {
      state = State.LINGERING;
      deadline = System.nanoTime() + Math.min(transferNanos, MAX_LINGER);
      releasePending();
    }
  }

  private void send(Answer given) {
    Exchange answered = exchange == null ? Exchange.unreadable() : exchange;
    answered.received(size);
    Answer answer = given.in(errorForm, answered.id());
    HttpRequest request = head;
    boolean isHead = request != null && request.method().equals(HttpMethod.HEAD);
    boolean isOld = request != null && request.protocolVersion().minorVersion() == 0;
    boolean keep = keepAlive && !front.isDraining();
    ByteBuf content = isHead ? Unpooled.EMPTY_BUFFER : answer.body();
    long length = content.readableBytes();
    FullHttpResponse response = response(answered, answer, content, keep, isOld);
    clearRequest();
    state = State.SENDING;
    deadline = System.nanoTime() + transferNanos;
    ChannelFuture sent = context().writeAndFlush(response);
    int status = answer.status().code();
    if (sent.isDone()) {
      ended(answered, sent.isSuccess() ? status : CLIENT_CLOSED, length);
      sent(sent, keep);
    } else {
      sent.addListener(future -> {
        ended(answered, sent.isSuccess() ? status : CLIENT_CLOSED, length);
        sent(sent, keep);
      });
    }
  }

  private void ended(Exchange ended, int status, long length) {
    front.ended(ended, status, length, context().channel().remoteAddress());
  }

  /** Notes the end of a request that gets no response. */
  private void endUnanswered(int status) {
    Exchange unanswered = exchange;
    exchange = null;
    if (unanswered != null) {
      unanswered.received(size);
      ended(unanswered, status, streaming == null ? 0 : streaming.sent());
    }
  }

  private FullHttpResponse response(
      Exchange answered, Answer answer, ByteBuf content, boolean keep, boolean isOld) {
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
    answered.writeIds(headers);
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
      // Closing while the client still sends would reset the connection, and the client would lose
      // the response.
      state = State.LINGERING;
      deadline = System.nanoTime() + Math.min(transferNanos, MAX_LINGER);
      channel.shutdownOutput();
      watch();
    } else {
      context().close();
    }
  }

  /** Clears the state of the request. */
  private void clearRequest() {
    exchange = null;
    head = null;
    early = null;
    kind = null;
    function = null;
    errorForm = ErrorForm.PLAIN;
    work = null;
    streaming = null;
    body = NONE;
    size = 0;
    arrived = 0;
    if (inflation != null) {
      inflation.close();
      inflation = null;
    }
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
    CompletableFuture<?> running = work;
    PieceFlow flow = streaming;
    state = State.LINGERING;
    endUnanswered(CLIENT_CLOSED);
    clearRequest();
    releasePending();
    front.closed(this);
    if (flow != null) {
      flow.close();
    }
    if (running != null) {
      running.cancel(false);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext newContext, Throwable cause) {
    if (!(cause instanceof IOException)) {
      LOG.warn("A connection is closed after an error", cause);
    }
    newContext.close();
  }
}
