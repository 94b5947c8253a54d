package io.fairlead.sagemaker.internal;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Problems;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.PieceQueue;
import io.fairlead.provider.PieceQueues;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.TimeSource;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.SageMakerRequest;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkCancellationException;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.SdkEventLoopGroup;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeAsyncClient;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointWithResponseStreamRequest;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointWithResponseStreamResponse;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointWithResponseStreamResponseHandler;
import software.amazon.awssdk.services.sagemakerruntime.model.PayloadPart;
import software.amazon.awssdk.services.sagemakerruntime.model.ResponseStream;
import software.amazon.awssdk.utils.ThreadFactoryBuilder;

/**
 * Streaming invocations by AWS's InvokeEndpointWithResponseStream. The only class that needs Netty; it is loaded only
 * when it is used.
 */
final class SageMakerStreaming implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  /** Longer than any request's own timeout, which ends it. */
  private static final Duration SOCKET_TIMEOUT = Duration.ofHours(1);

  private static final int MOST_CONNECTIONS = 1000;
  private static final Duration REASON_COMES = Duration.ofSeconds(1);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final SageMakerClients clients;
  private final RefusedCalls calls;
  private final SageMakerErrors errors;
  private final TimeSource time;
  private final NioEventLoopGroup threads;
  private final SdkAsyncHttpClient http;
  private final SageMakerRuntimeAsyncClient client;
  private final PieceQueues queues = new PieceQueues(SageMakerProvider.ID);

  SageMakerStreaming(
      SageMakerConfig config,
      SageMakerClients clients,
      RefusedCalls calls,
      SageMakerErrors errors,
      TimeSource time) {
    this.clients = clients;
    this.calls = calls;
    this.errors = errors;
    this.time = time;
    ThreadFactory named = new ThreadFactoryBuilder()
        .threadNamePrefix("fairlead-sagemaker-streaming")
        .daemonThreads(true)
        .build();
    this.threads = new NioEventLoopGroup(0, named);
    this.http = NettyNioAsyncHttpClient.builder()
        .eventLoopGroup(SdkEventLoopGroup.create(threads, UncutChannel::new))
        .connectionTimeout(CONNECT_TIMEOUT)
        .readTimeout(SOCKET_TIMEOUT)
        .writeTimeout(SOCKET_TIMEOUT)
        .maxConcurrency(MOST_CONNECTIONS)
        .tcpKeepAlive(true)
        .build();
    var builder = SageMakerRuntimeAsyncClient.builder()
        .region(Region.of(config.region()))
        .credentialsProvider(clients.credentials())
        .httpClient(http)
        .overrideConfiguration(override -> override
            .retryStrategy(DefaultRetryStrategy.doNotRetry())
            .scheduledExecutorService(clients.timer()));
    config.endpoint().ifPresent(builder::endpointOverride);
    this.client = builder.build();
  }

  Response invoke(Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces) {
    SageMakerRequest options = checked(endpoint, request);
    InvocationTarget target = InvocationTarget.of(endpoint, request, options);
    InvokeEndpointWithResponseStreamRequest.Builder call =
        InvokeEndpointWithResponseStreamRequest.builder()
            .endpointName(target.endpoint())
            .contentType(request.contentType())
            .body(SdkBytes.fromByteArrayUnsafe(request.bodyUnsafe()))
            .targetVariant(target.variant())
            .inferenceComponentName(target.component())
            .sessionId(options.sessionId().orElse(null))
            .inferenceId(options.inferenceId().orElse(null))
            .customAttributes(options.customAttributes().orElse(null))
            .accept(options.accept().orElse(null));
    String what = SageMakerInvoker.what(endpoint, request);
    Deadline deadline = Deadline.after(request.timeout(), time);
    try {
      Answer answer = calls.call(what, deadline, errors, left -> {
        Duration rest = clients.awaitCredentials(left);
        Answer begun = new Answer(what, deadline);
        begun.begin(call.overrideConfiguration(SageMakerInvoker.within(rest)).build());
        return begun;
      });
      return target.named(answer.handOn(pieces));
    } catch (ServingException e) {
      throw target.named(e);
    }
  }

  private static SageMakerRequest checked(Endpoint endpoint, Request request) {
    SageMakerRequest options = SageMakerInvoker.checked(endpoint, request);
    Problems.in("SageMakerRequest")
        .check(
            options.targetModel().isEmpty(),
            "targetModel",
            "must be left out: SageMaker does not stream answers of multi-model endpoints",
            options.targetModel().orElse(""))
        .check(
            options.sessionId().filter(SageMakerRequest.NEW_SESSION::equals).isEmpty(),
            "sessionId",
            "must be the id of a session: SageMaker starts no session in a streaming answer",
            options.sessionId().orElse(""))
        .throwIfAny();
    return options;
  }

  @Override
  public void close() {
    queues.close();
    client.close();
    http.close();
    threads
        .shutdownGracefully(0, CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly();
  }

  /** One streaming answer. */
  private final class Answer
      implements InvokeEndpointWithResponseStreamResponseHandler,
          Subscriber<ResponseStream>,
          PieceQueues.Source {
    private final String what;
    private final PieceQueue<ByteBuffer> queue;
    private volatile @Nullable InvokeEndpointWithResponseStreamResponse head;
    private volatile @Nullable Subscription subscription;
    private volatile @Nullable CompletableFuture<Void> future;

    Answer(String what, Deadline deadline) {
      this.what = what;
      this.queue = queues.open(what, deadline, this, this::failure);
    }

    // ---- on the SDK's threads ----

    @Override
    public void responseReceived(InvokeEndpointWithResponseStreamResponse response) {
      head = response;
    }

    @Override
    public void onEventStream(SdkPublisher<ResponseStream> publisher) {
      publisher.subscribe(this);
    }

    @Override
    public void onSubscribe(Subscription given) {
      subscription = given;
      queue.begun();
      given.request(1);
    }

    @Override
    public void onNext(ResponseStream event) {
      queue.piece(
          event instanceof PayloadPart part && part.bytes() != null
              ? part.bytes().asByteBuffer()
              : ByteBuffer.allocate(0));
    }

    @Override
    public void onError(Throwable failure) {
      queue.failed(failure);
    }

    @Override
    public void exceptionOccurred(Throwable failure) {
      queue.failed(failure);
    }

    @Override
    public void onComplete() {
      queue.ended();
    }

    @Override
    public void complete() {}

    // ---- on the caller's thread ----

    /** Sends the request, and waits until the answer begins. */
    void begin(InvokeEndpointWithResponseStreamRequest request) {
      Throwable failure =
          queue.begin(() -> future = client.invokeEndpointWithResponseStream(request, this));
      if (failure != null) {
        throw sdkFailure(reason(failure));
      }
    }

    Response handOn(Consumer<? super ByteBuffer> pieces) {
      try {
        queue.handOn(pieces);
      } catch (ServingException e) {
        String variant = head().invokedProductionVariant();
        throw variant == null ? e : e.withVariant(variant);
      }
      return SageMakerInvoker.withDetails(
          SageMakerInvoker.response(
              new byte[0], head().contentType(), head().invokedProductionVariant()),
          null,
          null,
          head().customAttributes());
    }

    private InvokeEndpointWithResponseStreamResponse head() {
      return requireNonNull(head, "head");
    }

    private ServingException failure(Throwable thrown, int count) {
      return errors.failure(what + " (piece " + (count + 1) + ")", sdkFailure(reason(thrown)));
    }

    /** The SDK cancels its own reading when a failure arrives in the answer, and may report the cancellation first. */
    private Throwable reason(Throwable first) {
      Throwable reason = first;
      while (isCancellation(reason)) {
        Throwable further = queue.furtherFailure(REASON_COMES);
        if (further == null) {
          return first;
        }
        reason = further;
      }
      return reason;
    }

    @Override
    public void request() {
      requireNonNull(subscription, "subscription").request(1);
    }

    /** Releases the connection, or closes it if the answer is incomplete. */
    @Override
    public void close() {
      CompletableFuture<Void> begun = future;
      if (begun != null) {
        begun.cancel(true);
      }
    }
  }

  /**
   * A connection on which an answer that ends without its last chunk is a failure; the SDK takes it for a complete one.
   *
   * <p>It is detected in the output of the HTTP codec, which is in the pipeline only while the connection is used.
   */
  private static final class UncutChannel extends NioSocketChannel {
    UncutChannel() {
      pipeline().addLast(new ChannelDuplexHandler() {
        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
          ChannelHandlerContext codec = context.pipeline().context(HttpClientCodec.class);
          if (codec != null) {
            context.pipeline().addAfter(codec.name(), "whole answers", new WholeAnswers());
            context.pipeline().remove(this);
          }
          var unused = context.write(message, promise);
        }
      });
    }
  }

  /** Passes a failure on if the connection is closed before the answer is complete. */
  private static final class WholeAnswers extends ChannelInboundHandlerAdapter {
    private boolean answering;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      answering =
          !(message instanceof LastHttpContent) && (answering || message instanceof HttpResponse);
      context.fireChannelRead(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      if (answering) {
        answering = false;
        context.fireExceptionCaught(
            new IOException("the connection was closed before the answer was complete"));
      }
      context.fireChannelInactive();
    }
  }

  private static boolean isCancellation(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SdkCancellationException) {
        return true;
      }
    }
    return false;
  }

  private static SdkException sdkFailure(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
    return cause instanceof SdkException known
        ? known
        : SdkClientException.create("the answer was cut off: " + cause.getMessage(), cause);
  }
}
