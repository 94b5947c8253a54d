package acme;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Request;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** An application with models: those of its configuration in its own process, others in processes of theirs. */
@SpringBootApplication
public class Application {
  public static void main(String[] args) {
    SpringApplication.run(Application.class, args);
  }

  @Bean("iris-apart")
  ModelFunction irisApart(@Qualifier("iris") ModelFunction iris) {
    return apart(iris.artifact().named("iris-apart"));
  }

  @Bean("minilm-apart")
  ModelFunction minilmApart(@Qualifier("minilm") ModelFunction minilm) {
    return apart(minilm.artifact().named("minilm-apart"));
  }

  @Bean("upper-apart")
  ModelFunction upperApart() {
    return apart(ModelArtifact.of(URI.create("java:acme.Upper")).named("upper-apart"));
  }

  private static ModelFunction apart(ModelArtifact artifact) {
    return new ModelFunction(
        artifact.with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS)),
        FunctionLimits.DEFAULT.withMemory("384MB"));
  }

  /** An option of one platform is no property, so what has one is deployed in code. */
  @Bean
  ApplicationRunner deployApart(
      ServerlessPlatform models,
      @Qualifier("iris-apart") ModelFunction iris,
      @Qualifier("minilm-apart") ModelFunction minilm,
      @Qualifier("upper-apart") ModelFunction upper) {
    return arguments -> {
      for (ModelFunction function : new ModelFunction[] {iris, minilm, upper}) {
        models.deploy(function.artifact(), function.limits()).await(Duration.ofMinutes(1));
      }
    };
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
