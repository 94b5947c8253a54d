package io.fairlead.serverless.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import io.fairlead.serverless.HttpSettings;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The answers against the protocol's own specification, in which no field but its own is let through. */
final class OpenInferenceSpecificationTest {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String REQUEST =
      "{\"id\": \"42\", \"parameters\": {}, \"inputs\": [{\"name\": \"X\", \"shape\":"
          + " [2, 4], \"datatype\": \"FP32\", \"parameters\": {}, \"data\": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2,"
          + " 2.3]]}], \"outputs\": [{\"name\": \"probabilities\", \"parameters\": {}}]}";
  private static final String WRONG_REQUEST = REQUEST.replace("[2, 4]", "[2, 5]");
  private static final ObjectNode SPECIFICATION = specification();

  private static EngineFunctions functions;
  private static HttpFront front;

  @BeforeAll
  static void start() {
    functions = new EngineFunctions(Map.of())
        .with("iris", "classpath:models/iris_lr.onnx", Optional.of("3"));
    front = HttpFront.start("serverless", HttpSettings.DEFAULT, functions);
  }

  @AfterAll
  static void stop() {
    front.close();
    functions.close();
  }

  private static ObjectNode specification() {
    try (InputStream yaml = OpenInferenceSpecificationTest.class.getResourceAsStream(
        "/open-inference-protocol/open_inference_rest.yaml")) {
      ObjectNode specification = (ObjectNode) new YAMLMapper().readTree(yaml);
      for (JsonNode schema : specification.path("components").path("schemas")) {
        if (schema.has("properties")) {
          ((ObjectNode) schema).put("additionalProperties", false);
        }
      }
      return specification;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  static Stream<Arguments> operations() {
    return SPECIFICATION.path("paths").properties().stream()
        .flatMap(path -> path.getValue().properties().stream()
            .filter(operation -> !operation.getKey().equals("parameters"))
            .map(operation -> Arguments.of(
                operation.getKey(),
                // As the specification writes it, with a dollar sign before each brace.
                path.getKey().replace("${MODEL_NAME}", "iris").replace("${MODEL_VERSION}", "3"),
                operation.getValue())));
  }

  @ParameterizedTest
  @MethodSource("operations")
  void eachOperationAnswersAsSpecified(String method, String path, JsonNode operation)
      throws Exception {
    HttpResponse<String> answer = send(method, path, REQUEST);

    assertThat(answer.statusCode()).isEqualTo(200);
    JsonNode content = operation.path("responses").path("200").path("content");
    if (!content.isMissingNode()) {
      assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
      assertValid(content.path("application/json").path("schema"), answer.body());
    }
  }

  @Test
  void theRequestOfTheseTestsIsOneOfTheSpecification() {
    assertValid(
        inference().path("requestBody").path("content").path("application/json").path("schema"),
        REQUEST);
  }

  @Test
  void aWrongRequestIsAnsweredAsSpecified() throws Exception {
    HttpResponse<String> answer = send("post", "/v2/models/iris/versions/3/infer", WRONG_REQUEST);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertValid(
        inference()
            .path("responses")
            .path("400")
            .path("content")
            .path("application/json")
            .path("schema"),
        answer.body());
  }

  private static JsonNode inference() {
    return SPECIFICATION
        .path("paths")
        .path("/v2/models/${MODEL_NAME}/versions/${MODEL_VERSION}/infer")
        .path("post");
  }

  private static void assertValid(JsonNode reference, String json) {
    ObjectNode document = new ObjectMapper().createObjectNode();
    document.set("$ref", reference.path("$ref"));
    document.set("components", SPECIFICATION.path("components"));
    Schema schema = SchemaRegistry.withDialect(Dialects.getOpenApi30())
        .getSchema(SchemaLocation.of("urn:specification"), document);

    assertThat(schema.validate(new ObjectMapper().readTree(json))).isEmpty();
    // So that a reference that leads nowhere is not taken for one that lets all through.
    assertThat(schema.validate(new ObjectMapper().readTree("{\"other\": 1}"))).isNotEmpty();
  }

  private static HttpResponse<String> send(String method, String path, String body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + front.address().getPort() + path));
    return CLIENT.send(
        method.equals("post")
            ? request
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build()
            : request.build(),
        BodyHandlers.ofString());
  }
}
