package io.fairlead.engine.internal.json;

import io.fairlead.engine.Datatype;
import io.fairlead.engine.TensorSpec;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Requests that show the form which a model takes. */
final class Examples {
  private static final int MAX_ELEMENTS = 16;
  private static final int MAX_INPUTS = 3;

  /** A request for a cross-encoder. */
  static final String PAIRS = "{\"query\": \"a question\", \"texts\": [\"a text\", \"another\"]}";

  private Examples() {}

  /** {@return a request for a model with these inputs} */
  static String of(List<TensorSpec> inputs, boolean takesTexts, boolean takesPairs) {
    if (takesPairs) {
      return PAIRS;
    }
    if (takesTexts) {
      return "{\"inputs\": [\"a text\", \"another\"]}";
    }
    if (inputs.size() == 1 && !inputs.get(0).shape().isEmpty()) {
      TensorSpec input = inputs.get(0);
      long[] row = lengths(input).skip(1).toArray();
      if (LongStream.of(row).allMatch(length -> length <= MAX_ELEMENTS)
          && LongStream.of(row).reduce(1, (a, b) -> a * b) <= MAX_ELEMENTS) {
        return "{\"instances\": [" + nested(element(input.datatype()), row, 0) + "]}";
      }
    }
    return inputs.stream()
        .limit(MAX_INPUTS)
        .map(input -> "{\"name\": \"" + input.name() + "\", \"shape\": "
            + lengths(input).boxed().toList() + ", \"datatype\": \"" + input.datatype()
            + "\", \"data\": [...]}")
        .collect(Collectors.joining(
            ", ", "{\"inputs\": [", inputs.size() > MAX_INPUTS ? ", ...]}" : "]}"));
  }

  private static LongStream lengths(TensorSpec input) {
    return input.shape().stream().mapToLong(length -> length < 0 ? 1 : length);
  }

  private static String element(Datatype datatype) {
    return switch (datatype) {
      case BOOL -> "false";
      case BYTES -> "\"a\"";
      default -> "0";
    };
  }

  private static String nested(String element, long[] lengths, int from) {
    return from == lengths.length
        ? element
        : Stream.generate(() -> nested(element, lengths, from + 1))
            .limit(lengths[from])
            .collect(Collectors.joining(", ", "[", "]"));
  }
}
