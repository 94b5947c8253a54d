package peer;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** A model as a service, the way a Spring Boot team writes it: all settings are the libraries' own. */
@SpringBootApplication
public class Application {
  public static void main(String[] args) {
    SpringApplication.run(Application.class, args);
  }

  @Bean
  EmbeddingModel embeddingModel() {
    return new AllMiniLmL6V2QuantizedEmbeddingModel();
  }

  record Question(String inputs) {}

  @RestController
  static class Controller {
    private final EmbeddingModel model;

    Controller(EmbeddingModel model) {
      this.model = model;
    }

    @PostMapping("/v2/models/minilm/infer")
    float[][] infer(@RequestBody Question question) {
      return new float[][] {model.embed(question.inputs()).content().vector()};
    }
  }
}
