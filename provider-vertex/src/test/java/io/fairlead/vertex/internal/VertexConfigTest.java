package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.gax.core.CredentialsProvider;
import com.google.cloud.aiplatform.v1.EndpointServiceSettings;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.reconcile.Look;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings, and where they lead. */
class VertexConfigTest {
  @Test
  void aClientThatFollowsRedirectsIsRefused() {
    HttpClient following =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();

    assertThatThrownBy(
            () -> VertexConfig.of("some-project", "us-central1").withHttpClient(following))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("httpClient must not follow redirects");
  }

  @Test
  void settingsAsTextOpenThePlatformWithoutACall() {
    try (Gcp gcp = new Gcp(new VirtualTime())) {
      Map<String, String> settings = Map.of(
          "project",
          gcp.project().id(),
          "location",
          Project.LOCATION,
          "endpoint",
          StandIn.endpoint(),
          "plaintext",
          "true",
          "callTimeout",
          "20s");
      try (EndpointPlatform platform = Platforms.open("vertex", EndpointPlatform.class, settings)) {
        assertThat(gcp.project().calls()).isEmpty();
        assertThat(platform.list()).isEmpty();
        assertThat(gcp.project().calls()).isNotEmpty();
        assertThat(gcp.project().headers(gcp.project().calls().get(0)).get(0))
            .as("by which requests are routed")
            .containsEntry(
                "x-goog-request-params",
                "parent=projects%2F" + gcp.project().id() + "%2Flocations%2Fus-central1");
      }
    }
  }

  @Test
  void allWrongSettingsAreToldAtOnce() {
    assertThatThrownBy(() -> Platforms.open(
            "vertex",
            EndpointPlatform.class,
            Map.of("project", "my-project", "plaintext", "maybe", "region", "us-central1")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("location must be given: it is the region to serve in")
        .hasMessageContaining("plaintext must be true or false")
        .hasMessageContaining("region is not a setting; there are: ");
    assertThatThrownBy(() -> new VertexProvider()
            .open(VertexConfig.of("P", "Iowa").withArtifactBucket("gs://models")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("project must be a project id");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://127.0.0.1:80", "127.0.0.1", "127.0.0.1:port"})
  void anEndpointIsAHostAndAPort(String endpoint) {
    assertThatThrownBy(() -> config().withEndpoint(endpoint))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("endpoint must be host:port, without a scheme");
  }

  @Test
  void credentialsNeverTravelInPlaintextToAnotherMachine() {
    assertThatThrownBy(() -> config().withPlaintextEndpoint("vertex.example.com:80"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("plaintext must be false, unless the endpoint is on this machine");
    assertThatThrownBy(() -> config().withStorageEndpoint(URI.create("http://storage.example.com")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("storageEndpoint must be https, or http on this machine");
    assertThatThrownBy(() -> config().withCallTimeout(Duration.ZERO))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("callTimeout must be more than 0");
  }

  @Test
  void whereNothingAnswersIsToldWithTheAddress() throws IOException {
    int port;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
    }
    try (VertexClients clients =
        new VertexClients(config().withPlaintextEndpoint("127.0.0.1:" + port))) {
      VertexCalls calls =
          new VertexCalls(clients, new VertexErrors("nobody"), Duration.ofSeconds(20));

      ServingException failure = catchThrowableOfType(
          ServingException.class,
          () -> new EndpointCalls(new VertexNames(config()), calls).list(new Look()));

      assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
      assertThat(failure)
          .hasMessageContaining("List endpoints failed: ")
          .hasMessageContaining("127.0.0.1:" + port)
          .hasMessageContaining("Check the location, the endpoint and the network");
    }
  }

  @Test
  void theRegionsOwnHostIsCalled() {
    assertThat(VertexClients.hostAndPort(config()))
        .isEqualTo("us-central1-aiplatform.googleapis.com:443");
  }

  @Test
  void inAnotherUniverseAllHostsAreUnderItsDomain() {
    VertexConfig elsewhere = config().withUniverseDomain("apis-elsewhere.example");

    assertThat(VertexClients.hostAndPort(elsewhere))
        .isEqualTo("us-central1-aiplatform.apis-elsewhere.example:443");
    assertThat(ContainerLog.entries(elsewhere.universeDomain()))
        .hasToString("https://logging.apis-elsewhere.example/v2/entries:list");
    assertThatThrownBy(() -> config().withUniverseDomain("https://apis.example"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(
            "universeDomain must be a domain name in lowercase letters, such as googleapis.com");
  }

  @Test
  void theCallersOwnSourceOfCredentialsIsAskedOnceAndItsFailureSaysWhatToDo() {
    AtomicInteger asked = new AtomicInteger();
    CredentialsProvider failing = () -> {
      asked.incrementAndGet();
      throw new IOException("the vault is sealed");
    };
    try (VertexPlatform platform = new VertexProvider().open(config().withCredentials(failing))) {
      ServingException failure = catchThrowableOfType(ServingException.class, platform::list);

      assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
      assertThat(failure)
          .hasMessageContaining("the vault is sealed")
          .hasMessageContaining("the caller's own credentials provider")
          .hasMessageContaining("leave out VertexConfig.withCredentials");
      assertThat(asked).hasValue(1);
    }
  }

  @Test
  void aTransportThatWasHandedInStaysTheCallersToClose() throws Exception {
    try (Gcp gcp = new Gcp(new VirtualTime())) {
      var transport = StandIn.transport(Faults.none());
      try (VertexPlatform platform =
          new VertexProvider().open(gcp.config().withTransport(transport))) {
        assertThat(platform.list()).isEmpty();
      }
      assertThat(transport.getTransportChannel().isShutdown()).isFalse();
    }
  }

  @Test
  void theWholeIsPrintedWithoutSecrets() {
    assertThat(config().toString())
        .contains("project=my-project", "location=us-central1", "credentials=application default");
    assertThat(EndpointServiceSettings.getDefaultEndpoint())
        .as("which would not do, so that the region's is always set")
        .isEqualTo("aiplatform.googleapis.com:443");
  }

  private static VertexConfig config() {
    return VertexConfig.of("my-project", "us-central1");
  }
}
