package io.fairlead.vertex.internal;

import com.google.api.gax.grpc.GrpcResponseMetadata;
import com.google.api.gax.rpc.ApiException;
import com.google.cloud.aiplatform.v1.DeployedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.RefusedCalls.Refusals;
import io.fairlead.provider.TimeSource;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexEndpoint.Access;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.VertexResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/** The common part of all ways to invoke a model: the host, the deadline and the attempts. */
final class PredictionCalls {
  private static final int ALL = 100;

  private final VertexConfig config;
  private final PredictionTargetCache targets;
  private final RefusedCalls calls;
  private final Refusals<ApiException> refusals;
  private final VariantLookup variants;

  /** One attempt to invoke a model. */
  @FunctionalInterface
  interface Call<T> {
    /**
     * Invokes the model, and throws an {@link ApiException} if the call fails.
     *
     * @param answered receives the headers of the response
     */
    T make(PredictionTarget target, Duration left, GrpcResponseMetadata answered);
  }

  /** The headers of the last of several attempts. */
  private static final class AnswerHeaders {
    private GrpcResponseMetadata last = new GrpcResponseMetadata();

    GrpcResponseMetadata next() {
      last = new GrpcResponseMetadata();
      return last;
    }
  }

  PredictionCalls(
      VertexConfig config,
      VertexClients clients,
      VertexErrors errors,
      VertexNames names,
      TimeSource time,
      RandomGenerator random) {
    this.config = config;
    this.calls = new RefusedCalls(VertexProvider.ID, time, random);
    this.refusals = errors.ofPredictions();
    this.targets = new PredictionTargetCache(config, clients, calls, refusals, names);
    this.variants = new VariantLookup(targets, time);
  }

  static String what(Endpoint endpoint, Request request) {
    return "Invoking endpoint '" + endpoint.name()
        + request.variant().map(variant -> "', variant '" + variant + "'").orElse("'");
  }

