package io.fairlead.vertex.internal;

import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.rpc.ApiException;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.GetEndpointRequest;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.RefusedCalls.Refusals;
import io.fairlead.vertex.VertexProvider;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Finds out where requests to endpoints go, and remembers the hosts of those that have their own. */
final class PredictionTargetCache {
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(8);
  private static final String SHARED = "";

  private final VertexClients clients;
  private final RefusedCalls calls;
  private final Refusals<ApiException> refusals;
  private final VertexNames names;
  private final Duration callTimeout;
  /** The hosts of endpoints that were looked for, by their ids; empty for the region's. */
  private final Map<String, String> hosts = new ConcurrentHashMap<>();

  PredictionTargetCache(
      VertexClients clients,
      RefusedCalls calls,
      Refusals<ApiException> refusals,
      VertexNames names,
      Duration callTimeout) {
    this.clients = clients;
    this.calls = calls;
    this.refusals = refusals;
    this.names = names;
    this.callTimeout = callTimeout;
  }

  /** {@return where an endpoint was found the last time; at the region's host if it was never looked for} */
  PredictionTarget known(String id) {
    String host = hosts.getOrDefault(id, SHARED);
    return host.equals(SHARED)
        ? PredictionTarget.shared(names.endpoint(id), clients.predictions())
        : PredictionTarget.dedicated(names.endpoint(id), clients.predictions(host));
  }

  /** {@return whether it was looked for where an endpoint is} */
  boolean isFound(String id) {
    return hosts.containsKey(id);
  }

  /** {@return where an endpoint is now; waits for the host of its own that it may get, which comes a while after it} */
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
                + " failed: the endpoint is dedicated, and Vertex AI has not told its host yet, which comes a minute"
                + " or so after the endpoint: try again later, or with a longer timeout");
      }
      calls.pause(what, pause);
      Duration doubled = pause.multipliedBy(2);
      pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    }
  }

  /** {@return an endpoint as it is now, with all that is deployed to it} */
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
                .withTimeoutDuration(Durations.atMost(callTimeout, left))));
    String host = host(endpoint.getDedicatedEndpointDns());
    if (!endpoint.getDedicatedEndpointEnabled()) {
      hosts.put(id, SHARED);
    } else if (!host.isEmpty()) {
      hosts.put(id, host);
    } else {
      hosts.remove(id);
    }
    return endpoint;
  }

  /** {@return the host in what Vertex AI tells, which its documents write as a URL} */
  private static String host(String dns) {
    return dns.replaceFirst("^https://", "").replaceFirst("/.*$", "");
  }

  /** Looks again the next time: the endpoint may have been made anew, and in another way. */
  void forget(String id) {
    hosts.remove(id);
  }
}
