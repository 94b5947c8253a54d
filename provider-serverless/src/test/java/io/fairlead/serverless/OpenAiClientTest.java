package io.fairlead.serverless;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.ChatModelHandler;
import io.fairlead.engine.internal.Models;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.language.ChatResponse;
import io.fairlead.language.TokenUsage;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What OpenAI's own client for Node makes of the server, if it is there: {@code .ci/run} installs it. */
@Timeout(180)
final class OpenAiClientTest {
  private static final Path SOURCE = Path.of("src", "test", "openai", "client.mjs");
  private static final Path FOLDER = Path.of("target", "openai");
  private static final String TOKEN = "0123456789abcdef";

  private final BlockingQueue<Throwable> aborted = new LinkedBlockingQueue<>();

  private ServerlessConfig config() {
    return ServerlessConfig.DEFAULT
        .withCacheFolder(Models.cacheFolder())
        .withHttp(HttpSettings.DEFAULT.withToken(TOKEN))
        .withFunction("parrot", (ChatModelHandler) (question, pieces) -> {
          String last = question.messages().get(question.messages().size() - 1).content();
          for (int i = 0; i < last.length(); i++) {
            pieces.accept(last.substring(i, i + 1));
          }
          return ChatResponse.of("").withUsage(new TokenUsage(3, last.length()));
        })
        .withFunction("busy", (ChatModelHandler) (question, pieces) -> {
          throw ServingException.builder("test", ErrorKind.THROTTLED, "Too many at a time.")
              .retryAfter(Duration.ofSeconds(7))
              .build();
        })
        .withFunction("broken", (ChatModelHandler) (question, pieces) -> {
          pieces.accept("half");
          throw new IllegalStateException("out of memory");
        })
        .withFunction("endless", (ChatModelHandler) (question, pieces) -> {
          try {
            while (true) {
              pieces.accept("on and ");
            }
          } catch (RuntimeException e) {
            aborted.add(e);
            throw e;
          }
        });
  }

  @Test
  void itUnderstandsEachAnswerAndEachError() throws Exception {
    assumeTrue(
        Files.exists(FOLDER.resolve(Path.of("node_modules", "openai", "package.json"))),
        "OpenAI's client is not in target/openai: .ci/run installs it where node and npm are.");
    Files.copy(SOURCE, FOLDER.resolve(SOURCE.getFileName()), StandardCopyOption.REPLACE_EXISTING);
    try (ServerlessPlatform platform = new ServerlessProvider().open(config())) {
      URI url = null;
      for (String name : new String[] {"parrot", "busy", "broken", "endless"}) {
        ModelFunction function = platform
            .deploy(
                ModelArtifact.of(URI.create("java:" + name)).named(name), FunctionLimits.DEFAULT)
            .await(Duration.ofSeconds(30));
        url = platform.url(function).resolve("/");
      }

      ModelFunction minilm = platform
          .deploy(Models.MINILM.named("minilm"), FunctionLimits.DEFAULT)
          .await(Duration.ofSeconds(30));

      JsonNode results = ask(url.toString().replaceFirst("/$", ""));

      assertThat(results.path("models").findValuesAsText("id"))
          .containsExactly("broken", "busy", "endless", "minilm", "parrot");
      assertThat(results.path("model").asText()).isEqualTo("parrot");
      checkChats(results);
      checkErrors(results);
      float[][] vectors =
          platform.invoke(minilm, Request.texts("a man", "eats food")).vectors();
      for (String format : new String[] {"float", "base64", "default"}) {
        JsonNode embeddings = results.path("embeddings").path(format);
        assertThat(embeddings.at("/usage/total_tokens").asInt()).isEqualTo(8);
        assertThat(embeddings.path("data")).hasSize(2);
        for (int i = 0; i < 2; i++) {
          JsonNode data = embeddings.path("data").path(i);
          assertThat(data.path("index").asInt()).isEqualTo(i);
          assertThat(new ObjectMapper().convertValue(data.path("embedding"), float[].class))
              .as(format)
              .containsExactly(vectors[i]);
        }
      }
      assertThat(results.at("/oneText/data/0/embedding")).hasSize(384);
      assertError(results.path("chatOfEmbedder"), "BadRequestError", 400, "null");
      assertThat(results.path("abort").asBoolean()).isTrue();
      assertThat(aborted.poll(30, SECONDS)).as("what the handler sees of it").isNotNull();
    }
  }

  private static void checkChats(JsonNode results) {
    JsonNode chat = results.path("chat");
    assertThat(chat.at("/choices/0/message/content").asText()).isEqualTo("one two");
    assertThat(chat.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    assertThat(chat.at("/usage/total_tokens").asInt()).isEqualTo(10);
    JsonNode stream = results.path("stream");
    StringBuilder text = new StringBuilder();
    stream.path("pieces").forEach(piece -> text.append(piece.asText()));
    assertThat(text).hasToString("one \uD83D\uDE00 two");
    assertThat(stream.path("pieces")).hasSize(9);
    assertThat(stream.path("roles")).hasSize(1);
    assertThat(stream.path("finish").asText()).isEqualTo("stop");
    assertThat(stream.at("/usage/completion_tokens").asInt()).isEqualTo(10);
    assertThat(results.path("helper").asText()).isEqualTo("three four");
  }

  private static void checkErrors(JsonNode results) {
    assertError(results.path("noModel"), "NotFoundError", 404, "model_not_found");
    assertThat(results.at("/noModel/message").asText())
        .contains("'gpt-x'", "'broken', 'busy', 'endless', 'minilm', 'parrot'");
    assertError(results.path("invalid"), "BadRequestError", 400, "null");
    assertThat(results.at("/invalid/message").asText()).contains("messages");
    assertError(results.path("unauthorized"), "AuthenticationError", 401, "invalid_api_key");
    assertError(results.path("noRoute"), "NotFoundError", 404, "unknown_url");
    for (String name : new String[] {"busy", "busyStream"}) {
      assertError(results.path(name), "RateLimitError", 429, "rate_limit_exceeded");
      assertThat(results.path(name).path("retryAfter").asText()).isEqualTo("7");
    }
    assertThat(results.at("/broken/thrown").asText()).isEqualTo("APIError");
    assertThat(results.at("/broken/type").asText()).isEqualTo("server_error");
    assertThat(results.at("/broken/message").asText()).contains("out of memory");
  }

  private static void assertError(JsonNode result, String thrown, int status, String code) {
    assertThat(result.path("thrown").asText()).as(result.toString()).isEqualTo(thrown);
    assertThat(result.path("status").asInt()).isEqualTo(status);
    assertThat(result.path("code").asText()).isEqualTo(code);
  }

  private static JsonNode ask(String url) throws IOException, InterruptedException {
    Process client = new ProcessBuilder("node", "client.mjs", url, TOKEN)
        .directory(FOLDER.toFile())
        .redirectErrorStream(true)
        .start();
    try {
      client.getOutputStream().close();
      String printed = new String(client.getInputStream().readAllBytes(), UTF_8);
      assertThat(client.waitFor()).as(printed).isZero();
      return new ObjectMapper().readTree(printed);
    } finally {
      client.destroyForcibly();
    }
  }
}
