package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.rpc.TransportChannelProvider;
import io.fairlead.contract.Faults;
import io.fairlead.platform.Request;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class DedicatedEndpointsTest {
  private static final String REGION = "us-central1-aiplatform.googleapis.com:443";
  private static final Request REQUEST = Request.json("{}");

  private final Serving serving = new Serving();
  private final List<String> hosts = new ArrayList<>();

  @AfterEach
  void close() {
    serving.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTransportOfOnesOwnConnectsToTheHostOfADedicatedEndpoint(boolean withScheme) {
    serving.project.dedicatedDnsDelay(Duration.ZERO);
    serving.project.dnsWithScheme(withScheme);
    serving.with(true, "blue");
    VertexConfig config = VertexConfig.of(serving.project.id(), Project.LOCATION)
        .withCredentials(NoCredentialsProvider.create())
        .withTransport(recording(true));

    try (VertexClients clients = new VertexClients(config)) {
      serving.invoker(config, clients).invoke(Serving.BLUE, REQUEST);
    }

    assertThat(hosts)
        .contains(REGION)
        .anyMatch(
            host -> host.matches("churn\\.us-central1-\\d+\\.prediction\\.vertexai\\.goog:443"));
  }

  @Test
  void aTransportThatHasAnAddressAnswersForAllHosts() {
    serving.project.dedicatedDnsDelay(Duration.ZERO);
    serving.with(true, "blue");
    VertexConfig config = VertexConfig.of(serving.project.id(), Project.LOCATION)
        .withCredentials(NoCredentialsProvider.create())
        .withTransport(recording(false));

    try (VertexClients clients = new VertexClients(config)) {
      serving.invoker(config, clients).invoke(Serving.BLUE, REQUEST);
    }

    assertThat(hosts).isEmpty();
    assertThat(serving.project.calls()).endsWith("RawPredict");
  }

  /** {@return what connects to the stand-in, whatever host it is told, and notes that} */
  private TransportChannelProvider recording(boolean needsEndpoint) {
    TransportChannelProvider standIn = StandIn.transport(Faults.none());
    return (TransportChannelProvider) Proxy.newProxyInstance(
        getClass().getClassLoader(),
        new Class<?>[] {TransportChannelProvider.class},
        (proxy, method, arguments) -> {
          if (method.getName().equals("needsEndpoint")) {
            return needsEndpoint;
          }
          if (method.getName().equals("withEndpoint")) {
            hosts.add((String) arguments[0]);
            return standIn;
          }
          try {
            return method.invoke(standIn, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        });
  }
}
