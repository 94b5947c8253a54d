package io.fairlead.vertex.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fairlead.contract.Tls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The credentials that Java services have, each in a process of its own: they are found by its environment. */
@Timeout(120)
class DefaultCredentialsTest {
  private static final String LATER = "2099-01-01T00:00:00Z";

  @TempDir
  private static Path shared;

  @TempDir
  private Path folder;

  private static HttpsServer google;
  private static HttpServer metadata;
  private static final ConcurrentLinkedQueue<String> ASKED = new ConcurrentLinkedQueue<>();

  @BeforeAll
  static void serve() throws Exception {
    Tls tls = Tls.in(shared);
    InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    google = HttpsServer.create(here, 0);
    google.setHttpsConfigurator(new HttpsConfigurator(tls.context()));
    google.createContext("/sts", exchange -> {
      String form = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
      ASKED.add("sts " + form);
      if (form.contains("refused")) {
        answer(
            exchange,
            400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"The audience in the token does not match.\"}");
      } else {
        answer(
            exchange,
            200,
            "{\"access_token\":\"of-the-sts\",\"issued_token_type\":"
                + "\"urn:ietf:params:oauth:token-type:access_token\",\"token_type\":\"Bearer\",\"expires_in\":3600}");
      }
    });
    google.createContext("/token", exchange -> {
      exchange.getRequestBody().readAllBytes();
      ASKED.add("token");
      answer(
          exchange,
          200,
          "{\"access_token\":\"of-the-source\",\"token_type\":\"Bearer\",\"expires_in\":3600}");
    });
    google.createContext("/v1/projects/-/serviceAccounts", exchange -> {
      exchange.getRequestBody().readAllBytes();
      ASKED.add("iam " + exchange.getRequestHeaders().getFirst("Authorization"));
      answer(
          exchange,
          200,
          "{\"accessToken\":\"of-the-impersonated\",\"expireTime\":\"" + LATER + "\"}");
    });
    google.start();
    metadata = HttpServer.create(here, 0);
    metadata.createContext("/", exchange -> {
      exchange.getResponseHeaders().set("Metadata-Flavor", "Google");
      answer(
          exchange,
          200,
          exchange.getRequestURI().getPath().endsWith("/token")
              ? "{\"access_token\":\"of-the-machine\",\"token_type\":\"Bearer\",\"expires_in\":3600}"
              : "googleapis.com");
    });
    metadata.start();
  }

