package io.fairlead.json;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.util.List;

/**
 * A named output of a model in the Open Inference Protocol.
 *
 * @param name its name
 * @param datatype its datatype, such as {@code FP32} or {@code BYTES}
 * @param shape the lengths of its dimensions
 * @param elements its elements in row-major order: numbers, texts or truth values
 */
public record OutputTensor(String name, String datatype, List<Long> shape, List<Object> elements) {
  public OutputTensor {
    requireNonNull(name, "name");
    requireNonNull(datatype, "datatype");
    shape = List.copyOf(shape);
    elements = List.copyOf(elements);
    Problems.in("OutputTensor")
        .check(
            elements.size()
                == shape.stream().mapToLong(length -> length).reduce(1, (a, b) -> a * b),
            "elements",
            "must be as many as the shape " + shape + " has",
            elements.size())
        .throwIfAny();
  }

  /**
   * {@return the elements as numbers}
   *
   * @throws io.fairlead.grammar.InvalidValueException if one is none
   */
  public float[] floats() {
    float[] floats = new float[elements.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) JsonAnswer.number("outputs." + name, elements.get(i));
    }
    return floats;
  }

  /** {@return the elements as texts} */
  public List<String> texts() {
    return elements.stream().map(String::valueOf).toList();
  }

  /** {@return the name, datatype and shape, without the elements} */
  @Override
  public String toString() {
    return "OutputTensor[" + name + " " + datatype + " " + shape + "]";
  }
}
