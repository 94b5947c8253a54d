package io.fairlead.vertex.internal;

import com.google.auth.Credentials;
import com.google.auth.oauth2.ImpersonatedCredentials;
import com.google.auth.oauth2.ServiceAccountCredentials;
import com.google.cloud.aiplatform.v1.ListEndpointsRequest;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Durations;
import io.fairlead.spi.Reachable;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Which credentials calls are made with, and whether Vertex AI answers them. */
final class VertexReach implements Reachable {
  private final VertexConfig config;
  private final VertexCalls calls;

  VertexReach(VertexConfig config, VertexCalls calls) {
    this.config = config;
    this.calls = calls;
  }

  @Override
  public Optional<String> credentials(Duration limit) {
    String identity = VertexClients.identity(config);
    Credentials found;
    try {
      found = calls.clients().credentials().getCredentials();
    } catch (IOException e) {
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.UNAUTHORIZED,
          "The credentials cannot be loaded: " + e.getMessage() + ". Tried " + identity,
          e);
    }
    return Optional.ofNullable(found).map(credentials -> identity + account(credentials));
  }

  /** {@return the account, where the credentials know it without a call} */
  private static String account(Credentials credentials) {
    if (credentials instanceof ServiceAccountCredentials own) {
      return ": " + own.getClientEmail();
    }
    return credentials instanceof ImpersonatedCredentials impersonated
        ? ": as " + impersonated.getAccount()
        : "";
  }

  @Override
  public Optional<String> reach(Duration limit) {
    calls.call(
        "List endpoints",
        calls.clients().endpoints().listEndpointsCallable(),
        ListEndpointsRequest.newBuilder()
            .setParent(new VertexNames(config).parent())
            .setPageSize(1)
            .build(),
        Durations.atMost(config.callTimeout(), limit));
    return Optional.of(
        "Vertex AI, project " + config.project() + ", at " + VertexClients.hostAndPort(config));
  }
}
