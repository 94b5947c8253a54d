package io.fairlead.json.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTreesTest {
  private static final JsonMapper MAPPER = new JsonMapper();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\": {\"b\": [1, [], {}, [[2]]], \"c\": null}, \"d\": [true, false, \"\\u00e4\\ud83d\\ude00\\n\"]}",
        "[0, -0, 2147483647, 2147483648, -9223372036854775808, 9223372036854775808, 123456789012345678901234567890]",
        "[0.0, -0.0, 1e0, 1.5E-7, 0.1, 1.7976931348623157e308, 1e400, 3.0000000000000001]",
        "{\"\": 1, \"a b\": 2, \"\\\"\": 3}",
        "\"text\"",
        "null",
        "true",
        "7",
        "",
        "  "
      })
  void aTreeIsThatOfAMapper(String json) throws IOException {
    JsonNode expected = MAPPER.readTree(json.getBytes(UTF_8));

    assertThat(JsonTrees.read(json.getBytes(UTF_8))).isEqualTo(expected);
    assertThat(JsonTrees.readStrictly(json)).isEqualTo(expected);
  }

  @Test
  void theLastOfTwoMembersIsReadUnlessItIsReadStrictly() throws IOException {
    String json = "{\"a\": 1, \"a\": 2}";

    assertThat(JsonTrees.read(json.getBytes(UTF_8))).isEqualTo(MAPPER.readTree(json));
    assertThatThrownBy(() -> JsonTrees.readStrictly(json))
        .isInstanceOf(JsonProcessingException.class)
        .hasMessageContaining("Duplicate");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "\"a",
        "tru",
        "}",
        "{]",
        "NaN"
      })
  void whatIsNotWellFormedIsRefused(String json) {
    assertThatThrownBy(() -> JsonTrees.read(json.getBytes(UTF_8)))
        .isInstanceOf(JsonProcessingException.class);
    assertThatThrownBy(() -> JsonTrees.readStrictly(json))
        .isInstanceOf(JsonProcessingException.class);
  }

  @Test
  void nestingIsBounded() {
    String json = "[".repeat(100_000);

    assertThatThrownBy(() -> JsonTrees.read(json.getBytes(UTF_8)))
        .isInstanceOf(JsonProcessingException.class)
        .hasMessageContaining("nesting depth");
  }

  @Test
  void whatIsWrittenIsWhatAMapperWrites() throws IOException {
    JsonNode tree = MAPPER.readTree(
        "{\"a\": [1, 2147483648, 0.1, 1e300, true, \"\\u0000\\\"\\\\\\u00e4\"], \"b\": {}, \"c\": []}");

    assertThat(JsonTrees.write(tree)).isEqualTo(MAPPER.writeValueAsString(tree));
    assertThat(JsonTrees.readStrictly(JsonTrees.writePretty(tree))).isEqualTo(tree);
  }
}
