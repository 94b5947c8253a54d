package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Response;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.ForwardingEndpointPlatform;
import io.fairlead.reconcile.Polling;
import io.fairlead.reconcile.ReconciledEndpointPlatform;
import io.fairlead.reconcile.Reconciler;
import io.fairlead.sagemaker.AsyncInvocation;
import io.fairlead.sagemaker.AsyncRequest;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.spi.Reachable;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** An endpoint platform with SageMaker's asynchronous invocations, and access for clients of OpenAI's API. */
public final class DefaultSageMakerPlatform extends ForwardingEndpointPlatform
    implements SageMakerPlatform, Reachable {
  /** AWS throttles frequent polls: an endpoint must not be described every five seconds for a long time. */
  private static final Polling POLLING =
      new Polling(Duration.ofSeconds(5), Duration.ofSeconds(30), 0.1);

  private static final Duration TOKEN_LIFE = Duration.ofMinutes(15);

  private final AsyncInvocations asyncInvocations;
  private final OpenAiRoute openAi;
  private final Reachable reachable;
  private volatile boolean closed;

  /**
   * Creates a platform.
   *
   * @param platform the platform of all other operations; closed with this one
   */
  DefaultSageMakerPlatform(
      EndpointPlatform platform,
      AsyncInvocations asyncInvocations,
      OpenAiRoute openAi,
      Reachable reachable) {
    super(platform);
    this.asyncInvocations = asyncInvocations;
    this.openAi = openAi;
    this.reachable = reachable;
  }

  /** {@return the platform, with a time source and a source of randomness} */
  public static SageMakerPlatform open(
      SageMakerConfig config, TimeSource time, RandomGenerator random) {
    SageMakerClients clients = new SageMakerClients(config);
    SageMakerErrors errors = new SageMakerErrors(config);
    SageMakerKinds kinds = SageMakerKinds.of(config, clients, errors, time);
    Reconciler reconciler = Reconciler.builder(SageMakerProvider.ID, kinds.all())
        .traffic(kinds.traffic())
        .time(time)
        .polling(POLLING)
        .random(random)
        .build();
    RefusedCalls calls = new RefusedCalls(SageMakerProvider.ID, time, random);
    SageMakerInvoker invoker = new SageMakerInvoker(
        clients,
        calls,
        errors,
        time,
        () -> new SageMakerStreaming(config, clients, calls, errors, time));
    EndpointPlatform platform = new ReconciledEndpointPlatform(
        reconciler, new SageMakerMapper(config), invoker, () -> close(invoker, clients));
    return new DefaultSageMakerPlatform(
        platform,
        new AsyncInvocations(clients, calls, errors, time, config.callTimeout()),
        new OpenAiRoute(config, clients, errors, time),
        new SageMakerReach(config, clients, errors));
  }

  private static void close(SageMakerInvoker invoker, SageMakerClients clients) {
    try {
      invoker.close();
    } finally {
      clients.close();
    }
  }

  @Override
  public AsyncInvocation invokeAsync(Endpoint endpoint, AsyncRequest request) {
    checkOpen("invoke " + endpoint.name());
    return asyncInvocations.invoke(endpoint, request);
  }

  @Override
  public Optional<Response> result(AsyncInvocation invocation) {
    checkOpen("read a result of " + invocation.endpoint());
    return asyncInvocations.result(invocation);
  }

  @Override
  public Response awaitResult(AsyncInvocation invocation, Duration timeout) {
    checkOpen("wait for a result of " + invocation.endpoint());
    return asyncInvocations.await(invocation, timeout);
  }

  @Override
  public OpenAiAccess openAi(Endpoint endpoint) {
    return openAi(endpoint, TOKEN_LIFE);
  }

  @Override
  public OpenAiAccess openAi(Endpoint endpoint, Duration tokenLife) {
    checkOpen("give access to " + endpoint.name());
    return openAi.access(endpoint, tokenLife);
  }

  @Override
  public Optional<String> credentials(Duration limit) {
    return reachable.credentials(limit);
  }

  @Override
  public Optional<String> reach(Duration limit) {
    return reachable.reach(limit);
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
    closed = true;
    super.close();
  }
}