  private static void answer(HttpExchange exchange, int status, String json) throws IOException {
    byte[] body = json.getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @AfterAll
  static void stop() {
    google.stop(0);
    metadata.stop(0);
  }

  @BeforeEach
  void forget() {
    ASKED.clear();
  }

  // ---- the sources ----

  @Test
  void aServiceAccountsKeyIsFoundWithItsQuotaProject() throws Exception {
    String said = run(Map.of("GOOGLE_APPLICATION_CREDENTIALS", file("key.json", serviceAccount())));

    assertThat(said).startsWith("SENT Bearer ey").endsWith(" for the-quota-project");
  }

  @Test
  void workloadIdentityFederationExchangesTheTokenInAFile() throws Exception {
    String said = run(Map.of(
        "GOOGLE_APPLICATION_CREDENTIALS", file("wif.json", federated("of-the-cluster", ""))));

    assertThat(said).isEqualTo("SENT Bearer of-the-sts for null");
    assertThat(ASKED).singleElement().asString().contains("subject_token=of-the-cluster");
  }

  @Test
  void workloadIdentityFederationImpersonatesAServiceAccount() throws Exception {
    String impersonation = ",\"service_account_impersonation_url\":\"" + iam() + "\"";

    String said = run(Map.of(
        "GOOGLE_APPLICATION_CREDENTIALS",
        file("wif.json", federated("of-the-cluster", impersonation))));

    assertThat(said).isEqualTo("SENT Bearer of-the-impersonated for null");
    assertThat(ASKED).last().asString().isEqualTo("iam Bearer of-the-sts");
  }

  @Test
  void gcloudsImpersonationIsFoundInItsFolder() throws Exception {
    String impersonated = "{\"type\":\"impersonated_service_account\",\"delegates\":[],"
        + "\"service_account_impersonation_url\":\"" + iam() + "\",\"source_credentials\":"
        + serviceAccount() + "}";
    Path gcloud = Files.createDirectory(folder.resolve("gcloud"));
    Files.writeString(gcloud.resolve("application_default_credentials.json"), impersonated);

    String said = run(Map.of("CLOUDSDK_CONFIG", gcloud.toString()));

    assertThat(said).startsWith("SENT Bearer of-the-impersonated for ");
    assertThat(ASKED).last().asString().isEqualTo("iam Bearer of-the-source");
  }

  @Test
  void theMetadataServerIsAskedAtTheHostOfTheEnvironment() throws Exception {
    String said =
        run(Map.of("GCE_METADATA_HOST", "127.0.0.1:" + metadata.getAddress().getPort()));

    assertThat(said).isEqualTo("SENT Bearer of-the-machine for null");
  }

  // ---- none ----

  @Test
  void eachSourceSaysWhyItHasNoneAndWhatToDo() throws Exception {
    String said = run(Map.of("NO_GCE_CHECK", "true"));

    assertThat(said)
        .startsWith("FAILED UNAUTHORIZED")
        .contains(
            "GOOGLE_APPLICATION_CREDENTIALS is not set",
            folder.resolve(".config/gcloud/application_default_credentials.json")
                + " does not exist: run 'gcloud auth application-default login'",
            "the metadata server was not asked, because NO_GCE_CHECK is set")
        .doesNotContain("characters)");
  }

  @Test
  void aFileThatIsNotThereIsNamed() throws Exception {
    String said =
        run(Map.of("GOOGLE_APPLICATION_CREDENTIALS", folder.resolve("no.json").toString()));

    assertThat(said)
        .startsWith("FAILED UNAUTHORIZED")
        .contains(
            "GOOGLE_APPLICATION_CREDENTIALS names " + folder.resolve("no.json")
                + ", which does not exist",
            "the other sources are not looked at");
  }

  @Test
  void aTokenThatIsNotExchangedSaysWhyWithTheFileThatItCameFrom() throws Exception {
    String file = file("wif.json", federated("refused", ""));

    String said = run(Map.of("GOOGLE_APPLICATION_CREDENTIALS", file));

    assertThat(said)
        .startsWith("FAILED UNAUTHORIZED")
        .contains("The audience in the token does not match", file)
        .doesNotContain("subject_token");
  }

  // ---- files and processes ----

  private static String url(String path) {
    return "https://localhost:" + google.getAddress().getPort() + path;
  }

  private static String iam() {
    return url(
        "/v1/projects/-/serviceAccounts/serving@my-project.iam.gserviceaccount.com:generateAccessToken");
  }

  private String file(String name, String json) throws IOException {
    return Files.writeString(folder.resolve(name), json).toString();
  }

  private String federated(String token, String more) throws IOException {
    return "{\"type\":\"external_account\",\"audience\":\"//iam.googleapis.com/projects/1/locations/global/"
        + "workloadIdentityPools/pool/providers/cluster\",\"subject_token_type\":"
        + "\"urn:ietf:params:oauth:token-type:jwt\",\"token_url\":\"" + url("/sts/v1/token")
        + "\",\"credential_source\":{\"file\":\"" + file("token", token) + "\"}" + more + "}";
  }

  private static String serviceAccount() throws Exception {
    KeyPairGenerator keys = KeyPairGenerator.getInstance("RSA");
    keys.initialize(2048);
    String key =
        Base64.getEncoder().encodeToString(keys.generateKeyPair().getPrivate().getEncoded());
    return "{\"type\":\"service_account\",\"client_id\":\"1\",\"client_email\":\"a@b.iam.gserviceaccount.com\","
        + "\"private_key_id\":\"k\",\"private_key\":\"-----BEGIN PRIVATE KEY-----\\n" + key
        + "\\n-----END PRIVATE KEY-----\\n\",\"token_uri\":\"" + url("/token")
        + "\",\"quota_project_id\":\"the-quota-project\"}";
  }

  /** {@return the line that the program prints, with an environment that has these variables alone} */
  private String run(Map<String, String> environment) throws Exception {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-Duser.home=" + folder,
        "-Djavax.net.ssl.trustStore=" + shared.resolve(Tls.FILE),
        "-Djavax.net.ssl.trustStorePassword=" + Tls.PASSWORD,
        "-cp",
        System.getProperty("java.class.path"),
        CredentialsChild.class.getName(),
        shared.toString()));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(folder.resolve("errors").toFile());
    builder.environment().clear();
    builder.environment().put("NO_GCE_CHECK", "false");
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return output
        .lines()
        .filter(line -> line.startsWith("SENT ") || line.startsWith("FAILED "))
        .findFirst()
        .orElseThrow(() -> new AssertionError(output + read(folder.resolve("errors"))));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
