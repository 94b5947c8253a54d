package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.internal.http.RawClient.Reply;
import io.fairlead.serverless.internal.http.Target.Kind;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.PathItem.HttpMethod;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/** What the server says of its routes, read by a library of others, and compared with what it does. */
final class OpenApiTest {
  private static final String HOST = " HTTP/1.1\nHost: 127.0.0.1";
  private static final String TOKEN = "0123456789abcdef";
  private static final String IRIS = "{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}";
  private static final HttpSettings FULL = HttpSettings.DEFAULT
      .withMetrics(true)
      .withHealthRoute("/its/health")
      .withPredictRoute("/its/predict");

  private EngineFunctions functions;

  @BeforeEach
  void open() {
    functions = new EngineFunctions(Map.of())
        .with("iris", "classpath:models/iris_lr.onnx", Optional.of("3"));
  }

  @AfterEach
  void close() {
    functions.close();
  }

  private Reply ask(HttpSettings settings, String request, String... headers) throws IOException {
    try (HttpFront front = HttpFront.start("serverless", settings, functions);
        RawClient client = new RawClient(front.address())) {
      String head = request.replaceFirst(" BODY$", "")
          + HOST
          + Arrays.stream(headers).map(header -> "\n" + header).collect(Collectors.joining());
      return request.endsWith(" BODY")
          ? client.send(head + "\nContent-Type: application/json", IRIS.getBytes(UTF_8))
          : client.send(head);
    }
  }

