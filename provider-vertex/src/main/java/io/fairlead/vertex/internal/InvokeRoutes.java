package io.fairlead.vertex.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.HttpAnswer;
import io.fairlead.provider.HttpFailure;
import io.fairlead.provider.Lazy;
import io.fairlead.provider.Loopback;
import io.fairlead.provider.TimeSource;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.internal.http.AuthorizedCalls;
import io.fairlead.vertex.internal.http.HttpErrors;
import io.fairlead.vertex.internal.http.OpenAiNames;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Invokes the paths of a container that has invoke routes, of all variants or of one.
 *
 * <p>Vertex AI offers it over HTTPS only, at the host of a dedicated endpoint: {@code
 * ENDPOINT/invoke/PATH} follows the traffic split, {@code ENDPOINT/deployedModels/ID/invoke/PATH} does not.
 */
final class InvokeRoutes {
  /** What an emulator is told, because clients of OpenAI's API need a token. */
  private static final String NO_TOKEN = "none";

  private final VertexConfig config;
  private final PredictionCalls calls;
  private final VertexNames names;
  private final TimeSource time;
  /** Created when it is first needed: the JDK's client loads a thousand classes, TLS and its certificates. */
  private final Lazy<AuthorizedCalls> http;

  private final HttpErrors errors;

  InvokeRoutes(
      VertexConfig config,
      VertexClients clients,
      PredictionCalls calls,
      VertexNames names,
      TimeSource time) {
    this.config = config;
    this.calls = calls;
    this.names = names;
    this.time = time;
    this.http = new Lazy<>(clients.holder()) {
      @Override
      protected AuthorizedCalls make() {
        return clients.holder().closeLater(new AuthorizedCalls(config, clients::credentials));
      }
    };
    this.errors = new HttpErrors(VertexClients.identity(config));
  }

  /** {@return the invoke routes of an endpoint's container; null if it has none} */
  static @Nullable VertexContainer of(Endpoint endpoint) {
    // A loop, because a stream would cost each request time.
    for (PlatformOptions option : endpoint.container().runtime().options().values()) {
      if (option instanceof VertexContainer container && container.invokeRoutes()) {
        return container;
      }
    }
    return null;
  }

  /** One attempt to invoke a model. */
  @FunctionalInterface
  private interface Call<A> {
    HttpAnswer<A> make(URI uri, byte[] body, Duration left);
  }

  Response invoke(Endpoint endpoint, VertexContainer container, Request request) {
    Deadline deadline = Deadline.after(request.timeout(), time);
    HttpAnswer<byte[]> answer = ask(
        endpoint,
        container,
        request,
        deadline,
        (uri, body, left) -> http.get().post(uri, body, request.contentType(), left));
    return named(
        endpoint,
        request,
        Response.ofUnsafe(answer.body(), answer.contentType()),
        AuthorizedCalls.deployedModelId(answer),
        deadline);
  }

  Response invokeStreaming(
      Endpoint endpoint,
      VertexContainer container,
      Request request,
      Consumer<? super ByteBuffer> pieces) {
    Deadline deadline = Deadline.after(request.timeout(), time);
    var answer = ask(
        endpoint,
        container,
        request,
        deadline,
        (uri, body, left) -> http.get().stream(uri, body, request.contentType(), left));
    try {
      http.get().handOn(PredictionCalls.what(endpoint, request), deadline, answer, errors, pieces);
    } catch (ServingException e) {
      throw failed(endpoint, request, e, AuthorizedCalls.deployedModelId(answer), deadline);
    }
    return named(
        endpoint,
        request,
        Response.ofUnsafe(new byte[0], answer.contentType()),
        AuthorizedCalls.deployedModelId(answer),
        deadline);
  }

