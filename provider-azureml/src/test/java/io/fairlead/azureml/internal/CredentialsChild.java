package io.fairlead.azureml.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.core.util.Configuration;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ServingException;
import io.fairlead.platform.EndpointPlatform;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import reactor.core.publisher.Mono;

/**
 * A program that lists what is deployed with each of the credentials that Java services have, one after the other, and
 * prints for each which token was sent, and how it was asked for.
 *
 * <p>All hosts are one server on this machine.
 */
final class CredentialsChild {
  private static final String TENANT = "00000000-0000-0000-0000-000000000001";
  private static final Map<String, String> SERVICE =
      Map.of("AZURE_TENANT_ID", TENANT, "AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000002");

  /** Where machines of Azure ask for their identity. */
  private static final String MACHINES = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

  private static final String NOBODY = "http://127.0.0.1:1";

  private final HttpServer server;
  private final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();

  private CredentialsChild() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  public static void main(String[] folder) throws IOException {
    CredentialsChild child = new CredentialsChild();
    String token =
        Files.writeString(Path.of(folder[0]).resolve("token"), "of-the-cluster").toString();

    child.list("secret", with(SERVICE, "AZURE_CLIENT_SECRET", "of-the-service"));
    child.list("refused", with(SERVICE, "AZURE_CLIENT_SECRET", "of-nobody"));
    child.list("workload", with(SERVICE, "AZURE_FEDERATED_TOKEN_FILE", token));
    child.list("machine", Map.of(MACHINES, child.host()));
    child.list("nothing", Map.of(MACHINES, NOBODY));
    System.exit(0);
  }

  private static Map<String, String> with(Map<String, String> some, String name, String value) {
    Map<String, String> all = new TreeMap<>(some);
    all.put(name, value);
    return all;
  }

  private String host() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** The SDK's view of the environment is changed, so that one process is enough. */
  @SuppressWarnings("deprecation") // in favour of a configuration that only a builder can get
  private void list(String what, Map<String, String> environment) {
    asked.clear();
    Configuration sdk = Configuration.getGlobalConfiguration();
    environment.forEach(sdk::put);
    AzureMlConfig config = AzureMlConfig.of(
            "00000000-0000-0000-0000-000000000000", "models", "workspace")
        .withHttpClient(new OnThisMachine(host()))
        .withCallTimeout(Duration.ofSeconds(20));
    try (EndpointPlatform platform = new AzureMlProvider().open(config)) {
      platform.list();
      System.out.println(what + " SENT " + asked);
    } catch (ServingException e) {
      System.out.println(what + " FAILED " + e.kind() + " "
          + String.valueOf(e.getMessage()).replaceAll("\\R", " ") + " AFTER " + asked);
    } finally {
      environment.keySet().forEach(sdk::remove);
    }
  }

  /** Sends requests to the server of this machine, whatever host they are for. */
  private record OnThisMachine(HttpClient client, String host) implements HttpClient {
    OnThisMachine(String host) {
      this(new JdkHttpClientBuilder().build(), host);
    }

    @Override
    public Mono<HttpResponse> send(HttpRequest request) {
      URI uri = URI.create(request.getUrl().toString());
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      return client.send(
          request.copy().setUrl(host + "/" + uri.getHost() + uri.getRawPath() + query));
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    String form =
        URLDecoder.decode(new String(exchange.getRequestBody().readAllBytes(), UTF_8), UTF_8);
    String path = exchange.getRequestURI().getPath();
    if (isAzures(path)) {
      asked.add(exchange.getRequestHeaders().getFirst("Authorization"));
    } else if (path.contains("/token")) {
      asked.add(exchange.getRequestURI() + " " + form);
    }
    boolean isRefused = form.contains("client_secret=of-nobody");
    byte[] body = json(path, isRefused).getBytes(UTF_8);
    exchange
        .getResponseHeaders()
        .set("Content-Type", body[0] == '<' ? "application/xml" : "application/json");
    exchange.sendResponseHeaders(isRefused ? 401 : 200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static boolean isAzures(String path) {
    return path.startsWith("/management.azure.com/") || path.startsWith("/account.blob.");
  }

  private static String json(String path, boolean isRefused) {
    if (isRefused) {
      return "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret "
          + "provided.\"}";
    }
    if (path.startsWith("/account.blob.core.windows.net/")) {
      return "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs/><NextMarker/></EnumerationResults>";
    }
    if (isAzures(path)) {
      return "{\"value\":[],\"properties\":{\"accountName\":\"account\",\"containerName\":\"models\"}}";
    }
    if (path.contains("/metadata/identity/")) {
      return "{\"token_type\":\"Bearer\",\"expires_on\":\"4070908800\",\"access_token\":\"of-the-machine\"}";
    }
    return path.contains("/discovery/")
        ? "{\"tenant_discovery_endpoint\":\"https://login.microsoftonline.com/" + TENANT
            + "/v2.0/.well-known/openid-configuration\",\"metadata\":[{\"preferred_network\":"
            + "\"login.microsoftonline.com\",\"preferred_cache\":\"login.windows.net\",\"aliases\":"
            + "[\"login.microsoftonline.com\"]}]}"
        : "{\"token_type\":\"Bearer\",\"expires_in\":3600,\"access_token\":\"of-entra\"}";
  }
}
