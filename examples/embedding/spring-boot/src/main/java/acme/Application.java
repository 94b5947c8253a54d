package acme;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** An application with models, in its own process and in processes of theirs. */
@SpringBootApplication
public class Application {
  public static void main(String[] args) {
    SpringApplication.run(Application.class, args);
  }

  /** Listens at a port of its own; closed with the application. */
  @Bean(destroyMethod = "close")
  ServerlessPlatform models(@Value("${models.port}") String port) {
    return Platforms.open("serverless", ServerlessPlatform.class, Map.of("port", port));
  }

  @Bean
  Map<String, ModelFunction> functions(ServerlessPlatform models) {
    ServerlessOptions apart = ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS);
    ModelArtifact iris = ModelArtifact.of(URI.create("classpath:iris.onnx"));
    ModelArtifact minilm = ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx"));
    ModelArtifact upper = ModelArtifact.of(URI.create("java:acme.Upper"));
    FunctionLimits limits = FunctionLimits.DEFAULT.withMemory("384MB");
    Map<String, ModelFunction> functions = new LinkedHashMap<>();
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
    return functions;
  }

  @RestController
  static class Controller {
    private final ServerlessPlatform models;
    private final Map<String, ModelFunction> functions;

    Controller(ServerlessPlatform models, Map<String, ModelFunction> functions) {
      this.models = models;
      this.functions = functions;
    }

    @PostMapping("/ask/{function}")
    String ask(@PathVariable("function") String function, @RequestBody String body) {
      return models.invoke(functions.get(function), Request.json(body)).text();
    }
  }
}
