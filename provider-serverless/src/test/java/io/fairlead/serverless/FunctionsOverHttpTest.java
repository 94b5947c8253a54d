package io.fairlead.serverless;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.TruncatedTexts;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.lang.reflect.Field;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.MDC;
import org.slf4j.spi.MDCAdapter;

/** What operators and clients see of deployed functions, over HTTP. */
@Timeout(60)
final class FunctionsOverHttpTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

  @TempDir
  Path folder;

  private final ServerlessPlatform platform = new ServerlessProvider()
      .open(ServerlessConfig.DEFAULT
          .withCacheFolder(Models.cacheFolder())
          .withFunction(
              "context",
              request -> Response.json("\"" + MDC.get("request_id") + " " + MDC.get("trace_id")
                  + " " + MDC.get("tenant") + "\"")));

  @AfterEach
  void close() {
    platform.close();
  }

  @Test
  void theIdsOfARequestAreInTheContextOfTheLogWhileItRuns() throws Exception {
    Field adapter = MDC.class.getDeclaredField("MDC_ADAPTER");
    adapter.setAccessible(true);
    Object before = adapter.get(null);
    adapter.set(null, new PerThread());
    try {
      ModelFunction function = deploy("context", ModelArtifact.of(URI.create("java:context")));
      URI url = platform.url(function);
      HttpRequest request = HttpRequest.newBuilder(url)
          .header("X-Request-Id", "r-1")
          .header("traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01")
          .POST(BodyPublishers.ofString("{}"))
          .build();

      assertThat(CLIENT.send(request, BodyHandlers.ofString()).body())
          .isEqualTo("\"r-1 " + TRACE + " null\"");
      assertThat(CLIENT
              .send(
                  HttpRequest.newBuilder(url)
                      .POST(BodyPublishers.ofString("{}"))
                      .build(),
                  BodyHandlers.ofString())
              .body())
          .matches("\"[0-9a-f]{32} null null\"");
    } finally {
      adapter.set(null, before);
    }
  }

  @Test
  void theContextOfACallerGoesWithAnInvocationToAThreadOfThePlatform() throws Exception {
    Field adapter = MDC.class.getDeclaredField("MDC_ADAPTER");
    adapter.setAccessible(true);
    Object before = adapter.get(null);
    adapter.set(null, new PerThread());
    try {
      ModelFunction function = deploy(
          "context",
          ModelArtifact.of(URI.create("java:context"))
              .with(ServerlessOptions.DEFAULT.withRunOn(RunOn.PLATFORM)));
      MDC.put("tenant", "acme");

      assertThat(platform.invoke(function, Request.json("{}")).text())
          .isEqualTo("\"null null acme\"");
      MDC.remove("tenant");
      assertThat(platform.invoke(function, Request.json("{}")).text())
          .isEqualTo("\"null null null\"");
    } finally {
      adapter.set(null, before);
    }
  }

  @Test
  void aLazyFunctionThatHasFailedToLoadIsNotReady() throws Exception {
    OnnxFile unknown = new OnnxFile()
        .input("x", OnnxFile.FLOAT, 1)
        .output("y", OnnxFile.FLOAT, 1)
        .node("NoSuchOperator", List.of("x"), List.of("y"));
    ModelFunction function = deploy("unknown", Models.write(folder, "model.onnx", unknown));
    URI url = platform.url(function);
    assertThat(get(url + "/ready").body()).isEqualTo("{\"name\":\"unknown\",\"ready\":true}");

    int status = post(url, "{}").statusCode();

    assertThat(status).isEqualTo(500);
    assertThat(get(url + "/ready").statusCode()).isEqualTo(503);
    assertThat(post(url.resolve("/v2/repository/index"), "{}").body())
        .isEqualTo("[{\"name\":\"unknown\",\"state\":\"UNAVAILABLE\"}]");
    assertThat(json(get(url.resolve("/").toString()))
            .path("functions")
            .get(0)
            .path("state")
            .asText())
        .isEqualTo("FAILING");
  }

  @Test
  void theMetadataNameWhatRunsAFunction() throws Exception {
    assertThat(platformOf("iris", ModelArtifact.of(Models.path("iris_lr.onnx"))))
        .isEqualTo("onnxruntime_onnx");
    assertThat(platformOf("context", ModelArtifact.of(URI.create("java:context"))))
        .isEqualTo("java_function");
    assertThat(platformOf("trees", ModelArtifact.of(Models.path("iris_xgb.ubj"))))
        .isEqualTo("xgboost_model");
  }

  private String platformOf(String name, ModelArtifact artifact) throws Exception {
    return json(get(platform.url(deploy(name, artifact)).toString()))
        .path("platform")
        .asText();
  }

  @Test
  void theStatusHasInstancesAndMemory() throws Exception {
    ModelFunction function = deploy("iris", ModelArtifact.of(Models.path("iris_lr.onnx")));
    URI url = platform.url(function);
    JsonNode idle = json(get(url.resolve("/").toString()));
    post(url, "{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");
    JsonNode used = json(get(url.resolve("/").toString()));

    assertThat(idle.path("functions").get(0).path("state").asText()).isEqualTo("IDLE");
    assertThat(idle.path("memory").path("used_bytes").asLong()).isZero();
    JsonNode iris = used.path("functions").get(0);
    assertThat(iris.path("state").asText()).isEqualTo("READY");
    assertThat(iris.path("instances").path("ready").asInt()).isEqualTo(1);
    assertThat(iris.path("cold_starts").asInt()).isEqualTo(1);
    assertThat(used.path("memory").path("used_bytes").asLong())
        .isEqualTo(iris.path("memory_bytes").asLong())
        .isEqualTo(platform.metrics(function).memoryBytes());
  }

  /** Told by a worker process as by a model in this one. */
  @Test
  void aWorkerProcessNamesTheParametersThatItIgnores() throws Exception {
    ModelFunction function = deploy(
        "iris",
        ModelArtifact.of(Models.path("iris_lr.onnx"))
            .with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS)));

    HttpResponse<String> answer = post(
        platform.url(function),
        "{\"instances\": [[5.1, 3.5, 1.4, 0.2]], \"parameters\": {\"top_k\": 2}}");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Fairlead-Ignored-Parameters")).contains("top_k");
  }

  @ParameterizedTest
  @EnumSource(Isolation.class)
  void textsThatAreCutOffAreNamed(Isolation isolation) throws Exception {
    Models.write(
        folder,
        "model.onnx",
        new OnnxFile()
            .input("input_ids", OnnxFile.INT64, -1, -1)
            .output("y", OnnxFile.FLOAT, -1, -1)
            .node(
                "Cast",
                List.of("input_ids"),
                List.of("y"),
                OnnxFile.attribute("to", OnnxFile.FLOAT)));
    ModelFunction function = deploy(
        "tokens",
        ModelArtifact.of(folder.resolve("model.onnx"))
            .withMetadata(ModelMetadata.NONE.withLabels(Map.of(
                "tokenizer", "classpath:all-minilm-l6-v2-q-tokenizer.json", "max-tokens", "4")))
            .with(ServerlessOptions.DEFAULT.withIsolation(isolation)));
    URI url = platform.url(function);

    HttpResponse<String> answer =
        post(url, "{\"input\": [\"a b c\", \"a\", \"a b c d\"], \"priority\": 1}");

    assertThat(answer.headers().firstValue("Fairlead-Truncated-Texts")).contains("0, 2");
    assertThat(answer.headers().firstValue("Fairlead-Ignored-Parameters")).contains("priority");
    assertThat(json(answer).path("usage").path("prompt_tokens").asInt()).isEqualTo(4 + 3 + 4);
    assertThat(platform
            .invoke(function, Request.json("{\"inputs\": [\"a b c\", \"a b c d\"]}"))
            .find(TruncatedTexts.class))
        .contains(new TruncatedTexts(List.of(0, 1), 1 + 2));
    assertThat(post(url, "{\"inputs\": \"a\"}").headers().firstValue("Fairlead-Truncated-Texts"))
        .isEmpty();
    assertThat(post(url, "{\"inputs\": [" + "\"a b c\", ".repeat(100) + "\"a b c\"]}")
            .headers()
            .firstValue("Fairlead-Truncated-Texts"))
        .hasValueSatisfying(it -> assertThat(it).startsWith("0, 1, ").endsWith(" 98, 99, ..."));
  }

  @ParameterizedTest
  @EnumSource(Isolation.class)
  void aCrossEncoderRanksTextsAndItsMetadataNameTheActivation(Isolation isolation)
      throws Exception {
    Models.write(
        folder,
        "model.onnx",
        new OnnxFile()
            .opset(11)
            .input("input_ids", OnnxFile.INT64, -1, -1)
            .input("token_type_ids", OnnxFile.INT64, -1, -1)
            .output("logits", OnnxFile.FLOAT, -1, 1)
            .node(
                "Cast",
                List.of("token_type_ids"),
                List.of("types"),
                OnnxFile.attribute("to", OnnxFile.FLOAT))
            .node(
                "ReduceSum",
                List.of("types"),
                List.of("logits"),
                OnnxFile.attribute("axes", new long[] {1})));
    ModelFunction function = deploy(
        "ranker",
        ModelArtifact.of(folder.resolve("model.onnx"))
            .withMetadata(ModelMetadata.NONE.withLabels(Map.of(
                "tokenizer",
                "classpath:all-minilm-l6-v2-q-tokenizer.json",
                "activation",
                "identity")))
            .with(ServerlessOptions.DEFAULT.withIsolation(isolation)));
    URI url = platform.url(function);

    HttpResponse<String> answer =
        post(url, "{\"query\": \"who\", \"texts\": [\"a man\", \"a man eats\"]}");

    assertThat(answer.body())
        .isEqualTo("[{\"index\":1,\"score\":4.0},{\"index\":0,\"score\":3.0}]");
    for (String route : List.of("/v1/rerank", "/rerank")) {
      HttpResponse<String> ranked = post(
          url.resolve(route),
          "{\"model\": \"ranker\", \"query\": \"who\", \"documents\": [\"a man\", \"a man eats\"]}");
      assertThat(json(ranked).path("results").findValuesAsText("index")).containsExactly("1", "0");
    }
    assertThat(json(get(url.toString())).path("parameters").path("activation").asText())
        .isEqualTo("identity");
  }

  private ModelFunction deploy(String name, ModelArtifact artifact) {
    return platform.deploy(artifact.named(name), FunctionLimits.DEFAULT).await(LIMIT);
  }

  private static HttpResponse<String> get(String url) throws Exception {
    return CLIENT.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
  }

  private static HttpResponse<String> post(URI url, String body) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(url).POST(BodyPublishers.ofString(body)).build(),
        BodyHandlers.ofString());
  }

  private static JsonNode json(HttpResponse<String> answer) throws Exception {
    return JSON.readTree(answer.body());
  }

  /** A context of each thread that no other one inherits. */
  private static final class PerThread implements MDCAdapter {
    private final ThreadLocal<Map<String, String>> contexts = ThreadLocal.withInitial(HashMap::new);

    @Override
    public void put(String key, String value) {
      contexts.get().put(key, value);
    }

    @Override
    public String get(String key) {
      return contexts.get().get(key);
    }

    @Override
    public void remove(String key) {
      contexts.get().remove(key);
    }

    @Override
    public void clear() {
      contexts.remove();
    }

    @Override
    public Map<String, String> getCopyOfContextMap() {
      return new HashMap<>(contexts.get());
    }

    @Override
    public void setContextMap(Map<String, String> context) {
      contexts.set(new HashMap<>(context));
    }

    @Override
    public void pushByKey(String key, String value) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String popByKey(String key) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Deque<String> getCopyOfDequeByKey(String key) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void clearDequeByKey(String key) {
      throw new UnsupportedOperationException();
    }
  }
}
