package io.fairlead.azureml.internal.scoring;

import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Problems;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.HttpAnswer;
import io.fairlead.provider.HttpCalls;
import io.fairlead.provider.HttpFailure;
import io.fairlead.provider.HttpFailure.Stage;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.Invoker;
import java.net.http.HttpClient;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** Invokes the models of online endpoints, at their scoring URIs. */
public final class ScoringInvoker implements Invoker<Endpoint>, AutoCloseable {
  private static final byte[] NO_BODY = {};

  /** The path below which OpenAI-compatible servers have their routes. */
  private static final String OPEN_AI = "/v1";

  private static final Duration LONGEST_LOOKUP = Duration.ofMinutes(2);

  private final HttpCalls calls;
  private final ScoringTargets targets;
  private final RefusedCalls retries;
  private final TimeSource time;
  private final Invocation.Sender<byte[]> whole;
  private final Invocation.Sender<Flow.Publisher<List<ByteBuffer>>> streaming;

  /** Shared by all platforms, because its threads end only when it is garbage collected; it has no credentials. */
  private static final class Shared {
    static final HttpClient CLIENT =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  /**
   * Creates an invoker.
   *
   * @param client sends the requests, and stays open; it must not follow redirects
   */
  public ScoringInvoker(
      HttpClient client, ScoringEndpoints endpoints, TimeSource time, RandomGenerator random) {
    Problems.in("ScoringInvoker")
        .check(
            client.followRedirects() == HttpClient.Redirect.NEVER,
            "client",
            "must not follow redirects, which would take the credentials to other hosts")
        .throwIfAny();
    this.calls = new HttpCalls(AzureMlProvider.ID, client);
    this.retries = new RefusedCalls(AzureMlProvider.ID, time, random);
    this.targets = new ScoringTargets(endpoints, calls, retries, time);
    this.time = time;
    this.whole = calls::send;
    this.streaming = calls::stream;
  }

  /** {@return the client that all platforms share} */
  public static HttpClient sharedClient() {
    return Shared.CLIENT;
  }

  @Override
  public Response invoke(Endpoint endpoint, Request request) {
    Invocation<byte[]> invocation = invocation(endpoint, request, whole);
    HttpAnswer<byte[]> answer = answer(endpoint, invocation);
    return invocation.named(answer, answer.body());
  }

  @Override
  public Response invokeStreaming(
      Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces) {
    Invocation<Flow.Publisher<List<ByteBuffer>>> invocation =
        invocation(endpoint, request, streaming);
    HttpAnswer<Flow.Publisher<List<ByteBuffer>>> answer = answer(endpoint, invocation);
    try {
      calls.handOn(invocation.what(), invocation.deadline(), answer, invocation, pieces);
    } catch (ServingException e) {
      throw invocation.named(answer, e);
    }
    return invocation.named(answer, NO_BODY);
  }

  // ---- clients of OpenAI's API ----

  /**
   * {@return access to an endpoint, whose key or token is read now and kept with that of its invocations}
   *
   * @param model the name of the model in requests
   */
  public OpenAiAccess openAi(Endpoint endpoint, String model) {
    String name = endpoint.name();
    targets.forget(name);
    return new OpenAiAccess(target(name).at(OPEN_AI), () -> target(name).secret(), model);
  }

  private ScoringTarget target(String endpoint) {
    try {
      return targets.find(endpoint, Deadline.after(LONGEST_LOOKUP, time));
    } catch (HttpFailure e) {
      throw ScoringErrors.exception("Opening endpoint '" + endpoint + "'", e, null, null);
    }
  }

  // ---- invocations ----

  private <B> Invocation<B> invocation(
      Endpoint endpoint, Request request, Invocation.Sender<B> sender) {
    Deadline deadline = Deadline.after(request.timeout(), time);
    return new Invocation<>(endpoint.name(), request, deadline, targets, sender);
  }

  private <B> HttpAnswer<B> answer(Endpoint endpoint, Invocation<B> invocation) {
    try {
      return retries.call(invocation.what(), invocation.deadline(), invocation, invocation);
    } catch (ServingException e) {
      boolean isUnreached =
          e.getCause() instanceof HttpFailure failure && failure.stage() == Stage.NOT_CONNECTED;
      // A variant that does not exist is no reason to look for the endpoint again.
      boolean isAbsent = e.kind() == ErrorKind.NOT_FOUND && !invocation.isPinned();
      if (isUnreached || isAbsent) {
        targets.forget(endpoint.name());
      }
      throw e;
    }
  }

  /** Ends the requests in progress; the client stays open. */
  @Override
  public void close() {
    calls.close();
    targets.close();
  }
}
