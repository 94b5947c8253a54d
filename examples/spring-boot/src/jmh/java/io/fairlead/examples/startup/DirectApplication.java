package io.fairlead.examples.startup;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.core.io.Resource;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** The same service as a team writes it without Fairlead: ONNX Runtime and the tokenizer with their defaults. */
@SpringBootApplication
public class DirectApplication {
  public static void main(String[] args) {
    SpringApplication.run(DirectApplication.class, args);
  }

  record Asked(String question) {}

  record Hit(String sentence, float score) {}

  @RestController
  static class Controller {
    private final Search search;

    Controller(Search search) {
      this.search = search;
    }

    @PostMapping("/search")
    List<Hit> search(@RequestBody Asked asked) throws OrtException {
      return search.best(asked.question());
    }
  }

  @Component
  static class Search implements ApplicationRunner {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final HuggingFaceTokenizer tokenizer;
    private final List<String> sentences;
    private volatile float[][] embeddings = {};

    Search(
        @Value("classpath:all-minilm-l6-v2-q.onnx") Resource model,
        @Value("classpath:all-minilm-l6-v2-q-tokenizer.json") Resource tokenizer,
        @Value("classpath:sentences.txt") Resource sentences)
        throws IOException, OrtException {
      this.session =
          environment.createSession(model.getContentAsByteArray(), new OrtSession.SessionOptions());
      try (InputStream json = tokenizer.getInputStream()) {
        this.tokenizer = HuggingFaceTokenizer.newInstance(json, Map.of("padding", "true"));
      }
      this.sentences = sentences.getContentAsString(UTF_8).lines().toList();
    }

    @Override
    public void run(ApplicationArguments arguments) throws OrtException {
      embeddings = embed(sentences);
    }

    List<Hit> best(String question) throws OrtException {
      float[] asked = embed(List.of(question))[0];
      float[][] known = embeddings;
      return IntStream.range(0, known.length)
          .mapToObj(i -> new Hit(sentences.get(i), dot(asked, known[i])))
          .sorted(Comparator.comparingDouble(hit -> -hit.score()))
          .toList();
    }

    private float[][] embed(List<String> texts) throws OrtException {
      Encoding[] encodings = tokenizer.batchEncode(texts);
      long[][] ids = new long[encodings.length][];
      long[][] mask = new long[encodings.length][];
      long[][] types = new long[encodings.length][];
      for (int i = 0; i < encodings.length; i++) {
        ids[i] = encodings[i].getIds();
        mask[i] = encodings[i].getAttentionMask();
        types[i] = encodings[i].getTypeIds();
      }
      try (OnnxTensor idsTensor = OnnxTensor.createTensor(environment, ids);
          OnnxTensor maskTensor = OnnxTensor.createTensor(environment, mask);
          OnnxTensor typesTensor = OnnxTensor.createTensor(environment, types);
          OrtSession.Result result = session.run(Map.of(
              "input_ids",
              idsTensor,
              "attention_mask",
              maskTensor,
              "token_type_ids",
              typesTensor))) {
        return mean((float[][][]) result.get(0).getValue(), mask);
      }
    }

    private static float[][] mean(float[][][] tokens, long[][] mask) {
      float[][] means = new float[tokens.length][tokens[0][0].length];
      for (int i = 0; i < tokens.length; i++) {
        double square = 0;
        for (int k = 0; k < means[i].length; k++) {
          for (int j = 0; j < tokens[i].length; j++) {
            means[i][k] += mask[i][j] * tokens[i][j][k];
          }
          square += means[i][k] * means[i][k];
        }
        for (int k = 0; k < means[i].length; k++) {
          means[i][k] /= (float) Math.sqrt(square);
        }
      }
      return means;
    }

    private static float dot(float[] one, float[] other) {
      float sum = 0;
      for (int i = 0; i < one.length; i++) {
        sum += one[i] * other[i];
      }
      return sum;
    }
  }
}
