package io.fairlead.stateful.internal.features;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.platform.Response;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NumericAnswerTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"predictions\":[0.5]} | 0.5",
        "{\"predictions\":[[0.25,0.75],[1,0]]} | 0.25 0.75 1.0 0.0",
        "{\"predictions\":[{\"label\":2,\"probabilities\":[0.1,0.9]}]} | 2.0 0.1 0.9",
        "{\"predictions\":[true,\"NaN\",\"-Infinity\"]} | 1.0 NaN -Infinity",
        "{\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[1,2]},"
            + "{\"name\":\"z\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[3]}]} | 1.0 2.0 3.0",
        "{\"outputs\":[[1.5],[2]]} | 1.5 2.0",
        "[1.5,[2]] | 1.5 2.0",
      })
  void theNumbersOfJsonAreInTheirOrder(String json, String numbers) {
    assertThat(NumericAnswer.parse(Response.json(json)).orElseThrow())
        .containsExactly(numbers(numbers));
  }

  @Test
  void theNumbersOfCsvAreInTheirOrder() {
    assertThat(NumericAnswer.parse(csv("0.5,1e-3\nnan,2\n")).orElseThrow())
        .containsExactly(0.5, 0.001, Double.NaN, 2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"predictions\":[\"setosa\"]}",
        "{\"predictions\":[{\"label\":\"setosa\",\"probability\":0.9}]}",
        "{\"predictions\":[null]}",
        "{\"predictions\":[]}",
        "{\"outputs\":[{\"name\":\"y\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"a\"]}]}",
        "{\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"shape\":[1],\"parameters\":{\"binary_data_size\":4}}]}",
        "{\"error\":1}",
        "{\"predictions\":[1",
        "\"text\"",
        "1",
        "",
      })
  void anAnswerWithAnythingElseIsNotNumeric(String json) {
    assertThat(NumericAnswer.parse(Response.json(json))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "a,b", "1,,2", "1d"})
  void linesWithAnythingElseAreNotNumeric(String text) {
    assertThat(NumericAnswer.parse(csv(text))).isEmpty();
  }

  @Test
  void otherTypesAreNotNumeric() {
    assertThat(NumericAnswer.parse(Response.of(new byte[] {'1'}, "application/octet-stream")))
        .isEmpty();
    assertThat(NumericAnswer.parse(Response.of(
            "{\"outputs\":[]}".getBytes(StandardCharsets.UTF_8), "application/json;a=b")))
        .isEmpty();
  }

  private static Response csv(String text) {
    return Response.of(text.getBytes(StandardCharsets.UTF_8), "text/csv; charset=utf-8");
  }

  private static double[] numbers(String text) {
    return Arrays.stream(text.split(" ")).mapToDouble(Double::parseDouble).toArray();
  }
}