  private String text(HttpSettings settings, String... headers) throws IOException {
    Reply reply = ask(settings, "GET /openapi.json", headers);
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.headers()).containsEntry("content-type", "application/json");
    return reply.text();
  }

  private static OpenAPI read(String document) {
    SwaggerParseResult result = new OpenAPIV3Parser().readContents(document, null, null);
    assertThat(result.getMessages()).as("what the reader objects to").isEmpty();
    assertThat(result.getOpenAPI()).isNotNull();
    return result.getOpenAPI();
  }

  private static Set<String> operations(OpenAPI api) {
    return api.getPaths().entrySet().stream()
        .flatMap(path -> path.getValue().readOperationsMap().keySet().stream()
            .map(method -> method + " " + path.getKey()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String filled(String path) {
    return path.replace("{name}", "iris").replace("{version}", "3");
  }

  @Test
  void anotherReaderUnderstandsIt() throws IOException {
    OpenAPI api = read(text(FULL));

    assertThat(api.getOpenapi()).isEqualTo("3.1.0");
    assertThat(api.getInfo().getVersion()).isEqualTo(Version.of());
    assertThat(operations(api)).contains("POST /v2/models/{name}/infer", "GET /metrics");
  }

  @Test
  void theReaderWouldObject() throws IOException {
    String broken = text(FULL)
        .replace("#/components/responses/NotFound\"", "#/components/no\"")
        .replace("\"responses\":{\"200\"", "\"respond\":{\"200\"");

    assertThat(new OpenAPIV3Parser().readContents(broken, null, null).getMessages())
        .isNotEmpty();
  }

  /** The methods of each described path are those that the server allows there. */
  @Test
  void everyOperationIsOneOfTheServerAndTheOtherWayAround() throws IOException {
    OpenAPI api = read(text(FULL));
    Set<Kind> described = EnumSet.noneOf(Kind.class);

    for (String path : api.getPaths().keySet()) {
      Target target = Target.of(filled(path), FULL);
      assertThat(target).as(path).isNotNull();
      described.add(target.kind());
      Set<String> allowed = Stream.of(HttpMethod.GET, HttpMethod.POST)
          .map(HttpMethod::name)
          .filter(target.kind().methods()::contains)
          .collect(Collectors.toSet());
      assertThat(api.getPaths().get(path).readOperationsMap().keySet())
          .as(path)
          .extracting(HttpMethod::name)
          .containsExactlyInAnyOrderElementsOf(allowed);
    }
    assertThat(described).isEqualTo(EnumSet.allOf(Kind.class));
  }

  @Test
  void whatTheServerAnswersIsDescribed() throws IOException {
    String document = text(FULL);
    JsonNode api = new ObjectMapper().readTree(document);

    for (String operation : operations(read(document))) {
      String method = operation.substring(0, operation.indexOf(' '));
      String path = operation.substring(operation.indexOf(' ') + 1);
      boolean hasBody = method.equals("POST") && !path.equals("/v2/repository/index");
      Reply reply = ask(FULL, method + " " + filled(path) + (hasBody ? " BODY" : ""));

      assertThat(reply.status()).as(operation + " " + reply.text()).isEqualTo(200);
      JsonNode answer = api.path("paths")
          .path(path)
          .path(method.toLowerCase(Locale.ROOT))
          .path("responses")
          .path("200");
      assertDescribed(operation, api, answer, reply);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET /v2/models/rose, 404, NotFound",
    "POST /v2/models/rose/infer BODY, 404, NotFound",
    "POST /v2/models/iris, 400, Invalid"
  })
  void errorsAreDescribed(String request, int status, String response) throws IOException {
    JsonNode api = new ObjectMapper().readTree(text(FULL));

    Reply reply = ask(FULL, request);

    assertThat(reply.status()).isEqualTo(status);
    assertDescribed(request, api, api.path("components").path("responses").path(response), reply);
  }

  private static void assertDescribed(String operation, JsonNode api, JsonNode answer, Reply reply)
      throws IOException {
    String type = reply.headers().getOrDefault("content-type", "").replaceFirst(";.*", "");
    if (type.isEmpty()) {
      assertThat(answer.has("content")).as(operation).isFalse();
      return;
    }
    assertThat(answer.path("content").has(type)).as(operation + " is " + type).isTrue();
    if (type.equals("application/json")) {
      ObjectNode schema = new ObjectMapper().createObjectNode();
      schema.setAll((ObjectNode) answer.path("content").path(type).path("schema"));
      schema.set("components", api.path("components"));
      Schema compiled = SchemaRegistry.withDialect(Dialects.getOpenApi31())
          .getSchema(SchemaLocation.of("urn:openapi"), schema);
      assertThat(compiled.validate(new ObjectMapper().readTree(reply.text())))
          .as(operation)
          .isEmpty();
    }
  }

  @Test
  void whatTheSettingsLeaveOutIsNotDescribed() throws IOException {
    OpenAPI plain = read(text(HttpSettings.DEFAULT));
    OpenAPI full = read(text(FULL));

    assertThat(operations(plain)).doesNotContain("GET /metrics").hasSizeGreaterThan(15);
    assertThat(operations(full))
        .containsAll(operations(plain))
        .contains("GET /metrics", "GET /its/health", "POST /its/predict")
        .hasSize(operations(plain).size() + 3);
    assertThat(plain.getSecurity()).isNull();
  }

  @Test
  void withATokenItIsNeededForTheDescriptionTooAndDescribed() throws IOException {
    HttpSettings locked = HttpSettings.DEFAULT.withToken(TOKEN);
    assertThat(ask(locked, "GET /openapi.json").status()).isEqualTo(401);

    OpenAPI api = read(text(locked, "Authorization: Bearer " + TOKEN));

    assertThat(api.getSecurity()).hasSize(1);
    assertThat(api.getComponents().getSecuritySchemes().get("token").getScheme())
        .isEqualTo("bearer");
    api.getPaths()
        .forEach((path, item) -> item.readOperationsMap().forEach((method, operation) -> {
          boolean isFree =
              operation.getSecurity() != null && operation.getSecurity().isEmpty();
          assertThat(isFree)
              .as(method + " " + path + " needs no token")
              .isEqualTo(Target.of(filled(path), locked).kind().isHealth());
        }));
  }
}
