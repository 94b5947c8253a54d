package io.fairlead.sagemaker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where services in Java have their credentials and their region, each in a process of its own, whose environment is
 * what such a service finds. One server stands for SageMaker, STS, IAM Identity Center, the agent of a container, and
 * the metadata of an instance.
 */
class CredentialSourcesTest {
  private static final Pattern SIGNER =
      Pattern.compile("Credential=([^/]+)/\\d+/([^/]+)/sagemaker/");
  private static final String EXPIRES = "2099-01-01T00:00:00Z";

  @TempDir
  Path home;

  private final ConcurrentLinkedQueue<String> received = new ConcurrentLinkedQueue<>();
  private final ExecutorService workers = Executors.newCachedThreadPool();
  private HttpServer server;
  private String url;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(workers);
    server.createContext("/", this::answer);
    server.start();
    url = "http://127.0.0.1:" + server.getAddress().getPort();
    Files.createDirectories(home.resolve(".aws"));
  }

  @AfterEach
  void stop() {
    server.stop(0);
    workers.shutdownNow();
  }

  // ---- the sources ----

  @Test
  void aWebIdentityAsOnEksIsExchangedForARole() throws Exception {
    Path token = Files.writeString(home.resolve("token"), "web-identity-token");

    String said = list(Map.of(
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        token.toString(),
        "AWS_ROLE_ARN",
        "arn:aws:iam::123456789012:role/pod",
        "AWS_ENDPOINT_URL_STS",
        url,
        "AWS_REGION",
        "eu-west-1"));

    assertThat(said).isEqualTo("listed []");
    assertThat(received).contains("AssumeRoleWithWebIdentity web-identity-token");
    assertThat(signers()).containsOnly("ASIAWEB eu-west-1");
  }

  @Test
  void theAgentOfAContainerHasThemAsOnEcs() throws Exception {
    String said = list(Map.of(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", url + "/container", "AWS_REGION", "us-east-1"));

    assertThat(said).isEqualTo("listed []");
    assertThat(signers()).containsOnly("ASIACONTAINER us-east-1");
  }

  @Test
  void theAgentOfAPodHasThemForItsToken() throws Exception {
    Path token = Files.writeString(home.resolve("pod-token"), "pod-token");

    String said = list(Map.of(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        url + "/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        token.toString(),
        "AWS_REGION",
        "us-east-1"));

    assertThat(said).isEqualTo("listed []");
    assertThat(received).contains("container pod-token");
  }

  @Test
  void theRoleOfAnInstanceAndItsRegionAreTaken() throws Exception {
    String said = list(
        Map.of("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, "AWS_EC2_METADATA_DISABLED", "false"));

    assertThat(said).isEqualTo("listed []");
    assertThat(signers()).containsOnly("ASIAINSTANCE ap-southeast-2");
  }

  @Test
  void aProfileMayAssumeARoleInItsRegion() throws Exception {
    config(
        "[profile base]",
        "region = eu-central-1",
        "[profile serving]",
        "role_arn = arn:aws:iam::123456789012:role/serving",
        "source_profile = base",
        "region = eu-central-1");
    Files.writeString(
        home.resolve(".aws/credentials"),
        "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = not-a-secret\n");

    String said = list(Map.of("AWS_ENDPOINT_URL_STS", url), "profile=serving");

    assertThat(said).isEqualTo("listed []");
    assertThat(received).contains("AssumeRole arn:aws:iam::123456789012:role/serving");
    assertThat(signers()).containsOnly("ASIAROLE eu-central-1");
  }

  @Test
  void aProfileOfIdentityCenterThatNobodyIsLoggedInToSaysSo() throws Exception {
    config(
        "[profile portal]",
        "sso_start_url = https://portal.example.org/start",
        "sso_region = us-east-1",
        "sso_account_id = 123456789012",
        "sso_role_name = serving",
        "region = us-east-1");

    String said = list(Map.of(), "profile=portal");

    assertThat(said)
        .startsWith("UNAUTHORIZED ")
        .contains("Run 'aws sso login' for the profile. Tried profile 'portal'")
        .doesNotContain("module must be on the class path");
  }

  @Test
  void theVariableOfAwssOtherToolsIsARegionToo() throws Exception {
    String said = list(Map.of(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        url + "/container",
        "AWS_DEFAULT_REGION",
        "sa-east-1"));

    assertThat(said).isEqualTo("listed []");
    assertThat(signers()).containsOnly("ASIACONTAINER sa-east-1");
  }

  // ---- where there are none ----

  @Test
  void whereThereAreNoneEachSourceSaysWhyAndWhatToDo() throws Exception {
    String said = list(Map.of(
        "AWS_REGION", "us-east-1",
        "AWS_WEB_IDENTITY_TOKEN_FILE", home.resolve("no-token").toString(),
        "AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod"));

    assertThat(said)
        .startsWith("UNAUTHORIZED ")
        .contains("system properties: ")
        .contains("; environment: ")
        .contains("; web identity: ")
        .contains("no-token")
        .contains("; profile: ")
        .contains("; container: ")
        .contains("; instance: ")
        .contains("run 'aws configure' or 'aws sso login'")
        .contains("Tried the default chain")
        .doesNotContain("... (")
        .doesNotContain("CredentialsProvider(");
  }

  @Test
  void aRegionThatNothingNamesIsAskedFor() throws Exception {
    assertThat(list(Map.of()))
        .contains("region must be given")
        .contains("AWS_REGION can be set instead");
  }

  // ---- words ----

  private void config(String... lines) throws IOException {
    Files.writeString(home.resolve(".aws/config"), String.join("\n", lines) + "\n");
  }

  private String list(Map<String, String> environment, String... settings) throws Exception {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-Duser.home=" + home,
        "-cp",
        System.getProperty("java.class.path"),
        OneList.class.getName(),
        "endpoint=" + url,
        "callTimeout=20s"));
    command.addAll(List.of(settings));
    ProcessBuilder child = new ProcessBuilder(command).redirectErrorStream(true);
    child.environment().keySet().removeIf(name -> name.startsWith("AWS_"));
    child.environment().put("HOME", home.toString());
    child.environment().put("AWS_EC2_METADATA_DISABLED", "true");
    child.environment().putAll(environment);
    Process process = child.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said.lines()
        .filter(line -> !line.startsWith("SLF4J"))
        .reduce((one, other) -> other)
        .orElse("");
  }

  private List<String> signers() {
    return received.stream()
        .filter(it -> it.startsWith("signed "))
        .map(it -> it.substring(7))
        .toList();
  }

  // ---- the server ----

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    String authorization = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    Matcher signer = SIGNER.matcher(authorization);
    if (signer.find()) {
      received.add("signed " + signer.group(1) + " " + signer.group(2));
      send(exchange, 200, "application/x-amz-json-1.1", "{}");
    } else if (body.contains("Action=AssumeRoleWithWebIdentity")) {
      received.add(
          "AssumeRoleWithWebIdentity " + body.replaceAll(".*WebIdentityToken=([^&]+).*", "$1"));
      send(exchange, 200, "text/xml", assumed("AssumeRoleWithWebIdentity", "ASIAWEB"));
    } else if (body.contains("Action=AssumeRole")) {
      received.add(
          "AssumeRole " + URLDecoder.decode(body.replaceAll(".*RoleArn=([^&]+).*", "$1"), UTF_8));
      send(exchange, 200, "text/xml", assumed("AssumeRole", "ASIAROLE"));
    } else if (path.equals("/container")) {
      received.add("container " + authorization);
      send(exchange, 200, "application/json", keys("ASIACONTAINER"));
    } else {
      metadata(exchange, path);
    }
  }

  private static void metadata(HttpExchange exchange, String path) throws IOException {
    String roles = "/latest/meta-data/iam/security-credentials";
    if (path.equals("/latest/api/token")) {
      exchange.getResponseHeaders().add("x-aws-ec2-metadata-token-ttl-seconds", "21600");
      send(exchange, 200, "text/plain", "token");
    } else if (path.startsWith(roles) && path.endsWith("instance-role")) {
      send(exchange, 200, "application/json", keys("ASIAINSTANCE"));
    } else if (path.startsWith(roles + "/") || path.equals(roles)) {
      send(exchange, 200, "text/plain", "instance-role");
    } else if (path.contains("instance-identity")) {
      send(exchange, 200, "application/json", "{\"region\":\"ap-southeast-2\"}");
    } else {
      send(exchange, 404, "text/plain", "");
    }
  }

  private static String assumed(String action, String key) {
    return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action
        + "Result><Credentials><AccessKeyId>" + key + "</AccessKeyId><SecretAccessKey>not-a-secret"
        + "</SecretAccessKey><SessionToken>session</SessionToken><Expiration>" + EXPIRES
        + "</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/a/b</Arn>"
        + "<AssumedRoleId>AROA:b</AssumedRoleId></AssumedRoleUser></" + action + "Result></"
        + action
        + "Response>";
  }

  private static String keys(String key) {
    return "{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"" + key
        + "\",\"SecretAccessKey\":\"not-a-secret\",\"Token\":\"session\",\"Expiration\":\""
        + EXPIRES
        + "\"}";
  }

  private static void send(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.getResponseHeaders().add("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
