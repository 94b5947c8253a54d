package acme;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.quarkus.runtime.Startup;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** The models of an application, in its own process and in processes of theirs. */
@Path("/ask")
@Startup
@ApplicationScoped
public class Models {
  private final Map<String, ModelFunction> functions = new LinkedHashMap<>();

  @ConfigProperty(name = "models.port")
  String port;

  private ServerlessPlatform models;

  @PostConstruct
  void open() {
    models = Platforms.open("serverless", ServerlessPlatform.class, Map.of("port", port));
    ServerlessOptions apart = ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS);
    ModelArtifact iris = ModelArtifact.of(URI.create("classpath:iris.onnx"));
    ModelArtifact minilm = ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx"));
    ModelArtifact upper = ModelArtifact.of(URI.create("java:acme.Upper"));
    FunctionLimits limits = FunctionLimits.DEFAULT.withMemory("384MB");
    for (ModelArtifact model : new ModelArtifact[] {
      iris.named("iris"),
      iris.named("iris-apart").with(apart),
      minilm.named("minilm"),
      minilm.named("minilm-apart").with(apart),
      upper.named("upper-apart").with(apart)
    }) {
      ModelFunction function = models.deploy(model, limits).await(Duration.ofMinutes(1));
      functions.put(function.name(), function);
    }
  }

  @PreDestroy
  void close() {
    models.close();
  }

  @POST
  @Path("/{function}")
  public String ask(@PathParam("function") String function, String body) {
    return models.invoke(functions.get(function), Request.json(body)).text();
  }
}
