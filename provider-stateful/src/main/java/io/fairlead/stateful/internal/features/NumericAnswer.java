package io.fairlead.stateful.internal.features;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * The numbers of an answer, in their order.
 *
 * <p>Read are, in JSON, {@code {"predictions": [...]}}, {@code {"outputs": [{"name", "datatype", "shape", "data"}]}} and the
 * bare array, with numbers, arrays and objects of them in it, and in {@code text/csv} lines of numbers. An answer with
 * anything else in it, such as a label that is a text, is not numeric: what is between such answers is not a distance.
 */
public final class NumericAnswer {
  private static final ObjectReader READER = JsonMapper.builder().build().readerFor(JsonNode.class);

  private NumericAnswer() {}

  /** {@return the numbers; empty if the answer has none, or anything else} */
  public static Optional<double[]> parse(Response response) {
    String type = response.contentType().toLowerCase(Locale.ROOT);
    try {
      DoubleStream.Builder numbers = DoubleStream.builder();
      if (type.equals("text/csv") || type.startsWith("text/csv;")) {
        addCsv(response.text(), numbers);
      } else if (type.equals("application/json") || type.startsWith("application/json;")) {
        addAnswer(READER.readTree(response.body()), numbers);
      }
      double[] all = numbers.build().toArray();
      return all.length == 0 ? Optional.empty() : Optional.of(all);
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static void addCsv(String text, DoubleStream.Builder numbers) {
    Arrays.stream(text.strip().split("\\s*[,\n]\\s*", -1))
        .forEach(field -> numbers.add(number(field)));
  }

  private static void addAnswer(JsonNode answer, DoubleStream.Builder numbers) {
    if (answer.has("predictions")) {
      add(answer.get("predictions"), numbers);
    } else if (answer.has("outputs")) {
      for (JsonNode output : answer.get("outputs")) {
        add(output.has("data") ? output.get("data") : output, numbers);
      }
    } else if (answer.isArray()) {
      add(answer, numbers);
    }
  }

  private static void add(JsonNode node, DoubleStream.Builder numbers) {
    if (node.isContainerNode()) {
      node.forEach(element -> add(element, numbers));
    } else if (node.isNumber()) {
      numbers.add(node.doubleValue());
    } else if (node.isBoolean()) {
      numbers.add(node.booleanValue() ? 1 : 0);
    } else {
      numbers.add(special(node.asText()));
    }
  }

  private static double number(String text) {
    // A last letter would be a suffix of Java's, as in 1d.
    boolean isWord = text.isEmpty() || Character.isLetter(text.charAt(text.length() - 1));
    return isWord ? special(text) : Double.parseDouble(text);
  }

  /** The numbers that JSON lacks. */
  private static double special(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "nan" -> Double.NaN;
      case "infinity", "inf" -> Double.POSITIVE_INFINITY;
      case "-infinity", "-inf" -> Double.NEGATIVE_INFINITY;
      default -> throw new NumberFormatException("not a number");
    };
  }
}
