package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.internal.http.RawClient.Reply;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The routes of OpenAI's API, and the form of their errors. */
@Timeout(30)
final class OpenAiRoutesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String HOST = " HTTP/1.1\nHost: 127.0.0.1";
  private static final String TOKEN = "0123456789abcdef";

  private final EngineFunctions functions = new EngineFunctions(Map.of());

  OpenAiRoutesTest() {
    functions.put(new Told("a"));
    functions.put(new Told("b"));
  }

  @AfterEach
  void close() {
    functions.close();
  }

  /** A function that answers with its name and what it was asked. */
  private static final class Told extends LatchedFunction {
    Told(String name) {
      super(name);
    }

    @Override
    public CompletableFuture<Response> invoke(Request request) {
      String what = request.text();
      ErrorKind kind = what.contains("fail:")
          ? ErrorKind.valueOf(what.replaceFirst("(?s).*fail:(\\w+).*", "$1"))
          : null;
      return kind == null
          ? CompletableFuture.completedFuture(Response.json("[\"" + name() + " "
              + request.path().orElse("-") + " " + request.contentType() + "\"," + what + "]"))
          : CompletableFuture.failedFuture(
              ServingException.builder("serverless", kind, "It is " + kind + ".")
                  .retryAfter(Duration.ofSeconds(7))
                  .build());
    }
  }

  private Reply ask(HttpSettings settings, String head, String... body) throws IOException {
    try (HttpFront front = HttpFront.start("serverless", settings, functions);
        RawClient client = new RawClient(front.address())) {
      String[] lines = head.split("\n", 2);
      String all = lines[0] + HOST + (lines.length == 1 ? "" : "\n" + lines[1]);
      return body.length == 0 ? client.send(all) : client.send(all, body[0].getBytes(UTF_8));
    }
  }

  private Reply ask(String head, String... body) throws IOException {
    return ask(HttpSettings.DEFAULT, head, body);
  }

  private static JsonNode error(Reply reply) throws IOException {
    JsonNode body = JSON.readTree(reply.text());
    assertThat(body.size()).isEqualTo(1);
    JsonNode error = body.path("error");
    assertThat(error.fieldNames()).toIterable().containsExactly("message", "type", "param", "code");
    assertThat(error.path("message").textValue()).isNotBlank();
    assertThat(error.path("param").isNull()).isTrue();
    return error;
  }

  @Test
  void theModelsAreTheFunctions() throws IOException {
    Reply reply = ask("GET /v1/models");

    assertThat(reply.headers()).containsEntry("content-type", "application/json");
    assertThat(JSON.readTree(reply.text())).isEqualTo(JSON.readTree("""
        {"object": "list", "data": [
          {"id": "a", "object": "model", "created": 1800000000, "owned_by": "fairlead"},
          {"id": "b", "object": "model", "created": 1800000000, "owned_by": "fairlead"}]}"""));
  }

  @Test
  void theirHeadIsThatOfTheList() throws Exception {
    try (HttpFront front = HttpFront.start("serverless", HttpSettings.DEFAULT, functions)) {
      HttpResponse<String> head = HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(front.url("a").resolve("/v1/models"))
                  .method("HEAD", BodyPublishers.noBody())
                  .build(),
              BodyHandlers.ofString());

      assertThat(head.statusCode()).isEqualTo(200);
      assertThat(head.headers().firstValueAsLong("content-length").orElse(0)).isPositive();
      assertThat(head.body()).isEmpty();
    }
  }

  @Test
  void oneModelIsAlsoWhatVersion1OfTheProtocolSaysOfIt() throws IOException {
    Reply reply = ask("GET /v1/models/b");

    assertThat(reply.status()).isEqualTo(200);
    assertThat(JSON.readTree(reply.text())).isEqualTo(JSON.readTree("""
        {"name": "b", "ready": true, "id": "b", "object": "model", "created": 1800000000,
         "owned_by": "fairlead"}"""));
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, /v1/chat/completions",
    "/v1/completions?x=1, /v1/completions",
    "/v1/embeddings, /v1/embeddings",
    "/v1/rerank, /v1/rerank",
    "/rerank, /v1/rerank",
  })
  void theBodySaysWhichFunctionAndReachesItUnchanged(String route, String path) throws IOException {
    String body = "{ \"input\":[\"\\u00e4\"], \"model\":\"b\",\"x\":1.0}";

    Reply reply = ask("POST " + route + "\nContent-Type: application/json; charset=utf-8", body);

    assertThat(reply.text()).isEqualTo("[\"b " + path + " application/json\"," + body + "]");
  }

  @Test
  void aBodyWithoutAModelIsForTheDefaultFunction() throws IOException {
    HttpSettings settings = HttpSettings.DEFAULT.withDefaultFunction("b");

    assertThat(ask(settings, "POST /v1/embeddings", "{\"model\":null}").text()).startsWith("[\"b ");
    functions.remove("b");
    assertThat(ask("POST /v1/embeddings", "{}").text()).startsWith("[\"a ");
    assertThat(error(ask(settings, "POST /v1/embeddings", "{}")).path("message").asText())
        .contains("no default function", "'a'");
  }

  @Test
  void withoutADefaultFunctionAModelIsNeeded() throws IOException {
    Reply reply = ask("POST /v1/embeddings", "{}");

    assertThat(reply.status()).isEqualTo(400);
    assertThat(error(reply).path("type").asText()).isEqualTo("invalid_request_error");
    assertThat(error(reply).path("message").asText())
        .isEqualTo(
            "The body has no model, and this server no default function. The functions are 'a', 'b'.");
  }

  /** Also where one function would be the default: the client wants another. */
  @Test
  void aModelThatIsNoFunctionIsNotFoundAndTheFunctionsAreNamed() throws IOException {
    functions.remove("b");

    Reply reply = ask(
        HttpSettings.DEFAULT.withDefaultFunction("a"),
        "POST /v1/chat/completions",
        "{\"model\":\"gpt-x\"}");

    assertThat(reply.status()).isEqualTo(404);
    assertThat(error(reply).path("code").asText()).isEqualTo("model_not_found");
    assertThat(error(reply).path("type").asText()).isEqualTo("invalid_request_error");
    assertThat(error(reply).path("message").asText())
        .isEqualTo("There is no function 'gpt-x' for this model. The functions are 'a'.");
  }

  @Test
  void manyFunctionsAreNotAllNamed() throws IOException {
    for (int i = 0; i < 30; i++) {
      functions.put(new Told("f" + i));
    }

    assertThat(
            error(ask("POST /v1/rerank", "{\"model\":\"x\"}")).path("message").asText())
        .contains("'a', 'b', 'f0'")
        .endsWith(" and 12 others.");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', nullValues = "null", textBlock = """
      POST /v1/chat/completions                           | []                            | 400 | invalid_request_error | null
      POST /v1/chat/completions                           | {"model":1}                   | 400 | invalid_request_error | null
      POST /v1/chat/completions#Content-Type: text/plain  | {}                            | 415 | invalid_request_error | null
      POST /v1/embeddings#Content-Encoding: br            | {}                            | 415 | invalid_request_error | null
      POST /v1/embeddings                                 | {"a":"0123456789 0123456789"} | 413 | invalid_request_error | null
      GET /v1/chat/completions                            | null                          | 405 | invalid_request_error | null
      GET /v1/models/x                                    | null                          | 404 | invalid_request_error | model_not_found
      POST /v1/models                                     | {}                            | 405 | invalid_request_error | null
      POST /v1/responses                                  | {}                            | 404 | invalid_request_error | unknown_url
      GET /v1/models#Host: x                              | null                          | 400 | invalid_request_error | null
      GET /v1/models#Origin: http://example.com           | null                          | 403 | invalid_request_error | null
      POST /v1/completions#Sec-Fetch-Site: cross-site     | {}                            | 403 | invalid_request_error | null
      POST /v1/completions                                | {"fail:INVALID":0}            | 400 | invalid_request_error | null
      POST /v1/completions                                | {"fail:NOT_FOUND":0}          | 404 | invalid_request_error | model_not_found
      POST /v1/completions                                | {"fail:THROTTLED":0}          | 429 | requests              | rate_limit_exceeded
      POST /v1/completions                                | {"fail:MODEL_FAILED":0}       | 500 | server_error          | null
      POST /v1/completions                                | {"fail:UNSUPPORTED":0}        | 501 | server_error          | null
      POST /v1/completions                                | {"fail:UNAVAILABLE":0}        | 503 | server_error          | null
      POST /v1/completions                                | {"fail:CANCELLED":0}          | 503 | server_error          | null
      POST /v1/completions                                | {"fail:TIMEOUT":0}            | 504 | server_error          | null
      """)
  void errorsHaveTheFormOfTheApi(String head, String body, int status, String type, String code)
      throws IOException {
    functions.remove("b");
    HttpSettings small = HttpSettings.DEFAULT.withMaxBodyBytes(25);

    Reply reply = body == null
        ? ask(small, head.replace('#', '\n'))
        : ask(small, head.replace('#', '\n'), body);

    assertThat(reply.status()).as(reply.text()).isEqualTo(status);
    assertThat(error(reply).path("type").asText()).isEqualTo(type);
    assertThat(error(reply).path("code").textValue()).isEqualTo(code);
    if (status == 429) {
      assertThat(reply.headers()).containsEntry("retry-after", "7");
    }
    if (status == 405) {
      assertThat(reply.headers()).containsKey("allow");
    }
  }

  @Test
  void theTokenIsNeeded() throws IOException {
    HttpSettings locked = HttpSettings.DEFAULT.withToken(TOKEN);

    for (String head : new String[] {"GET /v1/models", "GET /v1/models/a", "GET /v1/other"}) {
      Reply reply = ask(locked, head);
      assertThat(reply.status()).isEqualTo(401);
      assertThat(error(reply).path("code").asText()).isEqualTo("invalid_api_key");
      assertThat(reply.headers()).containsEntry("www-authenticate", "Bearer");
    }
    assertThat(ask(locked, "POST /v1/embeddings", "{}").status()).isEqualTo(401);
    assertThat(
            ask(locked, "POST /v1/embeddings\nAuthorization: Bearer " + TOKEN, "{\"model\":\"a\"}")
                .status())
        .isEqualTo(200);
  }

  @Test
  void whileItClosesRequestsAreRefused() throws IOException {
    functions.closing = true;

    Reply reply = ask("POST /v1/embeddings", "{\"model\":\"a\"}");

    assertThat(reply.status()).isEqualTo(503);
    assertThat(reply.headers()).containsEntry("retry-after", "1");
    assertThat(error(reply).path("message").asText()).contains("shutting down");
  }

  /** Errors of other routes keep their form. */
  @Test
  void version1OfTheProtocolKeepsItsErrors() throws IOException {
    assertThat(JSON.readTree(ask("POST /v1/models/x:predict", "{}").text())
            .path("error")
            .isTextual())
        .isTrue();
    assertThat(JSON.readTree(ask("GET /v3").text()).path("error").isTextual()).isTrue();
  }

  /** As Vertex may set it: clients send there what the path says. */
  @Test
  void aRouteForPredictionsAtSuchAPathIsTheRouteOfTheApi() throws IOException {
    HttpSettings settings =
        HttpSettings.DEFAULT.withPredictRoute("/v1/chat/completions").withDefaultFunction("b");

    assertThat(ask(settings, "POST /v1/chat/completions", "{\"model\":\"a\"}").text())
        .startsWith("[\"a /v1/chat/completions ");
    assertThat(JSON.readTree(ask(settings, "GET /openapi.json").text())
            .path("paths")
            .path("/v1/chat/completions")
            .path("post")
            .path("operationId")
            .asText())
        .isEqualTo("chat");
  }
}
