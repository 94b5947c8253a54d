package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.platform.Response;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.internal.http.RawClient.Reply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the clients of KServe, MLServer, Triton, Vertex AI and SageMaker send, as they send it. */
@Timeout(30)
final class ClientRequestsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static EngineFunctions functions;
  private static HttpFront front;
  private RawClient client;

  @BeforeAll
  static void start() {
    functions = new EngineFunctions(Map.of("list", request -> Response.json(" [1, 2]")))
        .with("iris", "classpath:models/iris_lr.onnx")
        .with("minilm", "classpath:all-minilm-l6-v2-q.onnx")
        .with("list", "java:list");
    front = HttpFront.start(
        "serverless",
        HttpSettings.DEFAULT
            .withDefaultFunction("iris")
            .withPredictRoute("/v1/endpoints/7/deployedModels/8:predict"),
        functions);
  }

  @AfterAll
  static void stop() {
    front.close();
    functions.close();
  }

  @BeforeEach
  void connect() throws IOException {
    client = new RawClient(front.address());
  }

  @AfterEach
  void disconnect() throws IOException {
    client.close();
  }

  // KServe: httpx sends what orjson makes, without a content type.

  private static String httpx(String path, String... headers) {
    return "POST " + path
        + " HTTP/1.1\nHost: 127.0.0.1\nAccept: */*\nAccept-Encoding: gzip, deflate\nConnection: keep-alive\n"
        + "User-Agent: python-httpx/0.27.2" + lines(headers);
  }

  private static String lines(String... headers) {
    return headers.length == 0 ? "" : "\n" + String.join("\n", headers);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"id\":\"4be4e82f-5500-420a-a5c5-ac86841e271b\",\"model_name\":\"iris\",\"inputs\":[{\"name\":\"X\","
            + "\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[5.1,3.5,1.4,0.2]}]}",
        "{\"id\":\"4be4e82f-5500-420a-a5c5-ac86841e271b\",\"model_name\":\"iris\",\"inputs\":[{\"name\":\"X\","
            + "\"shape\":[1,4],\"datatype\":\"FP32\",\"parameters\":{\"test-str\":\"dummy\",\"test-bool\":true},"
            + "\"data\":[[5.1,3.5,1.4,0.2]]}],\"outputs\":[{\"name\":\"label\",\"parameters\":{\"binary_data\":false}}],"
            + "\"parameters\":{\"test-int\":100}}",
        // InferRequest.to_dict().
        "{\"id\":\"4be4e82f-5500-420a-a5c5-ac86841e271b\",\"model_name\":\"iris\",\"inputs\":[{\"name\":\"X\","
            + "\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[5.1,3.5,1.4,0.2],\"parameters\":null}],"
            + "\"parameters\":null,\"from_grpc\":false}",
      })
  void kserveSendsTensorsAndTheNameOfTheModel(String body) throws IOException {
    Reply reply = client.send(httpx("/v2/models/iris/infer"), body.getBytes(UTF_8));

    assertThat(reply.status()).isEqualTo(200);
    assertThat(json(reply).path("id").asText()).isEqualTo("4be4e82f-5500-420a-a5c5-ac86841e271b");
    assertThat(json(reply).path("outputs").get(0).path("data").get(0).asInt()).isZero();
  }

  @Test
  void kserveSendsBinaryTensors() throws IOException {
    byte[] json =
        ("{\"id\":\"1\",\"model_name\":\"iris\",\"inputs\":[{\"name\":\"X\",\"shape\":[1,4],"
                + "\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":16}}],\"parameters\":{\"binary_data_output\":true}}")
            .getBytes(UTF_8);

    Reply reply = client.send(
        httpx(
            "/v2/models/iris/infer",
            "inference-header-content-length: " + json.length,
            "content-type: application/octet-stream"),
        json,
        floats(5.1f, 3.5f, 1.4f, 0.2f));

    assertThat(reply.status()).isEqualTo(200);
    int length = Integer.parseInt(reply.headers().get("inference-header-content-length"));
    assertThat(JSON.readTree(reply.body(), 0, length)
            .path("outputs")
            .get(0)
            .path("name")
            .asText())
        .isEqualTo("label");
    assertThat(ByteBuffer.wrap(reply.body(), length, 8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .getLong())
        .isZero();
  }

  /** The protocol that its client has if no other is chosen. */
  @Test
  void kserveSendsVersionOneByDefault() throws IOException {
    Reply predicted = client.send(
        httpx("/v1/models/iris:predict"), "{\"instances\":[[5.1,3.5,1.4,0.2]]}".getBytes(UTF_8));
    Reply ready = client.send("GET /v1/models/iris HTTP/1.1\nHost: 127.0.0.1\nAccept: */*");
    Reply live = client.send("GET / HTTP/1.1\nHost: 127.0.0.1\nAccept: */*");

    assertThat(json(predicted).path("predictions").get(0).path("label").asInt()).isZero();
    assertThat(ready.text()).startsWith("{\"name\":\"iris\",\"ready\":true,");
    assertThat(json(live).path("status").asText()).isEqualTo("alive");
  }

  // MLServer: requests sends what json makes of a model of pydantic.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"id\": null, \"parameters\": null, \"inputs\": [{\"name\": \"X\", \"shape\": [2, 4], \"datatype\": \"FP32\","
            + " \"parameters\": {\"content_type\": \"np\", \"headers\": null}, \"data\": [5.1, 3.5, 1.4, 0.2, 6.7, 3.0,"
            + " 5.2, 2.3]}], \"outputs\": null}",
        "{\"parameters\": {\"content_type\": \"np\"}, \"inputs\": [{\"name\": \"X\", \"datatype\": \"FP32\", \"shape\":"
            + " [2, 4], \"data\": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}], \"outputs\": [{\"name\": \"label\","
            + " \"parameters\": null}]}",
      })
  void mlserverSendsNullForWhatThereIsNot(String body) throws IOException {
    Reply reply = client.send(
        "POST /v2/models/iris/infer HTTP/1.1\nHost: 127.0.0.1\nUser-Agent: python-requests/2.32.3\n"
            + "Accept-Encoding: gzip, deflate\nAccept: */*\nConnection: keep-alive\nContent-Type: application/json",
        body.getBytes(UTF_8));

    assertThat(reply.status()).isEqualTo(200);
    assertThat(json(reply).path("outputs").get(0).path("data")).isEqualTo(JSON.readTree("[0, 2]"));
    assertThat(reply.headers()).containsEntry("fairlead-ignored-parameters", "content_type");
  }

  /** As its codec for strings, and KServe's for numpy, write texts. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      [2, 1] | "parameters": {"content_type": "str", "headers": null}, "data": ["hello", "world"]
      [2]    | "data": ["hello", "world"]
      """)
  void aModelOfTextsTakesThemAsATensorOfBytes(String shape, String rest) throws IOException {
    Reply reply = client.send(
        "POST /v2/models/minilm/infer HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json",
        ("{\"id\": \"t\", \"inputs\": [{\"name\": \"input-0\", \"shape\": " + shape
                + ", \"datatype\": \"BYTES\", " + rest + "}], \"outputs\": null}")
            .getBytes(UTF_8));
    JsonNode vectors = JSON.readTree(client
        .send(
            "POST /v2/models/minilm HTTP/1.1\nHost: 127.0.0.1",
            "{\"inputs\": [\"hello\", \"world\"]}".getBytes(UTF_8))
        .body());

    JsonNode output = json(reply).path("outputs").get(0);
    assertThat(reply.status()).isEqualTo(200);
    assertThat(json(reply).path("id").asText()).isEqualTo("t");
    assertThat(output.path("shape")).isEqualTo(JSON.readTree("[2, 384]"));
    assertThat(output.path("datatype").asText()).isEqualTo("FP32");
    assertThat(output.path("data").get(384)).isEqualTo(vectors.get(1).get(0));
  }

  @Test
  void aModelOfTextsTakesThemInBinaryForm() throws IOException {
    byte[] json =
        ("{\"inputs\":[{\"name\":\"text\",\"shape\":[1],\"datatype\":\"BYTES\",\"parameters\":"
                + "{\"binary_data_size\":9}}],\"parameters\":{\"binary_data_output\":true}}")
            .getBytes(UTF_8);

    Reply reply = client.send(
        "POST /v2/models/minilm/infer HTTP/1.1\nHost: 127.0.0.1\nInference-Header-Content-Length: "
            + json.length,
        json,
        new byte[] {5, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'});

    assertThat(reply.body())
        .hasSize(
            Integer.parseInt(reply.headers().get("inference-header-content-length")) + 4 * 384);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {"name": "a", "shape": [1, 2], "datatype": "BYTES", "data": ["b", "c"]} | inputs.a.shape must be [n] or [n, 1], for n texts (got [1, 2])
      {"name": "a", "shape": [0], "datatype": "BYTES", "data": []}            | inputs.a.data must not be empty
      {"name": "a", "shape": [1], "datatype": "BYTES", "data": [" "]}         | inputs.a.data must hold no empty text
      {"name": "a", "shape": [2], "datatype": "BYTES", "data": ["b"]}         | inputs.a.data must hold 2 elements for that shape (got 1)
      {"name": "a", "shape": [1], "datatype": "BYTES", "data": ["b"]}, {"name": "b", "shape": [1], "datatype": "BYTES", "data": ["b"]} | inputs must hold one tensor of texts
      {"name": "a", "shape": [1], "datatype": "FP32", "data": [1]}            | inputs[0].name must be one of input_ids
      """)
  void aTensorThatHoldsNoTextsIsRefused(String inputs, String problem) throws IOException {
    Reply reply = client.send(
        "POST /v2/models/minilm/infer HTTP/1.1\nHost: 127.0.0.1",
        ("{\"inputs\": [" + inputs + "]}").getBytes(UTF_8));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(json(reply).path("error").asText()).contains(problem);
  }

  // Triton: rapidjson and tensors after it, by default in both directions.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"inputs\":[{\"name\":\"X\",\"shape\":[1,4],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":16}}],"
            + "\"parameters\":{\"binary_data_output\":true}}",
        "{\"id\":\"my-request\",\"inputs\":[{\"name\":\"X\",\"shape\":[1,4],\"datatype\":\"FP32\",\"parameters\":"
            + "{\"binary_data_size\":16}}],\"outputs\":[{\"name\":\"label\",\"parameters\":{\"binary_data\":true}},"
            + "{\"name\":\"probabilities\",\"parameters\":{\"binary_data\":true}}],\"parameters\":{\"sequence_id\":42,"
            + "\"sequence_start\":true,\"sequence_end\":false,\"priority\":1,\"timeout\":1000000}}",
      })
  void tritonSendsBinaryTensorsAndGetsThem(String body) throws IOException {
    byte[] json = body.getBytes(UTF_8);

    Reply reply = client.send(
        "POST /v2/models/iris/infer HTTP/1.1\nHost: 127.0.0.1\nInference-Header-Content-Length: "
            + json.length + "\nUser-Agent: python-geventhttpclient-2.3.1",
        json,
        floats(5.1f, 3.5f, 1.4f, 0.2f));

    int length = Integer.parseInt(reply.headers().get("inference-header-content-length"));
    JsonNode outputs = JSON.readTree(reply.body(), 0, length).path("outputs");
    assertThat(outputs)
        .extracting(output -> output.path("parameters").path("binary_data_size").asInt())
        .containsExactly(8, 12);
    assertThat(reply.body()).hasSize(length + 20);
  }

  @Test
  void tritonMayAskForJsonInBothDirections() throws IOException {
    Reply reply = client.send(
        "POST /v2/models/iris/infer HTTP/1.1\nHost: 127.0.0.1\nUser-Agent: python-geventhttpclient-2.3.1",
        ("{\"inputs\":[{\"name\":\"X\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[5.099999904632568,3.5,"
                + "1.399999976158142,0.20000000298023224]}],\"outputs\":[{\"name\":\"label\",\"parameters\":"
                + "{\"binary_data\":false}}]}")
            .getBytes(UTF_8));

    assertThat(reply.headers()).doesNotContainKey("inference-header-content-length");
    assertThat(json(reply).path("outputs").get(0).path("data")).isEqualTo(JSON.readTree("[0]"));
  }

  @Test
  void tritonIsToldThatOutputsAreNotReturnedAsClasses() throws IOException {
    Reply reply = client.send(
        "POST /v2/models/iris/infer HTTP/1.1\nHost: 127.0.0.1",
        ("{\"inputs\":[{\"name\":\"X\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[5,3,1,0]}],\"outputs\":"
                + "[{\"name\":\"probabilities\",\"parameters\":{\"classification\":3,\"binary_data\":false}}]}")
            .getBytes(UTF_8));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(json(reply).path("error").asText())
        .contains("outputs[0].parameters.classification must not be present");
  }

  // Vertex AI: instances and parameters at the route of AIP_PREDICT_ROUTE, and nothing but
  // predictions.

  private static final String VERTEX =
      "POST /v1/endpoints/7/deployedModels/8:predict HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json";

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {"instances": [[5.1, 3.5, 1.4, 0.2]], "parameters": null}                         |
      {"instances": [{"X": [5.1, 3.5, 1.4, 0.2]}], "parameters": {}}                    |
      {"instances":[[5.1,3.5,1.4,0.2]],"parameters":{"confidenceThreshold":0.5}}        | confidenceThreshold
      """)
  void vertexSendsInstancesWithParameters(String body, String ignored) throws IOException {
    Reply reply = client.send(VERTEX, body.getBytes(UTF_8));

    assertThat(reply.status()).isEqualTo(200);
    assertThat(json(reply).fieldNames()).toIterable().containsExactly("predictions");
    assertThat(json(reply).path("predictions").get(0).path("label").asInt()).isZero();
    assertThat(reply.headers().get("fairlead-ignored-parameters")).isEqualTo(ignored);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"instances\": [\"hello\"]}",
        "{\"instances\": [{\"content\": \"hello\"}], \"parameters\": null}",
        "{\"inputs\": \"hello\"}",
        "{\"inputs\": [\"hello\"]}",
      })
  void vertexGetsPredictionsForTextsHoweverTheyAreSent(String body) throws IOException {
    try (HttpFront texts = HttpFront.start(
            "serverless",
            HttpSettings.DEFAULT.withDefaultFunction("minilm").withPredictRoute("/predict"),
            functions);
        RawClient vertex = new RawClient(texts.address())) {
      Reply reply = vertex.send(
          "POST /predict HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json",
          body.getBytes(UTF_8));

      assertThat(reply.status()).isEqualTo(200);
      assertThat(json(reply).fieldNames()).toIterable().containsExactly("predictions");
      assertThat(json(reply).path("predictions").get(0)).hasSize(384);
    }
  }

  @Test
  void vertexGetsPredictionsOfCodeThatAnswersAnArray() throws IOException {
    try (HttpFront code = HttpFront.start(
            "serverless",
            HttpSettings.DEFAULT.withDefaultFunction("list").withPredictRoute("/predict"),
            functions);
        RawClient vertex = new RawClient(code.address())) {
      byte[] body = "{\"instances\": [1]}".getBytes(UTF_8);

      assertThat(vertex.send("POST /predict HTTP/1.1\nHost: 127.0.0.1", body).text())
          .isEqualTo("{\"predictions\": [1, 2]}");
      assertThat(
              vertex.send("POST /invocations HTTP/1.1\nHost: 127.0.0.1", body).text())
          .isEqualTo(" [1, 2]");
    }
  }

  // SageMaker: the types of its serializers and deserializers.

  private static String sagemaker(String type, String accept) {
    return "POST /invocations HTTP/1.1\nHost: 127.0.0.1\nContent-Type: " + type + "\nAccept: "
        + accept + "\nX-Amzn-SageMaker-Custom-Attributes: c000b4f9";
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      text/csv                     | text/csv
      text/csv, application/json   | text/csv
      application/json             | application/json
      */*                          | application/json
      application/x-npy            | application/json
      application/json, text/csv   | application/json
      text/csv;q=0.5, */*;q=0.8    | application/json
      """)
  void sagemakerSendsCsvAndAcceptsWhatItsDeserializersRead(String accept, String type)
      throws IOException {
    Reply reply = client.send(
        sagemaker("text/csv", accept), "5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3".getBytes(UTF_8));

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.headers()).containsEntry("content-type", type);
    if (type.equals("text/csv")) {
      assertThat(reply.text().lines().map(line -> line.split(",", -1)))
          .hasSize(2)
          .allSatisfy(fields -> assertThat(fields).hasSize(4))
          .extracting(fields -> fields[0])
          .containsExactly("0", "2");
    } else {
      assertThat(json(reply).path("predictions")).hasSize(2);
    }
  }

  @Test
  void sagemakerSendsAListAsItIs() throws IOException {
    Reply list = client.send(
        sagemaker("application/json", "application/json"),
        "[[5.1, 3.5, 1.4, 0.2]]".getBytes(UTF_8));
    Reply unknown = client.send(
        sagemaker("application/octet-stream", "*/*"),
        "{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}".getBytes(UTF_8));

    assertThat(json(list)).isEqualTo(json(unknown));
    assertThat(json(list).path("predictions")).hasSize(1);
  }

  @Test
  void sagemakerIsToldTheRowAndTheFieldAndWhoseRequestItWas() throws IOException {
    Reply reply = client.send(
        sagemaker("text/csv", "text/csv") + "\nX-Request-Id: r-1",
        "5.1,3.5,1.4,0.2\n6.7,three,5.2,2.3\n".getBytes(UTF_8));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(json(reply).path("error").asText()).contains("row 2, field 2 must be a number");
    assertThat(json(reply).path("request_id").asText()).isEqualTo("r-1");
  }

  private static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static JsonNode json(Reply reply) throws IOException {
    return JSON.readTree(reply.body());
  }
}
