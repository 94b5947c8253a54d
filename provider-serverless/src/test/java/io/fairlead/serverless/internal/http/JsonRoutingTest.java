package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.grammar.InvalidValueException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is found in a body without reading it as a whole. */
final class JsonRoutingTest {
  private static final String LETTERS = "\"\\{}[],: \n\tamä€";

  private static JsonRouting of(String json) {
    return JsonRouting.of(json.getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      {"model":"a","stream":true}                               | a    | true
      {"stream" : true , "model" : "a" }                        | a    | true
      {"messages":[{"model":"b","stream":true}],"model":"a"}    | a    | false
      {"x":"\\"model\\": \\"b\\", \\\\","model":"a"}            | a    | false
      {"x":{"y":["}",{"z":"]\\""}]},"stream":false,"model":"a"} | a    | false
      {"mod\\u0065l":"\\u00e4\\ud83d\\ude00","stream":"true"}   | ä😀  | false
      {"model":"a","model":"b","stream":true,"stream":false}    | b    | false
      {"model":"a","model":null}                                |      | false
      {"model":null,"stream":1}                                 |      | false
      {"input":[1,-2.5e3,true,null]}                            |      | false
      {}                                                        |      | false
      """)
  void whatABodySays(String json, String model, boolean stream) {
    assertThat(of(json)).isEqualTo(new JsonRouting(model, stream));
  }

  @Test
  void aMarkOfTheByteOrderIsSkipped() {
    assertThat(of("\ufeff {\"model\":\"a\"}")).isEqualTo(new JsonRouting("a", false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "[]",
        "\"model\"",
        "{",
        "{\"",
        "{\"model",
        "{\"model\\",
        "{\"model\"",
        "{\"model\":",
        "{\"model\":}",
        "{\"model\":\"a",
        "{\"model\":\"a\\",
        "{\"model\":\"a\"",
        "{\"model\":\"a\",",
        "{\"model\":\"a\",}",
        "{\"model\":\"a\"}}",
        "{\"model\":\"a\"} {}",
        "{\"a\":[1,{\"b\":2}",
        "{model:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "model=a",
      })
  void whatIsNoObjectIsRefusedWithItsPlace(String json) {
    assertThatThrownBy(() -> of(json))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("body")
        .hasMessageContaining("at byte ");
    assertThat(JsonRouting.ifObject(json.getBytes(UTF_8))).isEqualTo(JsonRouting.NONE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "true", "[\"a\"]", "{}", "\"\\x\"", "nul"})
  void aModelThatIsNoTextIsRefused(String model) {
    assertThatThrownBy(() -> of("{\"model\":" + model + "}"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("model must be");
  }

  @Test
  void aLongNameIsRefusedWithoutBeingShown() {
    assertThatThrownBy(() -> of("{\"model\":\"" + "a".repeat(1001) + "\"}"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("of at most 1000 bytes")
        .hasMessageNotContaining("aaaa");
  }

  /** A parser that calls itself would run out of its stack. */
  @Test
  void depthTakesNoStack() {
    String deep = "[".repeat(1_000_000) + "]".repeat(1_000_000);

    assertThat(of("{\"a\":" + deep + ",\"model\":\"a\"}")).isEqualTo(new JsonRouting("a", false));
  }

  @Test
  void anyDocumentIsReadAsJacksonReadsIt() throws IOException {
    ObjectMapper jackson = new ObjectMapper();
    for (int seed = 0; seed < 2000; seed++) {
      Random random = new Random(seed);
      ObjectNode document = JsonNodeFactory.instance.objectNode();
      for (int i = random.nextInt(6); i > 0; i--) {
        document.set(text(random), node(random, 3));
      }
      if (random.nextBoolean()) {
        document.put("model", text(random));
      }
      if (random.nextBoolean()) {
        document.put("stream", random.nextBoolean());
      }
      byte[] json = random.nextBoolean()
          ? jackson.writeValueAsBytes(document)
          : jackson.writerWithDefaultPrettyPrinter().writeValueAsBytes(document);

      JsonRouting found = JsonRouting.of(json);

      JsonNode model = jackson.readTree(json).path("model");
      assertThat(found.model()).as("seed %d", seed).isEqualTo(model.textValue());
      assertThat(found.stream()).isEqualTo(document.path("stream").asBoolean());
      byte[] cut = Arrays.copyOf(json, random.nextInt(json.length));
      assertThat(JsonRouting.ifObject(cut)).as("seed %d, cut", seed).isEqualTo(JsonRouting.NONE);
    }
  }

  private static JsonNode node(Random random, int depth) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (random.nextInt(depth == 0 ? 4 : 6)) {
      case 0 -> nodes.textNode(text(random));
      case 1 -> nodes.numberNode(random.nextGaussian());
      case 2 -> nodes.booleanNode(random.nextBoolean());
      case 3 -> nodes.nullNode();
      case 4 -> {
        ArrayNode array = nodes.arrayNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          array.add(node(random, depth - 1));
        }
        yield array;
      }
      default -> {
        ObjectNode object = nodes.objectNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          object.set(random.nextInt(5) == 0 ? "model" : text(random), node(random, depth - 1));
        }
        yield object;
      }
    };
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(8); i > 0; i--) {
      text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return text.toString();
  }
}
