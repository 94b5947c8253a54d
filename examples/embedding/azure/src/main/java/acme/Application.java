package acme;

import com.azure.core.credential.AccessToken;
import com.azure.core.http.HttpClient;
import com.azure.core.util.CoreUtils;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import reactor.core.publisher.Mono;

/**
 * Uploads, deploys, invokes and undeploys a model: with the HTTP client that the provider has, and with the one that the
 * application has, Azure's over Netty.
 */
public final class Application {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private Application() {}

  /** Runs with the endpoint and the subscription, the resource group and the name of a workspace. */
  public static void main(String[] arguments) throws IOException {
    URI endpoint = URI.create(arguments[0]);
    AzureMlConfig config = AzureMlConfig.of(arguments[1], arguments[2], arguments[3])
        .withEndpoint(endpoint)
        .withStorageEndpoint(endpoint)
        .withCredential(request -> Mono.just(new AccessToken(
            "not-a-secret", OffsetDateTime.now(ZoneOffset.UTC).plusHours(1))));
    HttpClient netty = HttpClient.createDefault();
    if (!netty.getClass().getSimpleName().startsWith("Netty")) {
      throw new IllegalStateException("the client of this application is " + netty.getClass());
    }
    String core = CoreUtils.getProperties("azure-core.properties").get("version");
    live(config);
    System.out.println("lived with azure-core " + core + " and the provider's client");
    live(config.withHttpClient(netty));
    System.out.println("lived with azure-core " + core + " and " + netty.getClass().getSimpleName());
  }

  private static void live(AzureMlConfig config) throws IOException {
    Path file = Files.writeString(Files.createTempFile("model", ".bin"), "0.5 0.25");
    try (EndpointPlatform platform = new AzureMlProvider().open(config)) {
      Container container = platform
          .packageModel(
              ModelArtifact.of(file).named("model"),
              RuntimeSpec.of("example.azurecr.io/server:1"),
              Dependencies.NONE)
          .await(LIMIT);
      Scaling one = Scaling.fixed("Standard_DS3_v2", 1);
      Endpoint blue = platform.deploy(container, one, new Routing("bert", "blue")).await(LIMIT);
      Response answer = platform.invoke(blue, Request.json("{\"inputs\":\"hello\"}"));
      if (!answer.variant().equals(Optional.of("blue"))) {
        throw new IllegalStateException("answered by " + answer.variant());
      }
      platform.undeployAll("bert").await(LIMIT);
      if (!platform.inventory().isEmpty()) {
        throw new IllegalStateException("left behind: " + platform.inventory());
      }
    } finally {
      Files.delete(file);
    }
  }
}
