package io.fairlead.vertex.internal;

import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.rpc.ApiException;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.GetEndpointRequest;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
import io.fairlead.provider.Loopback;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.RefusedCalls.Refusals;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexHosts;
import io.fairlead.vertex.VertexProvider;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** A cache of the targets of requests: it looks up the hosts of dedicated endpoints. */
final class PredictionTargetCache {
  private static final Pattern HOST_AND_PORT = Pattern.compile("[A-Za-z0-9.\\[\\]:-]+:[0-9]{1,5}");

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(8);
  private static final String SHARED = "";
  private static final String TLS = ":443";
  /** The domain of the hosts that Google gives to dedicated endpoints. */
  private static final String GOOGLES = ".vertexai.goog";

  private final VertexConfig config;
  private final VertexClients clients;
  private final RefusedCalls calls;
  private final Refusals<ApiException> refusals;
  private final VertexNames names;
  /** The hosts of endpoints that were looked up, by their ids, as host:port; empty for the region's. */
  private final Map<String, String> hosts = new ConcurrentHashMap<>();

  PredictionTargetCache(
      VertexConfig config,
      VertexClients clients,
      RefusedCalls calls,
      Refusals<ApiException> refusals,
      VertexNames names) {
    this.config = config;
    this.clients = clients;
    this.calls = calls;
    this.refusals = refusals;
    this.names = names;
  }

  /** {@return the cached target of an endpoint; at the region's host if it was never looked up} */
  PredictionTarget known(String id) {
    String host = hosts.getOrDefault(id, SHARED);
    return host.equals(SHARED)
        ? PredictionTarget.shared(names.endpoint(id), clients.predictions())
        : PredictionTarget.dedicated(names.endpoint(id), clients.predictions(host));
  }

  /** {@return whether the target of an endpoint was looked up} */
  boolean isFound(String id) {
    return hosts.containsKey(id);
  }

  /**
   * {@return the current target of an endpoint; waits for the dedicated host, which is assigned a while after the
   * endpoint's creation}
   */
  PredictionTarget find(String what, String id, Deadline deadline) {
    Duration pause = FIRST_PAUSE;
    while (true) {
      get(what, id, deadline);
      if (isFound(id)) {
        return known(id);
      }
      if (deadline.left().compareTo(pause) <= 0) {
        throw new ServingException(
            VertexProvider.ID,
            ErrorKind.UNAVAILABLE,
            what
                + " failed: the endpoint is dedicated, and Vertex AI has not assigned its host yet, which "
                + "takes a minute or so: retry later, or with a longer timeout");
      }
      calls.pause(what, pause);
      Duration doubled = pause.multipliedBy(2);
      pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    }
  }

  /** {@return the current state of an endpoint, with its deployed models} */
  Endpoint get(String what, String id, Deadline deadline) {
    GetEndpointRequest request =
        GetEndpointRequest.newBuilder().setName(names.endpoint(id)).build();
    Endpoint endpoint = calls.call(
        what,
        deadline,
        refusals,
        left -> VertexCalls.get(
            what,
            clients.endpoints().getEndpointCallable(),
            request,
            GrpcCallContext.createDefault()
                .withTimeoutDuration(Durations.atMost(config.callTimeout(), left))));
    String host = host(endpoint.getDedicatedEndpointDns());
    if (endpoint.hasPrivateServiceConnectConfig()) {
      config.hosts().ifPresent(own -> hosts.put(id, named(own, id, Optional.empty())));
    } else if (!endpoint.getDedicatedEndpointEnabled()) {
      hosts.put(id, SHARED);
    } else if (!host.isEmpty()) {
      hosts.put(
          id,
          config
              .hosts()
              .map(own -> named(own, id, Optional.of(host)))
              .orElseGet(() -> checked(what, host)));
    } else {
      hosts.remove(id);
    }
    return endpoint;
  }

  /** {@return the host that the caller names for an endpoint} */
  private static String named(VertexHosts hosts, String id, Optional<String> google) {
    String host = hosts.of(id, google);
    if (host == null || !HOST_AND_PORT.matcher(host).matches()) {
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.INVALID,
          "VertexConfig.withHosts must name a host as host:port for endpoint " + id + " (got "
              + host + ")");
    }
    return host;
  }

  /** The credentials are sent there, so an answer of an endpoint that is not Google's must not name any host. */
  private String checked(String what, String host) {
    boolean isTrusted = host.endsWith(GOOGLES)
        || host.endsWith("." + config.universeDomain())
        || Loopback.isHost(host)
        || Loopback.isHostAndPort(host);
    if (!isTrusted) {
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.UNSUPPORTED,
          what + " failed: its host is " + host + ", which is none of Google's, so that it gets no "
              + "credentials: name the host to use with VertexConfig.withHosts");
    }
    return host.contains(":") ? host : host + TLS;
  }

  /**
   * {@return the host of an endpoint that has one of its own, as {@code host:port}; empty if it is invoked at the
   * region's}
   */
  Optional<String> ownHost(String what, String id, Deadline deadline) {
    if (!isFound(id)) {
      find(what, id, deadline);
    }
    return Optional.of(hosts.getOrDefault(id, SHARED)).filter(host -> !host.equals(SHARED));
  }

  /** {@return the host in Vertex AI's DNS name, which its documentation writes as a URL} */
  private static String host(String dns) {
    return dns.replaceFirst("^https://", "").replaceFirst("/.*$", "");
  }

  /** Removes an endpoint from the cache: it may have been created again, with another network access. */
  void forget(String id) {
    hosts.remove(id);
  }
}
