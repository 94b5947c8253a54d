package io.fairlead.language;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChatJsonTest {
  private static final ChatRequest FULL = ChatRequest.of("Why \"so\" \uD83D\uDE00?")
      .withSystem("Be short.")
      .withMaxTokens(100)
      .withTemperature(0.7)
      .withTopP(0.95)
      .withStop("\n", "END")
      .withSeed(7)
      .withPenalties(0.5, -0.5);

  private static ChatJson.Received read(String json) {
    return ChatJson.read(json.getBytes(UTF_8));
  }

  @Test
  void aRequestIsReadAsItWasWritten() {
    ChatJson.Received received = ChatJson.read(ChatJson.write(FULL, Optional.of("qwen"), true));

    assertThat(received.request()).isEqualTo(FULL);
    assertThat(received.model()).contains("qwen");
    assertThat(received.isStreaming()).isTrue();
    assertThat(received.wantsUsage()).isTrue();
    assertThat(received.ignored()).isEmpty();
  }

  @Test
  void whatIsAbsentIsNotWritten() {
    assertThat(ChatJson.write(ChatRequest.of("hi"), Optional.empty(), false))
        .asString(UTF_8)
        .isEqualTo("{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
  }

  @Test
  void theFormsOfOtherClientsAreRead() {
    ChatJson.Received received = read("""
        {"messages": [
          {"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "short."}]},
          {"role": "user", "content": "hi", "name": "bob"}],
         "stop": "END", "max_completion_tokens": 5, "max_tokens": 9, "temperature": null, "n": 1, "stream": null,
         "tools": [], "user": "bob", "logit_bias": null}
        """);

    assertThat(received.request().messages())
        .containsExactly(ChatMessage.system("Be short."), ChatMessage.user("hi"));
    assertThat(received.request().stop()).containsExactly("END");
    assertThat(received.request().maxTokens()).isEqualTo(OptionalInt.of(5));
    assertThat(received.request().temperature()).isEmpty();
    assertThat(received.isStreaming()).isFalse();
    assertThat(received.ignored()).containsExactly("tools", "user");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      [1]                                                                  | body must be a JSON object with messages
      {                                                                    | body must be JSON
      {}                                                                   | messages must be an array of one or more messages
      {"messages": []}                                                     | messages must be an array of one or more messages
      {"messages": [{"role": "king", "content": "a"}]}                     | messages[0].role must be one of system, developer, user, assistant, tool (got "king")
      {"messages": [{"role": "user"}]}                                     | messages[0].content must be a text, or an array of parts of the type text
      {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]} | messages[0].content must be a text, or an array of parts of the type text
      {"messages": [{"role": "user", "content": "a"}], "n": 2}             | n must be 1, because there is one answer (got 2)
      {"messages": [{"role": "user", "content": "a"}], "max_tokens": 1.5}  | max_tokens must be a whole number (got 1.5)
      {"messages": [{"role": "user", "content": "a"}], "max_tokens": 0}    | Request: max_tokens must be 1 or more (got 0)
      {"messages": [{"role": "user", "content": "a"}], "max_completion_tokens": 0} | max_completion_tokens must be 1 or more (got 0)
      {"messages": [{"role": "user", "content": "a"}], "presence_penalty": 3, "frequency_penalty": -3} | frequency_penalty must be -2 to 2 (got -3.0); presence_penalty must be -2 to 2 (got 3.0)
      {"messages": [{"role": "user", "content": "a"}], "max_completion_tokens": 5, "max_tokens": "x"} | max_tokens must be a whole number
      {"messages": [{"role": "user", "content": "a"}], "temperature": "x"} | temperature must be a number
      {"messages": [{"role": "user", "content": "a"}], "temperature": 3}   | temperature must be 0 to 2
      {"messages": [{"role": "user", "content": "a"}], "top_p": 0}         | top_p must be above 0, and 1 at most
      {"messages": [{"role": "user", "content": "a"}], "stop": [1]}        | stop must be a text or an array of texts
      {"messages": [{"role": "user", "content": "a"}], "stream": "yes"}    | stream must be true or false
      """)
  void aWrongRequestIsRefusedWithItsRule(String json, String rule) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(rule);
  }

  @Test
  void textsAreNotShown() {
    assertThat(FULL)
        .hasToString(
            "ChatRequest[2 messages, at most 100 tokens, temperature 0.7, top p 0.95, seed 7]");
    assertThat(FULL.messages().get(1)).hasToString("ChatMessage[user, 12 characters]");
    assertThat(ChatResponse.of("secret").withUsage(new TokenUsage(3, 4)))
        .hasToString("ChatResponse[6 characters, stop, 7 tokens]");
    assertThat(FULL.prompt()).contains("Why \"so\" \uD83D\uDE00?");
    assertThat(ChatRequest.of(List.of(ChatMessage.system("a"))).prompt()).isEmpty();
  }
}
