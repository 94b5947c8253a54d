package io.fairlead.azureml.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.azure.core.credential.TokenCredential;
import com.azure.core.http.HttpClient;
import io.fairlead.azureml.Azure;
import io.fairlead.azureml.AzureMlCloud;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlEndpoint;
import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.azureml.standin.StandIn;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Settings, and where they lead. */
class AzureMlConfigTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Scaling ONE = Scaling.fixed("Standard_DS3_v2", 1);

  @TempDir
  private Path folder;

  private static AzureMlConfig config() {
    return AzureMlConfig.of("00000000-0000-0000-0000-000000000000", "models", "workspace");
  }

  private Container local() throws IOException {
    Path model = Files.writeString(folder.resolve("model.bin"), "weights");
    return new Container(ModelArtifact.of(model), RuntimeSpec.of(Azure.IMAGE), Dependencies.NONE);
  }

  // ---- text ----

  @Test
  void settingsAsTextServeAModelOverTheWire() throws IOException {
    try (Azure azure = new Azure(new VirtualTime())) {
      for (String call : new String[] {
        "PUT onlineEndpoints", "PUT deployments", "DELETE onlineEndpoints", "DELETE deployments"
      }) {
        azure.workspace().duration(call, Duration.ZERO);
      }
      azure.workspace().retryAfter(Duration.ZERO);
      Map<String, String> settings = Map.of(
          "subscription", azure.workspace().subscription(),
          "resource-group", azure.workspace().resourceGroup(),
          "workspace", azure.workspace().name(),
          "endpoint", StandIn.endpoint().toString(),
          "storage-endpoint", StandIn.endpoint().toString(),
          "token", "0123456789");
      try (EndpointPlatform platform =
          Platforms.open("azureml", EndpointPlatform.class, settings)) {
        assertThat(azure.workspace().calls())
            .as("calls before the first operation")
            .isEmpty();
        Endpoint blue = platform.deploy(local(), ONE, BLUE).await(LIMIT);

        assertThat(platform.invoke(blue, Request.json("{\"inputs\":1}")).body())
            .isEqualTo("{\"inputs\":1}".getBytes(UTF_8));
        assertThat(azure.workspace().headers("PUT deployments", "Authorization"))
            .containsExactly("Bearer 0123456789");
        platform.undeployAll("bert").await(LIMIT);
      }
      assertThat(azure.remains()).isEmpty();
    }
  }

  // ---- clouds ----

  /** They are those of the cloud, although all hosts are one stand-in. */
  @ParameterizedTest
  @CsvSource({
    "PUBLIC, https://management.azure.com/.default, https://ml.azure.com/.default",
    "GOVERNMENT, https://management.usgovcloudapi.net/.default, https://ml.azure.us/.default",
    "CHINA, https://management.chinacloudapi.cn/.default, https://ml.azure.cn/.default"
  })
  void tokensAreAskedForByTheScopesOfTheCloud(AzureMlCloud cloud, String management, String scoring)
      throws IOException {
    Queue<String> scopes = new ConcurrentLinkedQueue<>();
    TokenCredential recording = request -> {
      scopes.addAll(request.getScopes());
      return Azure.CREDENTIAL.getToken(request);
    };
    try (Azure azure = new Azure(new VirtualTime())) {
      azure.workspace().datastoreCredentials("None");
      AzureMlConfig config = azure.config().withCloud(cloud).withCredential(recording);
      try (EndpointPlatform platform = azure.open(config, Faults.none())) {
        Endpoint blue = platform
            .deploy(local(), ONE, BLUE.with(AzureMlEndpoint.authMode(AuthMode.ENTRA)))
            .await(Duration.ofHours(1));
        platform.invoke(blue, Request.json("{}"));
      }
    }

    assertThat(new TreeSet<>(scopes))
        .containsExactlyInAnyOrder(management, scoring, "https://storage.azure.com/.default");
  }

  @ParameterizedTest
  @CsvSource({
    "PUBLIC, https://management.azure.com/",
    "GOVERNMENT, https://management.usgovcloudapi.net/",
    "CHINA, https://management.chinacloudapi.cn/"
  })
  void theCloudsOwnHostIsCalled(AzureMlCloud cloud, String host) {
    Queue<String> urls = new ConcurrentLinkedQueue<>();
    HttpClient recording = request -> {
      urls.add(request.getUrl().toString());
      return Mono.error(new ConnectException("no network"));
    };
    AzureMlConfig config =
        config().withCloud(cloud).withCredential(Azure.CREDENTIAL).withHttpClient(recording);
    try (EndpointPlatform platform =
        DefaultAzureMlPlatform.open(config, new VirtualTime(), new Random(1))) {
      assertThat(catchThrowableOfType(ServingException.class, platform::list))
          .hasMessageContaining("no network");
    }

    assertThat(urls)
        .isNotEmpty()
        .allSatisfy(url -> assertThat(url)
            .startsWith(host
                + "subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/models/"));
  }

  @Test
  void theVersionOfTheApiIsInEachUrlAndAutoscaleSettingsHaveTheirOwn() {
    try (Azure azure = new Azure(new VirtualTime());
        EndpointPlatform platform =
            azure.open(azure.config().withApiVersion("2026-05-01"), Faults.none())) {
      platform.list();
      platform.inventory();

      assertThat(azure.workspace().urls("LIST onlineEndpoints"))
          .isNotEmpty()
          .allSatisfy(url -> assertThat(url).hasParameter("api-version", "2026-05-01"));
      assertThat(azure.workspace().urls("LIST autoscalesettings"))
          .isNotEmpty()
          .allSatisfy(url -> assertThat(url).hasParameter("api-version", "2022-10-01"));
    }
  }

  // ---- what is refused ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://management.azure.com",
        "https://management.azure.com/a",
        "https://management.azure.com?a=b",
        "https://user@management.azure.com",
        "management.azure.com",
        "file:/tmp"
      })
  void credentialsTravelToAHostByHttpsOrStayOnThisMachine(URI uri) {
    assertThatThrownBy(() -> config().withEndpoint(uri))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("AzureMlConfig: endpoint must be https://HOST");
    assertThatThrownBy(() -> config().withStorageEndpoint(uri))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("AzureMlConfig: storageEndpoint must be https://HOST");
  }

  @Test
  void aClientThatFollowsRedirectsIsRefused() {
    java.net.http.HttpClient following = java.net.http.HttpClient.newBuilder()
        .followRedirects(java.net.http.HttpClient.Redirect.NORMAL)
        .build();

    assertThatThrownBy(() -> config().withScoringClient(following))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("scoringClient must not follow redirects");
  }

  @Test
  void aTimeoutIsMoreThanNothing() {
    assertThatThrownBy(() -> config().withCallTimeout(Duration.ZERO))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("callTimeout must be more than 0");
  }

  // ---- what fails ----

  @Test
  void whereNothingAnswersIsToldWithTheAddress() throws IOException {
    int port;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
    }
    AzureMlConfig nowhere = config()
        .withEndpoint(URI.create("http://127.0.0.1:" + port))
        .withCredential(Azure.CREDENTIAL);
    try (AzureMlClients clients = new AzureMlClients(nowhere)) {
      ServingException failure =
          catchThrowableOfType(ServingException.class, () -> clients.workspace().properties());

      assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
      assertThat(failure)
          .hasMessageContaining("Get the workspace failed: ")
          .hasMessageContaining("Check the cloud, the endpoint and the network");
    }
  }

  @Test
  void aCredentialOfTheCallersThatFailsSaysWhy() {
    TokenCredential sealed = request ->
        Mono.error(new com.azure.identity.CredentialUnavailableException("the vault is sealed"));
    try (EndpointPlatform platform = new AzureMlProvider().open(config().withCredential(sealed))) {
      ServingException failure = catchThrowableOfType(ServingException.class, platform::list);

      assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
      assertThat(failure)
          .hasMessageContaining("Tried the caller's own credential: the vault is sealed");
    }
  }

  @Test
  void aCredentialThatGivesNoTokenForAnEndpointSaysForWhich() {
    TokenCredential partly = request -> request.getScopes().get(0).contains("//ml.azure")
        ? Mono.error(new com.azure.identity.CredentialUnavailableException("no consent"))
        : Azure.CREDENTIAL.getToken(request);
    try (Azure azure = new Azure(new VirtualTime());
        EndpointPlatform platform =
            azure.open(azure.config().withCredential(partly), Faults.none())) {
      Container container = new Container(
          ModelArtifact.huggingFace("org/name", ModelTask.EMBEDDING),
          RuntimeSpec.NONE,
          Dependencies.NONE);
      Endpoint blue = platform
          .deploy(container, ONE, BLUE.with(AzureMlEndpoint.authMode(AuthMode.ENTRA)))
          .await(Duration.ofHours(1));

      ServingException failure = catchThrowableOfType(
          ServingException.class, () -> platform.invoke(blue, Request.json("{}")));

      assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
      assertThat(failure)
          .hasMessageContaining("endpoint bert")
          .hasMessageContaining("the caller's own credential")
          .hasMessageContaining("no consent");
    }
  }

  @Test
  void theWholeIsPrintedWithoutSecrets() {
    assertThat(config().toString())
        .contains(
            "workspace=workspace", "cloud=PUBLIC", "endpoint=the cloud's", "credential=default");
    assertThat(config().withCredential(Azure.CREDENTIAL).toString()).contains("credential=given");
  }
}
