package io.fairlead.sagemaker;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.reconcile.ForwardingEndpointPlatform;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An endpoint platform that also asks models in the ways that SageMaker alone has. */
final class OpenSageMaker extends ForwardingEndpointPlatform implements SageMakerPlatform {
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
  OpenSageMaker(
      EndpointPlatform platform,
      SageMakerInvoker invoker,
      AsyncInvocations asyncInvocations,
      Supplier<SageMakerStreaming> newStreaming) {
    super(platform);
    this.invoker = invoker;
    this.asyncInvocations = asyncInvocations;
    this.newStreaming = newStreaming;
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
