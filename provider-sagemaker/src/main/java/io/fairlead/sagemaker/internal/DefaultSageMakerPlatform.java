package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.ForwardingEndpointPlatform;
import io.fairlead.reconcile.Polling;
import io.fairlead.reconcile.ReconciledEndpointPlatform;
import io.fairlead.reconcile.Reconciler;
import io.fairlead.sagemaker.AsyncInvocation;
import io.fairlead.sagemaker.AsyncRequest;
import io.fairlead.sagemaker.SageMakerAnswer;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.sagemaker.SageMakerProvider;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** An endpoint platform that also asks models in the ways that SageMaker alone has. */
public final class DefaultSageMakerPlatform extends ForwardingEndpointPlatform
    implements SageMakerPlatform {
  /** AWS throttles who asks for one endpoint's state every five seconds for long. */
  private static final Polling POLLING =
      new Polling(Duration.ofSeconds(5), Duration.ofSeconds(30), 0.1);

  private final SageMakerInvoker invoker;
  private final AsyncInvocations asyncInvocations;
  private final Supplier<SageMakerStreaming> newStreaming;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable SageMakerStreaming streaming;
  private volatile boolean closed;

  /**
   * Makes a platform.
   *
   * @param platform what does all that other platforms do, too; closed with this
   * @param newStreaming makes what needs Netty, called once and only if it is needed; closed with this
   */
  DefaultSageMakerPlatform(
      EndpointPlatform platform,
      SageMakerInvoker invoker,
      AsyncInvocations asyncInvocations,
      Supplier<SageMakerStreaming> newStreaming) {
    super(platform);
    this.invoker = invoker;
    this.asyncInvocations = asyncInvocations;
    this.newStreaming = newStreaming;
  }

  /** {@return the platform, with the clock and the chance that are given} */
  public static SageMakerPlatform open(
      SageMakerConfig config, TimeSource time, RandomGenerator random) {
    SageMakerClients clients = new SageMakerClients(config);
    SageMakerErrors errors = new SageMakerErrors(config.identity());
    SageMakerKinds kinds = SageMakerKinds.of(config, clients, errors, time);
    Reconciler reconciler = Reconciler.builder(SageMakerProvider.ID, kinds.all())
        .traffic(kinds.traffic())
        .time(time)
        .polling(POLLING)
        .random(random)
        .build();
    RetriedCalls calls = new RetriedCalls(errors, time, random);
    SageMakerInvoker invoker = new SageMakerInvoker(clients, calls);
    EndpointPlatform platform = new ReconciledEndpointPlatform(
        reconciler, new SageMakerMapper(config), invoker, clients::close);
    return new DefaultSageMakerPlatform(
        platform,
        invoker,
        new AsyncInvocations(clients, calls, errors, time, config.callTimeout()),
        () -> new SageMakerStreaming(config, clients, calls, errors, time));
  }

  @Override
  public SageMakerAnswer invokeFully(Endpoint endpoint, Request request) {
    checkOpen("invoke " + endpoint.name());
    return invoker.invokeFully(endpoint, request);
  }

  @Override
  public SageMakerAnswer invokeStreaming(
      Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces) {
    checkOpen("invoke " + endpoint.name());
    return streaming(endpoint.name()).invoke(endpoint, request, pieces);
  }

  @Override
  public AsyncInvocation invokeAsync(Endpoint endpoint, AsyncRequest request) {
    checkOpen("invoke " + endpoint.name());
    return asyncInvocations.invoke(endpoint, request);
  }

  @Override
  public Optional<Response> result(AsyncInvocation invocation) {
    checkOpen("look for a result of " + invocation.endpoint());
    return asyncInvocations.result(invocation);
  }

  @Override
  public Response awaitResult(AsyncInvocation invocation, Duration timeout) {
    checkOpen("wait for a result of " + invocation.endpoint());
    return asyncInvocations.await(invocation, timeout);
  }

  private SageMakerStreaming streaming(String name) {
    SageMakerStreaming known = streaming;
    if (known != null) {
      return known;
    }
    lock.lock();
    try {
      checkOpen("invoke " + name);
      known = streaming;
      if (known == null) {
        known = newStreaming.get();
        streaming = known;
      }
      return known;
    } catch (NoClassDefFoundError e) {
      throw new ServingException(
          id(),
          ErrorKind.UNSUPPORTED,
          "Answers in pieces need the artifact software.amazon.awssdk:netty-nio-client, which is not on"
              + " the class path: add it in the version of the other artifacts of the AWS SDK, or use invoke.",
          e);
    } finally {
      lock.unlock();
    }
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
    SageMakerStreaming open;
    lock.lock();
    try {
      closed = true;
      open = streaming;
      streaming = null;
    } finally {
      lock.unlock();
    }
    try {
      if (open != null) {
        open.close();
      }
    } finally {
      super.close();
    }
  }
}
