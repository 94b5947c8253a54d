package io.fairlead.serverless.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Response;
import io.fairlead.serverless.HttpSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The routes and answers, with an ordinary client. */
final class HttpFrontTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String IRIS =
      "{\"id\": \"7\", \"inputs\": [{\"name\": \"X\", \"shape\": [1, 4], \"datatype\":"
          + " \"FP32\", \"data\": [5.1, 3.5, 1.4, 0.2]}]}";
  private static final String ROWS = "{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}";

  private static final String BINARY_IRIS =
      "{\"parameters\": {\"binary_data_output\": true}, \"inputs\": [{\"name\":"
          + " \"X\", \"shape\": [2, 4], \"datatype\": \"FP32\", \"parameters\": {\"binary_data_size\": 32}}],"
          + " \"outputs\": [{\"name\": \"label\"}]}";

  private static EngineFunctions functions;
  private static HttpFront front;

  @BeforeAll
  static void start() {
    functions = new EngineFunctions(Map.of(
            "echo",
            request -> Response.of(request.body(), request.contentType()),
            "failing",
            request -> {
              String[] parts = request.text().split(" ", -1);
              throw ServingException.builder(
                      "serverless", ErrorKind.valueOf(parts[0]), "It failed.")
                  .retryAfter(parts.length > 1 ? Duration.parse(parts[1]) : null)
                  .build();
            },
            "bug",
            request -> {
              throw new IllegalStateException("secret payload");
            },
            "bad-type",
            request -> Response.of(request.body(), "text/plain\r\nSet-Cookie: a=b")))
        .with("iris", "classpath:models/iris_lr.onnx")
        .with("forest", "classpath:models/iris_rf.onnx", Optional.of("3"))
        .with("minilm", "classpath:all-minilm-l6-v2-q.onnx")
        .with("echo", "java:echo")
        .with("failing", "java:failing")
        .with("bug", "java:bug")
        .with("bad-type", "java:bad-type");
    front = HttpFront.start(
        "serverless",
        HttpSettings.DEFAULT
            .withDefaultFunction("iris")
            .withHealthRoute("/vertex/health")
            .withPredictRoute("/vertex/predict"),
        functions);
  }

  @AfterAll
  static void stop() {
    front.close();
    functions.close();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      /v2/health/live             | {"live":true}
      /v2/health/ready            | {"ready":true}
      /v2/models/iris/ready       | {"name":"iris","ready":true}
      /v2/models/forest/versions/3/ready | {"name":"forest","ready":true}
      """)
  void healthIsTold(String path, String body) throws Exception {
    HttpResponse<String> answer = get(path);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(answer.body()).isEqualTo(body);
  }

  @Test
  void aServerThatIsNotReadySaysSoAndIsAlive() throws Exception {
    functions.ready = false;
    try {
      assertThat(get("/v2/health/ready").statusCode()).isEqualTo(503);
      assertThat(get("/ping").statusCode()).isEqualTo(503);
      assertThat(get("/vertex/health").statusCode()).isEqualTo(503);
      assertThat(get("/v2/health/live").statusCode()).isEqualTo(200);
    } finally {
      functions.ready = true;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/ping", "/vertex/health"})
  void aContainerIsPinged(String path) throws Exception {
    HttpResponse<String> answer = get(path);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v2", "/v2/", "/v2?verbose=1"})
  void theServerSaysWhatItCan(String path) throws Exception {
    JsonNode answer = json(get(path));

    assertThat(answer.path("name").asText()).isEqualTo("fairlead");
    assertThat(answer.path("version").asText()).matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
    assertThat(answer.path("extensions"))
        .extracting(JsonNode::asText)
        .containsExactly("binary_tensor_data");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v2/models/iris", "/v2/models/%69ris", "/v2/models/iris/"})
  void aFunctionSaysWhatItTakes(String path) throws Exception {
    assertThat(json(get(path)))
        .isEqualTo(JSON.readTree(
            "{'name': 'iris', 'platform': 'onnxruntime_onnx', 'inputs': [{'name': 'X', 'datatype': 'FP32', 'shape': [-1, 4]}], 'outputs': [{'name': 'label', 'datatype': 'INT64', 'shape': [-1]}, {'name': 'probabilities', 'datatype': 'FP32', 'shape': [-1, 3]}]}"
                .replace('\'', '"')));
    assertThat(json(get("/v2/models/forest")).path("versions")).isEqualTo(JSON.readTree("[\"3\"]"));
  }

  @Test
  void aFunctionSaysWhatBecomesOfATextThatItTakes() throws Exception {
    assertThat(json(get("/v2/models/minilm")).path("parameters"))
        .isEqualTo(JSON.readTree(
            "{'pooling': 'mean', 'pooling_source': 'default', 'normalized': true, 'max_tokens': 128, 'prompt': ''}"
                .replace('\'', '"')));
  }

  @Test
  void theIndexListsAllFunctions() throws Exception {
    JsonNode index = json(post("/v2/repository/index", "application/json", "{}"));

    assertThat(index)
        .extracting(it -> it.path("name").asText())
        .containsExactly("bad-type", "bug", "echo", "failing", "forest", "iris", "minilm");
    assertThat(index.get(4))
        .isEqualTo(
            JSON.readTree("{\"name\": \"forest\", \"version\": \"3\", \"state\": \"READY\"}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v2/models/iris/infer",
        "/v2/models/forest/versions/3/infer",
        "/v2/models/iris",
        "/invocations",
        "/vertex/predict"
      })
  void tensorsAreAnswered(String path) throws Exception {
    HttpResponse<String> answer = post(path, "application/json", IRIS);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer).path("id").asText()).isEqualTo("7");
    assertThat(json(answer).path("outputs").get(0).path("data").get(0).asInt()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v2/models/iris", "/invocations", "/vertex/predict"})
  void rowsAreAnsweredAsPredictions(String path) throws Exception {
    JsonNode answer = json(post(path, "application/x-www-form-urlencoded", ROWS));

    assertThat(answer.path("predictions").get(0).path("label").asInt()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v2/models/iris/infer", "/v2/models/iris"})
  void binaryTensorsComeWithTheLengthOfTheJsonInAHeader(String path) throws Exception {
    byte[] json = BINARY_IRIS.getBytes(StandardCharsets.UTF_8);

    HttpResponse<byte[]> answer =
        binary(path, "Inference-Header-Content-Length", String.valueOf(json.length));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/octet-stream");
    int length = Integer.parseInt(
        answer.headers().firstValue("Inference-Header-Content-Length").orElseThrow());
    assertBinaryLabels(answer.body(), length);
  }

  @Test
  void atSageMakerBinaryTensorsComeWithTheLengthOfTheJsonInTheType() throws Exception {
    byte[] json = BINARY_IRIS.getBytes(StandardCharsets.UTF_8);
    String type = "application/vnd.sagemaker-triton.binary+json;json-header-size=";

    HttpResponse<byte[]> answer = binary("/invocations", "Content-Type", type + json.length);

    String answeredType = answer.headers().firstValue("Content-Type").orElseThrow();
    assertThat(answeredType).startsWith(type);
    assertThat(answer.headers().firstValue("Inference-Header-Content-Length")).isEmpty();
    assertBinaryLabels(answer.body(), Integer.parseInt(answeredType.substring(type.length())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "100000"})
  void aLengthOfTheJsonThatIsNoneIsRefused(String length) throws Exception {
    HttpResponse<byte[]> answer =
        binary("/v2/models/iris/infer", "Inference-Header-Content-Length", length);

    assertThat(answer.statusCode()).isEqualTo(400);
  }

  private static HttpResponse<byte[]> binary(String path, String header, String value)
      throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(uri(path))
            .header(header, value)
            .POST(HttpRequest.BodyPublishers.ofByteArray(binaryIris()))
            .build(),
        BodyHandlers.ofByteArray());
  }

  private static byte[] binaryIris() {
    ByteBuffer body = ByteBuffer.allocate(BINARY_IRIS.length() + 32)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(BINARY_IRIS.getBytes(StandardCharsets.UTF_8));
    for (float feature : new float[] {5.1f, 3.5f, 1.4f, 0.2f, 6.7f, 3.0f, 5.2f, 2.3f}) {
      body.putFloat(feature);
    }
    return body.array();
  }

  private static void assertBinaryLabels(byte[] body, int length) throws IOException {
    JsonNode output = JSON.readTree(body, 0, length).path("outputs").get(0);
    assertThat(output.path("parameters").path("binary_data_size").asInt()).isEqualTo(16);
    ByteBuffer tail =
        ByteBuffer.wrap(body, length, body.length - length).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(tail.getLong()).isZero();
    assertThat(tail.getLong()).isEqualTo(2);
    assertThat(tail.hasRemaining()).isFalse();
  }

  @Test
  void aBodyWithoutATypeIsJson() throws Exception {
    HttpRequest request = HttpRequest.newBuilder(uri("/v2/models/iris"))
        .POST(HttpRequest.BodyPublishers.ofString(ROWS))
        .build();

    assertThat(CLIENT.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
  }

  @Test
  void codeGetsTheBodyAndItsTypeAsTheyAre() throws Exception {
    String body = "\u00fc".repeat(200_000);

    HttpResponse<String> answer = post(
        "/v2/models/echo",
        "text/csv; charset=utf-8",
        body,
        "X-Amzn-SageMaker-Custom-Attributes",
        "a");

    assertThat(answer.headers().firstValue("Content-Type")).contains("text/csv; charset=utf-8");
    assertThat(answer.body()).isEqualTo(body);
  }

  @Test
  void theUrlOfAFunctionIsWhereItAnswers() throws Exception {
    HttpRequest request = HttpRequest.newBuilder(front.url("iris"))
        .POST(HttpRequest.BodyPublishers.ofString(ROWS))
        .build();

    assertThat(CLIENT.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      INVALID           | 400 |
      UNAUTHORIZED      | 502 |
      NOT_FOUND         | 404 |
      CONFLICT          | 409 |
      UNSUPPORTED       | 501 |
      THROTTLED         | 429 | 1
      THROTTLED PT2.1S  | 429 | 3
      QUOTA             | 503 | 1
      UNAVAILABLE PT5S  | 503 | 5
      TIMEOUT           | 504 |
      MODEL_FAILED      | 500 |
      """)
  void aFailureHasTheStatusOfItsKind(String failure, int status, String retryAfter)
      throws Exception {
    HttpResponse<String> answer = post("/v2/models/failing", "text/plain", failure);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.body()).isEqualTo("{\"error\":\"It failed.\"}");
    assertThat(answer.headers().firstValue("Retry-After"))
        .isEqualTo(Optional.ofNullable(retryAfter));
  }

  @ParameterizedTest
  @EnumSource(ErrorKind.class)
  void everyKindOfFailureIsAnError(ErrorKind kind) throws Exception {
    assertThat(post("/v2/models/failing", "text/plain", kind.name()).statusCode())
        .isBetween(400, 599);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      GET  | /v1                          | 404 | There is no route for this path
      GET  | /v2/models                   | 404 | Supported are GET /v2
      GET  | /v2/models/                  | 404 | There is no route for this path
      GET  | /v2/models/iris/what         | 404 | There is no route for this path
      GET  | /v2/models/iris/ready/now    | 404 | There is no route for this path
      GET  | /v2/models/rose              | 404 | There is no function 'rose'
      POST | /v2/models/rose/infer        | 404 | There is no function 'rose'
      POST | /v2/models/iris/versions/1/infer | 404 | Function 'iris' has no version '1': leave it out.
      GET  | /v2/models/forest/versions/1 | 404 | has no version '1': use '3', or leave it out.
      """)
  void whatIsNotThereIsNamed(String method, String path, int status, String sentence)
      throws Exception {
    HttpResponse<String> answer = send(method, path, "application/json", IRIS);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(json(answer).path("error").asText()).contains(sentence);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      DELETE | /v2                    | GET, HEAD, OPTIONS
      POST   | /v2/health/live        | GET, HEAD, OPTIONS
      PUT    | /v2/models/iris        | GET, HEAD, POST, OPTIONS
      GET    | /v2/models/iris/infer  | POST, OPTIONS
      GET    | /invocations           | POST, OPTIONS
      GET    | /v2/repository/index   | POST, OPTIONS
      """)
  void anotherMethodIsRefusedWithThoseThereAre(String method, String path, String allowed)
      throws Exception {
    HttpResponse<String> answer = send(method, path, "application/json", "{}");

    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).contains(allowed);
    assertThat(send("OPTIONS", path, "application/json", "").headers().firstValue("Allow"))
        .contains(allowed);
    assertThat(send("OPTIONS", path, "application/json", "").statusCode()).isEqualTo(204);
  }

  @Test
  void headAnswersAsGetDoesWithoutABody() throws Exception {
    HttpResponse<String> get = get("/v2/models/iris");
    HttpResponse<String> head = send("HEAD", "/v2/models/iris", null, null);

    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValue("Content-Length"))
        .contains(String.valueOf(get.body().length()));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      application/json | {"inputs": [                   | 400 | body must be JSON
      application/json | {"inputs": [{"name": "Y", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]} | 400 | must be one of X
      application/json | {"instances": [[1, 2]]}        | 400 | must be of shape [-1, 4]
      text/plain       | hello                          | 415 | contentType must be application/json
      """)
  void aWrongRequestIsRefusedWithWhatIsWrong(String type, String body, int status, String sentence)
      throws Exception {
    HttpResponse<String> answer = post("/v2/models/iris/infer", type, body);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(json(answer).path("error").asText()).contains(sentence);
  }

  @ParameterizedTest
  @ValueSource(strings = {"br", "gzip, deflate", "deflate, gzip", "gzip, gzip", "zstd", "chunked"})
  void anotherCompressionIsRefusedWithThoseThereAre(String coding) throws Exception {
    HttpResponse<String> answer =
        post("/v2/models/iris/infer", "application/json", IRIS, "Content-Encoding", coding);

    assertThat(answer.statusCode()).isEqualTo(415);
    assertThat(json(answer).path("error").asText()).contains("gzip or deflate", "not " + coding);
    assertThat(answer.headers().firstValue("Accept-Encoding")).contains("gzip, deflate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "x-gzip", "GZIP", "deflate", "identity", "identity, gzip"})
  void aCompressedBodyIsTakenAsWhatItIs(String coding) throws Exception {
    byte[] body = compressed(coding, binaryIris());

    HttpResponse<byte[]> answer = CLIENT.send(
        HttpRequest.newBuilder(uri("/v2/models/iris/infer"))
            .header("Content-Encoding", coding)
            .header("Inference-Header-Content-Length", String.valueOf(BINARY_IRIS.length()))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build(),
        BodyHandlers.ofByteArray());

    assertThat(answer.statusCode()).isEqualTo(200);
    assertBinaryLabels(
        answer.body(),
        Integer.parseInt(
            answer.headers().firstValue("Inference-Header-Content-Length").orElseThrow()));
  }

  private static byte[] compressed(String coding, byte[] body) throws IOException {
    ByteArrayOutputStream into = new ByteArrayOutputStream();
    String last = coding.toLowerCase(Locale.ROOT).replaceAll(".*[, ]", "");
    try (OutputStream out = last.equals("identity")
        ? into
        : last.equals("deflate") ? new DeflaterOutputStream(into) : new GZIPOutputStream(into)) {
      out.write(body);
    }
    return into.toByteArray();
  }

  @Test
  void whatCodeThrowsIsNotShownBeyondItsSentence() throws Exception {
    HttpResponse<String> answer = post("/v2/models/bug", "text/plain", "x");

    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body().toLowerCase(Locale.ROOT))
        .doesNotContain("\\n", "at io.fairlead", ".java");
  }

  @Test
  void anUnexpectedFailureIsNotShownAtAll() throws Exception {
    functions.put(new LatchedFunction("broken") {
      @Override
      Response answer() {
        throw new IllegalStateException("secret");
      }
    });
    try {
      HttpResponse<String> answer = post("/v2/models/broken", "text/plain", "x");

      assertThat(answer.statusCode()).isEqualTo(500);
      assertThat(answer.body())
          .isEqualTo(
              "{\"error\":\"Function 'broken' failed with IllegalStateException: see the server's log.\"}");
    } finally {
      functions.remove("broken");
    }
  }

  @Test
  void aFunctionCannotAddHeaders() throws Exception {
    HttpResponse<String> answer = post("/v2/models/bad-type", "text/plain", "x");

    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.headers().firstValue("Set-Cookie")).isEmpty();
  }

  /** A page of another site can make a browser send it, and would load a model. */
  @ParameterizedTest
  @CsvSource({
    "GET, /v2/models/iris, cross-site, 403",
    "POST, /v2/models/iris, cross-site, 403",
    "GET, /v2/models/iris/none, cross-site, 403",
    "GET, /v2/models/iris, same-origin, 200",
    "GET, /v2/models/iris, none, 200",
    "GET, /v2/health/live, cross-site, 200",
    "GET, /, cross-site, 200",
  })
  void aRequestOfAnotherSiteLoadsNothing(String method, String path, String site, int status)
      throws Exception {
    assertThat(send(method, path, null, method.equals("POST") ? ROWS : null, "Sec-Fetch-Site", site)
            .statusCode())
        .isEqualTo(status);
  }

  @Test
  void aContainerIsNotReadyBeforeThereIsAFunctionToInvoke() throws Exception {
    HttpSettings named = HttpSettings.DEFAULT.withDefaultFunction("iris");
    try (EngineFunctions few = new EngineFunctions(Map.of("echo", request -> Response.json("1")));
        HttpFront any = HttpFront.start("serverless", HttpSettings.DEFAULT, few);
        HttpFront one = HttpFront.start("serverless", named, few)) {
      HttpRequest pingAny =
          HttpRequest.newBuilder(any.url("x").resolve("/ping")).build();
      HttpRequest pingOne =
          HttpRequest.newBuilder(one.url("x").resolve("/ping")).build();
      HttpRequest ready =
          HttpRequest.newBuilder(any.url("x").resolve("/v2/health/ready")).build();

      int none = CLIENT.send(pingAny, BodyHandlers.ofString()).statusCode();
      assertThat(CLIENT.send(ready, BodyHandlers.ofString()).body()).isEqualTo("{\"ready\":false}");
      few.with("echo", "java:echo");
      int some = CLIENT.send(pingAny, BodyHandlers.ofString()).statusCode();
      int another = CLIENT.send(pingOne, BodyHandlers.ofString()).statusCode();

      assertThat(List.of(none, some, another)).containsExactly(503, 200, 503);
      assertThat(CLIENT.send(ready, BodyHandlers.ofString()).body()).isEqualTo("{\"ready\":true}");
    }
  }

  @Test
  void withoutADefaultTheOnlyFunctionIsInvoked() throws Exception {
    try (EngineFunctions few = new EngineFunctions(Map.of());
        HttpFront other = HttpFront.start("serverless", HttpSettings.DEFAULT, few)) {
      URI invocations = other.url("x").resolve("/invocations");
      HttpRequest request = HttpRequest.newBuilder(invocations)
          .POST(HttpRequest.BodyPublishers.ofString(ROWS))
          .build();

      HttpResponse<String> none = CLIENT.send(request, BodyHandlers.ofString());
      few.with("iris", "classpath:models/iris_lr.onnx");
      HttpResponse<String> one = CLIENT.send(request, BodyHandlers.ofString());
      few.with("forest", "classpath:models/iris_rf.onnx");
      HttpResponse<String> two = CLIENT.send(request, BodyHandlers.ofString());

      assertThat(none.statusCode()).isEqualTo(404);
      assertThat(none.body()).contains("There is no function yet");
      assertThat(one.statusCode()).isEqualTo(200);
      assertThat(two.statusCode()).isEqualTo(404);
      assertThat(two.body()).contains("There are 2 functions: set defaultFunction");
    }
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return send("GET", path, null, null);
  }

  private static HttpResponse<String> post(String path, String type, String body, String... headers)
      throws Exception {
    return send("POST", path, type, body, headers);
  }

  private static HttpResponse<String> send(
      String method, String path, String type, String body, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path))
        .method(
            method,
            body == null
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofString(body));
    if (type != null) {
      request.header("Content-Type", type);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  private static URI uri(String path) {
    return URI.create("http://127.0.0.1:" + front.address().getPort() + path);
  }

  private static JsonNode json(HttpResponse<String> response) throws IOException {
    return JSON.readTree(response.body());
  }
}