  private <A> HttpAnswer<A> ask(
      Endpoint endpoint,
      VertexContainer container,
      Request request,
      Deadline deadline,
      Call<A> call) {
    String what = PredictionCalls.what(endpoint, request);
    String path = path(container, request);
    byte[] body = VertexInvoker.bytes(endpoint, request);
    PredictionCalls.checkSize(body.length, PredictionTarget.LARGEST_DEDICATED);
    try {
      URI uri = uri(what, endpoint, request, path, deadline);
      return calls.retries().call(what, deadline, errors, left -> call.make(uri, body, left));
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND || e.kind() == ErrorKind.UNAVAILABLE) {
        calls.forget(endpoint.name());
      }
      if (e.kind() == ErrorKind.NOT_FOUND) {
        checkIsThere(what, endpoint.name(), request, e, deadline);
      }
      String answering = e.getCause() instanceof HttpFailure failure
          ? AuthorizedCalls.deployedModelId(failure)
          : "";
      throw failed(endpoint, request, e, answering, deadline);
    }
  }

  /**
   * Throws what is missing if it is not the container's path: the variant that is asked for, the endpoint, or its
   * host.
   */
  private void checkIsThere(
      String what, String id, Request request, ServingException failure, Deadline deadline) {
    try {
      if (!calls.isDedicated(what, id, request.variant(), deadline)) {
        throw shared(what);
      }
    } catch (ServingException e) {
      if (e.kind() != ErrorKind.NOT_FOUND && e.kind() != ErrorKind.CONFLICT) {
        // The caller may invoke endpoints and not read them.
        failure.addSuppressed(e);
        return;
      }
      throw e;
    }
  }

  private static ServingException shared(String what) {
    return new ServingException(
        VertexProvider.ID,
        ErrorKind.CONFLICT,
        what
            + " failed: a path of a container is invoked at the host of a dedicated endpoint, and this endpoint is "
            + "shared: deploy under another name");
  }

  private static String path(VertexContainer container, Request request) {
    Optional<String> path = request.path().or(container::invokePath);
    Problems.in("Request")
        .check(
            path.isPresent(),
            "path",
            "must be given by Request.withPath, because the container has invoke routes without a default path",
            "none")
        .throwIfAny();
    return path.orElseThrow();
  }

  private URI uri(String what, Endpoint endpoint, Request request, String path, Deadline deadline) {
    String id = endpoint.name();
    String host = isEmulated()
        ? VertexClients.hostAndPort(config)
        : calls.ownHost(what, id, deadline).orElseThrow(() -> shared(what));
    String pinned = request
        .variant()
        .map(variant -> "/deployedModels/" + VertexNames.deployedModelId(id + "/" + variant))
        .orElse("");
    return URI.create(
        scheme(host) + host + "/v1/" + names.endpoint(id) + pinned + "/invoke" + path);
  }

  /** {@return where an endpoint answers clients of OpenAI's API, and how they authorize themselves; reads the endpoint} */
  OpenAiAccess openAi(Endpoint endpoint) {
    String id = endpoint.name();
    String what = "Finding endpoint '" + id + "'";
    Optional<String> own = calls.hostInReach(what, id, Deadline.after(config.callTimeout(), time));
    String host = (isEmulated() ? Optional.<String>empty() : own)
        .orElseGet(() -> VertexClients.hostAndPort(config));
    VertexContainer routes = of(endpoint);
    if (routes != null && own.isEmpty()) {
      throw shared(what);
    }
    URI baseUrl = URI.create(scheme(host)
        + host.replaceFirst(":443$", "")
        + OpenAiNames.path(names.endpoint(id), routes));
    return new OpenAiAccess(
        baseUrl,
        () -> bearer("Getting a token for endpoint '" + id + "'", baseUrl),
        OpenAiNames.model(endpoint, VertexMapper.HUB_MODEL));
  }

  private String bearer(String what, URI uri) {
    Optional<String> token;
    try {
      token = http.get().bearer(uri, config.callTimeout());
    } catch (HttpFailure e) {
      throw errors.failure(what, e);
    }
    if (token.isEmpty() && config.plaintext()) {
      return NO_TOKEN;
    }
    return token.orElseThrow(() -> new ServingException(
        VertexProvider.ID,
        ErrorKind.UNAUTHORIZED,
        what + " failed: the credentials have no bearer token. Tried "
            + VertexClients.identity(config)));
  }

  /** {@return whether one host stands in for all} */
  private boolean isEmulated() {
    return config.plaintext() && config.hosts().isEmpty();
  }

  private String scheme(String host) {
    return config.plaintext() && Loopback.isHostAndPort(host) ? "http://" : "https://";
  }

  private Response named(
      Endpoint endpoint, Request request, Response response, String answering, Deadline deadline) {
    String deployedModelId = answering.isEmpty()
        ? request
            .variant()
            .map(variant -> VertexNames.deployedModelId(endpoint.name() + "/" + variant))
            .orElse("")
        : answering;
    return calls.named(endpoint, request, response, deployedModelId, deadline);
  }

  private ServingException failed(
      Endpoint endpoint,
      Request request,
      ServingException failure,
      String answering,
      Deadline deadline) {
    return calls.named(endpoint, request, failure, answering, deadline);
  }
}
