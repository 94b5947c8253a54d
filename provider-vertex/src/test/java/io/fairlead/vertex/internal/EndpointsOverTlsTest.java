package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.gax.core.FixedCredentialsProvider;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.GoogleCredentials;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fairlead.contract.Tls;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.standin.Invokes;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import io.grpc.Server;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Endpoints with hosts of their own, over TLS, by the caller's own clients. */
@Timeout(60)
class EndpointsOverTlsTest {
  private static final Request REQUEST = Request.json("{}");

  @TempDir
  private static Path folder;

  private static Tls tls;

  private final Serving serving = new Serving();
  private final List<String> asked = new ArrayList<>();
  private Server region;
  private Server own;
  private HttpsServer https;

  @BeforeAll
  static void makeACertificate() throws Exception {
    tls = Tls.in(folder);
  }

  @BeforeEach
  void serve() throws Exception {
    region = StandIn.overTls(tls.certificate(), tls.key());
    own = StandIn.overTls(tls.certificate(), tls.key());
    https = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    https.setHttpsConfigurator(new HttpsConfigurator(tls.context()));
    https.createContext(Invokes.PATH, Invokes::handle);
    https.start();
    serving.project.dedicatedDnsDelay(Duration.ZERO);
  }

  @AfterEach
  void close() {
    serving.close();
    region.shutdownNow();
    own.shutdownNow();
    https.stop(0);
  }

  private VertexConfig config() {
    AccessToken token =
        new AccessToken("ya29.token", Date.from(Instant.now().plus(Duration.ofHours(1))));
    return VertexConfig.of(serving.project.id(), Project.LOCATION)
        .withEndpoint("localhost:" + region.getPort())
        .withCredentials(FixedCredentialsProvider.create(GoogleCredentials.create(token)))
        .withTransport(TrustingTransport.of(tls));
  }

  private VertexConfig withHosts(VertexConfig config, int port) {
    return config.withHosts((endpoint, google) -> {
      asked.add(endpoint + " at " + google.orElse("no host of Google's"));
      return "localhost:" + port;
    });
  }

  private Response invoke(VertexConfig config, Endpoint endpoint, Request request) {
    try (VertexClients clients = new VertexClients(config)) {
      return serving.invoker(config, clients).invoke(endpoint, request);
    }
  }

  @Test
  void aDedicatedEndpointIsInvokedAtTheHostThatTheCallerNamesOverTheCallersTransport() {
    serving.with(true, "blue");

    Response answer = invoke(withHosts(config(), own.getPort()), Serving.BLUE, REQUEST);

    assertThat(answer.variant()).contains("blue");
    assertThat(asked)
        .singleElement()
        .asString()
        .matches("churn at churn\\.us-central1-\\d+\\.prediction\\.vertexai\\.goog");
    assertThat(serving.project.headers("RawPredict"))
        .last()
        .satisfies(headers -> assertThat(headers)
            .containsEntry("authorization", "Bearer ya29.token")
            .containsEntry("x-vertex-ai-endpoint-id", "churn"));
  }

  @Test
  void aTransportWithTheRegionsHostIsOpenedForOtherHostsToo() {
    serving.with(true, "blue");
    String host = "localhost:" + region.getPort();
    VertexConfig config = config().withTransport(TrustingTransport.of(tls).withEndpoint(host));

    assertThat(invoke(withHosts(config, own.getPort()), Serving.BLUE, REQUEST).variant())
        .contains("blue");
    int nobody = own.getPort();
    own.shutdownNow();
    ServingException refusal = catchThrowableOfType(
        ServingException.class, () -> invoke(withHosts(config, nobody), Serving.BLUE, REQUEST));
    assertThat(refusal).as("nothing goes to the region's").hasMessageContaining("refused");
  }

  @Test
  void aPrivateEndpointIsInvokedAtTheAddressOfTheCallersForwardingRule() {
    serving.withPrivate("blue");
    Endpoint reached = new Endpoint(
        Serving.BLUE.container(),
        Serving.BLUE.scaling(),
        new Routing("churn", "blue").with(VertexEndpoint.privateServiceConnect("other-project")));

    Response answer = invoke(withHosts(config(), own.getPort()), reached, REQUEST);

    assertThat(answer.variant()).contains("blue");
    assertThat(asked).containsExactly("churn at no host of Google's");
  }

  @Test
  void aPathIsInvokedOverHttpsAtTheHostThatTheCallerNamesByTheCallersClient() throws Exception {
    serving.project.addModelWithInvokeRoutes("m");
    serving.with(true, "blue");
    VertexConfig config = withHosts(config(), https.getAddress().getPort())
        .withHttpClient(HttpClient.newBuilder().sslContext(tls.context()).build());

    Response answer = invoke(config, withRoutes("/v1/chat/completions"), REQUEST.pinnedTo("blue"));

    assertThat(answer.variant()).contains("blue");
    assertThat(serving.project.headers("Invoke/v1/chat/completions"))
        .singleElement()
        .satisfies(
            headers -> assertThat(headers).containsEntry("authorization", "Bearer ya29.token"));
  }

  @Test
  void aCertificateThatTheClientDoesNotTrustIsNoAnswerAndNothingIsInvoked() {
    serving.project.addModelWithInvokeRoutes("m");
    serving.with(true, "blue");

    ServingException refusal = catchThrowableOfType(
        ServingException.class,
        () -> invoke(
            withHosts(config(), https.getAddress().getPort()), withRoutes("/generate"), REQUEST));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(refusal).hasMessageContaining("SSLHandshakeException");
    assertThat(serving.project.calls()).doesNotContain("Invoke/generate");
  }

  @Test
  void aHostThatIsNoneOfGooglesGetsNoToken() {
    serving.project.dnsIs("churn.example.com");
    serving.with(true, "blue");

    ServingException refusal =
        catchThrowableOfType(ServingException.class, () -> invoke(config(), Serving.BLUE, REQUEST));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(refusal)
        .hasMessageContaining("churn.example.com")
        .hasMessageContaining("VertexConfig.withHosts");
  }

  private static Endpoint withRoutes(String path) {
    return new Endpoint(
        new Container(
            Serving.BLUE.artifact(),
            RuntimeSpec.NONE.with(VertexContainer.DEFAULT.withInvokeRoutes(path)),
            Serving.BLUE.container().dependencies()),
        Serving.BLUE.scaling(),
        Serving.BLUE.routing());
  }
}
