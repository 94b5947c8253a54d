package io.fairlead.language;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LanguageModelTest {
  private static final Endpoint ENDPOINT = new Endpoint(
      new Container(
          ModelArtifact.huggingFace("Qwen/Qwen3-4B", ModelTask.CHAT),
          RuntimeSpec.NONE,
          Dependencies.NONE),
      Scaling.fixed(1),
      new Routing("qwen", "blue"));

  private static final String STREAM = """
      data: {"model":"q","choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}

      data: {"model":"q","choices":[{"delta":{"content":"h\u00E9 \\ud83d"},"finish_reason":null}]}

      data: {"model":"q","choices":[{"delta":{"content":"\\ude00!"},"finish_reason":null}]}

      data: {"model":"q","choices":[{"delta":{},"finish_reason":"length"}]}

      data: {"model":"q","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8}}

      data: [DONE]

      """;
  private static final String WHOLE = """
      {"model":"q","choices":[{"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],
       "usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}""";

  private final List<Request> requests = new ArrayList<>();
  private final List<String> pieces = new ArrayList<>();
  private final LanguageModel model = LanguageModel.of(platform(), ENDPOINT);
  private String answer = WHOLE;
  private int cut;

  /** A platform that can only be invoked. */
  private EndpointPlatform platform() {
    return (EndpointPlatform) Proxy.newProxyInstance(
        getClass().getClassLoader(),
        new Class<?>[] {EndpointPlatform.class},
        (proxy, method, arguments) -> switch (method.getName()) {
          case "id" -> "cloud";
          case "invoke" -> invoke((Request) arguments[1]);
          case "invokeStreaming" -> {
            @SuppressWarnings("unchecked") // As the method declares it.
            Consumer<ByteBuffer> consumer = (Consumer<ByteBuffer>) arguments[2];
            yield stream((Request) arguments[1], consumer);
          }
          default -> throw new UnsupportedOperationException(method.getName());
        });
  }

  private Response invoke(Request request) {
    requests.add(request);
    return Response.json(answer).servedBy("blue");
  }

  private Response stream(Request request, Consumer<ByteBuffer> consumer) {
    requests.add(request);
    byte[] bytes = answer.getBytes(UTF_8);
    consumer.accept(ByteBuffer.wrap(bytes, 0, cut).asReadOnlyBuffer());
    consumer.accept(ByteBuffer.wrap(bytes, cut, bytes.length - cut).asReadOnlyBuffer());
    return Response.json("").servedBy("green");
  }

  @Test
  void aQuestionIsAnsweredWithItsFacts() {
    ChatResponse response = model.chat(ChatRequest.of("hi").withMaxTokens(5));

    assertThat(response)
        .isEqualTo(new ChatResponse(
            "hello",
            FinishReason.STOP,
            Optional.of(new TokenUsage(5, 1)),
            Optional.of("q"),
            Optional.of("blue")));
    assertThat(requests.get(0).path()).contains("/v1/chat/completions");
    assertThat(requests.get(0).text())
        .isEqualTo("{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":5}");
  }

  @Test
  void aStreamThatIsCutAnywhereComesInWholeCharacters() {
    answer = STREAM;
    for (cut = 0; cut <= answer.getBytes(UTF_8).length; cut++) {
      pieces.clear();
      ChatResponse response = model.chat(ChatRequest.of("hi"), pieces::add);

      assertThat(pieces).containsExactly("h\u00E9 ", "\uD83D\uDE00!");
      assertThat(response.text()).isEqualTo("h\u00E9 \uD83D\uDE00!");
      assertThat(response.finish()).isEqualTo(FinishReason.LENGTH);
      assertThat(response.usage()).contains(new TokenUsage(5, 3));
      assertThat(response.variant()).contains("green");
    }
    assertThat(requests.get(0).text()).contains("\"stream\":true", "\"include_usage\":true");
  }

  @Test
  void aPlatformThatDoesNotStreamGivesOnePiece() {
    cut = 7;

    assertThat(model.chat(ChatRequest.of("hi"), pieces::add).text()).isEqualTo("hello");
    assertThat(pieces).containsExactly("hello");
  }

  @Test
  void aStreamThatStopsInTheMiddleIsNoAnswer() {
    answer = STREAM.substring(0, STREAM.indexOf("\"finish_reason\":\"length\""));

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> model.chat(ChatRequest.of("hi"), pieces::add));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure)
        .hasMessage(
            "The answer of model 'qwen' stopped after 6 characters, before its end: ask again, or use"
                + " what has come");
    assertThat(pieces).containsExactly("h\u00E9 ", "\uD83D\uDE00!");
  }

  @Test
  void anErrorAfterTheFirstPieceIsAFailureWithTheContainersSentence() {
    answer =
        STREAM.substring(0, STREAM.indexOf("data: {\"model\":\"q\",\"choices\":[{\"delta\":{}"))
            + "data: {\"error\":{\"message\":\"CUDA out of memory.\",\"code\":500}}\n\n";

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> model.chat(ChatRequest.of("hi"), pieces::add));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessage("Model 'qwen' failed after 6 characters: CUDA out of memory");
  }

  @Test
  void whatAConsumerThrowsIsThrownUnchanged() {
    answer = STREAM;
    IllegalStateException full = new IllegalStateException("full");

    assertThatThrownBy(() -> model.chat(ChatRequest.of("hi"), piece -> {
          throw full;
        }))
        .isSameAs(full);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      ``                                        | answered with an empty body
      {"predictions": [[1]]}                    | answered with a JSON object that has no choices[0].message
      {"choices": []}                           | answered with a JSON object that has no choices[0].message
      {"error": "overloaded"}                   | failed: overloaded
      {"error": {"message": "too long."}}       | failed: too long
      {"choices":                               | answered with something that is no JSON
      """)
  void anAnswerOfAnotherFormIsAFailureOfTheModel(String given, String what) {
    answer = given;

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> model.chat(ChatRequest.of("hi")));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure.platform()).isEqualTo("cloud");
    assertThat(failure).hasMessageStartingWith("Model 'qwen' " + what);
  }

  @Test
  void vectorsAreThoseOfTheTextsInTheirOrder() {
    answer = """
        {"data": [{"index": 1, "embedding": [0.5, -2]}, {"index": 0, "embedding": [1, 3e-1]}], "model": "minilm"}""";

    assertThat(model.named("minilm").embed("a", "b"))
        .isDeepEqualTo(new float[][] {{1, 0.3f}, {0.5f, -2}});
    assertThat(requests.get(0).path()).contains("/v1/embeddings");
    assertThat(requests.get(0).text())
        .isEqualTo("{\"model\":\"minilm\",\"input\":[\"a\",\"b\"],\"encoding_format\":\"float\"}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[",
        "{\"data\": [{\"index\": 0, \"embedding\": [1]}]}",
        "{\"data\": [{\"index\": 0, \"embedding\": [1]}, {\"index\": 0, \"embedding\": [1]}]}",
        "{\"data\": [{\"index\": 0, \"embedding\": [1]}, {\"index\": 2, \"embedding\": [1]}]}",
        "{\"data\": [{\"index\": 0, \"embedding\": [\"a\"]}, {\"index\": 1, \"embedding\": [1]}]}"
      })
  void anAnswerWithoutAVectorForEachTextIsAFailure(String given) {
    answer = given;

    assertThatThrownBy(() -> model.embed("a", "b"))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("not data with the embedding of each of 2 texts");
  }

  @Test
  void requestsMayBeChanged() {
    model
        .withTimeout(Duration.ofSeconds(5))
        .withRequests(request -> request.pinnedTo("green"))
        .chat(ChatRequest.of("hi"));

    assertThat(requests.get(0).timeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(requests.get(0).variant()).contains("green");
    assertThat(model).hasToString("LanguageModel[qwen on cloud]");
  }

  @Test
  void textsToEmbedAreOneOrMore() {
    assertThatThrownBy(() -> model.embed()).hasMessage("embed: texts must be one or more");
  }
}