  /**
   * Invokes a model.
   *
   * @param what the call, as the beginning of a sentence: {@link #what}
   * @param size the request's size in bytes
   * @param deadline the limit on all attempts
   */
  <T> T ask(
      String what, Endpoint endpoint, Request request, int size, Deadline deadline, Call<T> call) {
    check(request, size);
    String id = endpoint.name();
    Access access = access(endpoint);
    AnswerHeaders headers = new AnswerHeaders();
    try {
      if (access == Access.PRIVATE_SERVICE_CONNECT && config.hosts().isEmpty()) {
        throw outOfReach(what, id, serviceAttachment(what, id, deadline));
      }
      request.variant().ifPresent(variant -> checkHasAllRequests(what, id, variant, deadline));
      PredictionTarget known = targets.known(id);
      boolean isElsewhere = access != Access.SHARED && !targets.isFound(id);
      PredictionTarget target =
          isElsewhere || size > known.largest() ? targets.find(what, id, deadline) : known;
      checkSize(size, target.largest());
      return calls.call(what, deadline, refusals, left -> {
        try {
          return call.make(target, left, headers.next());
        } catch (ApiException e) {
          if (target.isDedicated() || !VertexErrors.isAtItsOwnHost(e)) {
            throw e;
          }
          PredictionTarget own = targets.find(what, id, deadline);
          return calls.call(
              what, deadline, refusals, leftThen -> call.make(own, leftThen, headers.next()));
        }
      });
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND || e.kind() == ErrorKind.UNAVAILABLE) {
        targets.forget(id);
      }
      throw named(endpoint, request, e, headers.last, deadline);
    }
  }

  /** {@return the failure, with the variant's name if Vertex AI says which it is} */
  ServingException named(
      Endpoint endpoint,
      Request request,
      ServingException failure,
      GrpcResponseMetadata answered,
      Deadline deadline) {
    return named(endpoint, request, failure, VertexInvoker.deployedModelId(answered), deadline);
  }

  /** The same, with the id of the deployed model; empty if Vertex AI does not say it. */
  ServingException named(
      Endpoint endpoint,
      Request request,
      ServingException failure,
      String deployedModelId,
      Deadline deadline) {
    return deployedModelId.isEmpty() || failure.variant().isPresent()
        ? failure
        : failure.withVariant(variant(endpoint, request, deployedModelId, deadline));
  }

  /** {@return the variant of a deployed model, usually the one that the request is pinned to} */
  private String variant(
      Endpoint endpoint, Request request, String deployedModelId, Deadline deadline) {
    return request
        .variant()
        .filter(pinned ->
            deployedModelId.equals(VertexNames.deployedModelId(endpoint.name() + "/" + pinned)))
        .orElseGet(() -> variants.of(endpoint, deployedModelId, deadline));
  }

  /**
   * {@return the answer with its variant, which is the pinned one if the request is pinned, and its deployed model}
   *
   * @param deployedModelId the deployed model that answered; empty if Vertex AI does not say
   * @param deadline the limit on the lookup of the variant
   */
  Response named(
      Endpoint endpoint,
      Request request,
      Response response,
      String deployedModelId,
      Deadline deadline) {
    if (deployedModelId.isEmpty()) {
      return response;
    }
    String variant = variant(endpoint, request, deployedModelId, deadline);
    if (!request.variant().orElse(variant).equals(variant)) {
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.CONFLICT,
          what(endpoint, request) + " failed: '" + variant
              + "' answered, because requests were routed to it meanwhile");
    }
    Response named = response.servedBy(variant);
    return named.find(VertexResponse.class).isPresent()
        ? named
        : named.with(VertexResponse.of(deployedModelId));
  }

  private static Access access(Endpoint endpoint) {
    for (PlatformOptions option : endpoint.routing().options().values()) {
      if (option instanceof VertexEndpoint endpointOptions) {
        return endpointOptions.access();
      }
    }
    return Access.SHARED;
  }

  /** Best effort: the failure is told without it, too. */
  private String serviceAttachment(String what, String id, Deadline deadline) {
    try {
      return EndpointCalls.serviceAttachment(targets.get(what, id, deadline));
    } catch (ServingException e) {
      return "";
    }
  }

  private static ServingException outOfReach(String what, String id, String attachment) {
    return new ServingException(
        VertexProvider.ID,
        ErrorKind.UNSUPPORTED,
        what
            + " failed: it is accessible only by Private Service Connect, not by Google's own hosts. In the network "
            + "of an allowed project, create a forwarding rule to its service attachment"
            + (attachment.isEmpty() ? "" : ", " + attachment + ",")
            + " and name the rule's address with VertexConfig.withHosts for endpoint " + id);
  }

  private static void check(Request request, int size) {
    checkSize(size, PredictionTarget.LARGEST_DEDICATED);
    for (PlatformOptions option : request.options().values()) {
      Problems.in("Request")
          .check(
              !option.platform().equals(VertexProvider.ID),
              "options",
              "must not be of platform 'vertex', which has none for requests",
              option.getClass().getSimpleName())
          .throwIfAny();
    }
  }

  static void checkSize(int size, int largest) {
    if (size > largest) {
      String wayOut = largest == PredictionTarget.LARGEST_SHARED
          ? ", the limit of a shared endpoint; a dedicated one takes "
              + PredictionTarget.LARGEST_DEDICATED
          : ", the limit of Vertex AI: pass larger inputs as objects of Cloud Storage";
      Problems.in("Request")
          .check(false, "body", "must have at most " + largest + " bytes" + wayOut, size)
          .throwIfAny();
    }
  }

  /** {@return the host of an endpoint that has one of its own, as {@code host:port}} */
  Optional<String> ownHost(String what, String id, Deadline deadline) {
    return targets.ownHost(what, id, deadline);
  }

  /** The same, as Vertex AI says now; throws if nobody can reach it. */
  Optional<String> hostInReach(String what, String id, Deadline deadline) {
    com.google.cloud.aiplatform.v1.Endpoint found = targets.get(what, id, deadline);
    if (found.hasPrivateServiceConnectConfig() && config.hosts().isEmpty()) {
      throw outOfReach(what, id, EndpointCalls.serviceAttachment(found));
    }
    return ownHost(what, id, deadline);
  }

  /**
   * {@return whether an endpoint has a host of its own, as Vertex AI says now}
   *
   * @param variant has to be deployed there, or else this throws
   */
  boolean isDedicated(String what, String id, Optional<String> variant, Deadline deadline) {
    com.google.cloud.aiplatform.v1.Endpoint found = targets.get(what, id, deadline);
    if (variant.isPresent()) {
      deployed(what, found, variant.get());
    }
    return found.getDedicatedEndpointEnabled() || found.hasPrivateServiceConnectConfig();
  }

  /** Forgets where an endpoint is: it may have been created again. */
  void forget(String id) {
    targets.forget(id);
  }

  /** {@return the retries of rejected calls} */
  RefusedCalls retries() {
    return calls;
  }

  private static DeployedModel deployed(
      String what, com.google.cloud.aiplatform.v1.Endpoint found, String variant) {
    return found.getDeployedModelsList().stream()
        .filter(deployed -> VariantLookup.name(deployed).equals(variant))
        .findFirst()
        .orElseThrow(() -> {
          String there = found.getDeployedModelsList().stream()
              .map(deployed -> "'" + VariantLookup.name(deployed) + "'")
              .sorted()
              .collect(Collectors.joining(", "));
          return new ServingException(
              VertexProvider.ID,
              ErrorKind.NOT_FOUND,
              what + " failed: no such variant is deployed there; deployed: "
                  + (there.isEmpty() ? "none" : there));
        });
  }

  private void checkHasAllRequests(String what, String id, String variant, Deadline deadline) {
    com.google.cloud.aiplatform.v1.Endpoint found = targets.get(what, id, deadline);
    int percent = found.getTrafficSplitOrDefault(deployed(what, found, variant).getId(), 0);
    if (percent < ALL) {
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.UNSUPPORTED,
          what
              + " failed: Vertex AI sends a request to one variant only where the container has invoke routes; "
              + "otherwise it divides all by the traffic split, in which '"
              + variant + "' has " + percent
              + " percent: package it with VertexContainer.withInvokeRoutes, route all requests to it, or deploy "
              + "it under a name of its own");
    }
  }
}
