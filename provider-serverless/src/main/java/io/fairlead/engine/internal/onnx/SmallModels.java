package io.fairlead.engine.internal.onnx;

import io.fairlead.engine.internal.protobuf.ProtobufWriter;
import java.util.List;

/** The ONNX models of one operator by which tensors are made and read that ONNX Runtime's Java API has no call for. */
final class SmallModels {
  static final String INPUT = "x";
  static final String OUTPUT = "y";

  // The numbers of ONNX's element types.
  static final int UINT16 = 4;
  static final int INT32 = 6;
  static final int INT64 = 7;
  static final int TEXT = 8;
  static final int BOOL = 9;
  static final int UINT32 = 12;
  static final int UINT64 = 13;

  private static final int IR_VERSION = 8;
  private static final int OPSET = 20;
  private static final String LABELS = "ai.onnx.ml";
  private static final int LABELS_OPSET = 2;
  private static final int NUMBER = 2;
  private static final int STRING = 3;
  private static final int NUMBERS = 7;
  private static final int STRINGS = 8;

  private SmallModels() {}

  /** {@return a model without inputs whose output is these texts, in UTF-8} */
  static byte[] constant(String[] texts, long[] shape) {
    ProtobufWriter tensor = new ProtobufWriter().number(2, TEXT).text(8, "c");
    for (long length : shape) {
      tensor.number(1, length);
    }
    for (String text : texts) {
      tensor.text(6, text);
    }
    ProtobufWriter graph = new ProtobufWriter()
        .message(5, tensor)
        .message(1, node("", "Identity", "c"))
        .message(12, value(OUTPUT, TEXT));
    return model(graph);
  }

  /** {@return a model whose output is its input as another type of number} */
  static byte[] cast(int from, int to) {
    return model(graph(from, to, node("", "Cast", INPUT).message(5, number("to", to))));
  }

  /** {@return a model whose output says which of its texts match a pattern as a whole} */
  static byte[] matches(String pattern) {
    ProtobufWriter attribute =
        new ProtobufWriter().text(1, "pattern").text(4, pattern).number(20, STRING);
    return model(graph(TEXT, BOOL, node("", "RegexFullMatch", INPUT).message(5, attribute)));
  }

  /** {@return a model whose output has the index of each of its texts among some; -1 for others} */
  static byte[] indexOf(List<String> texts) {
    ProtobufWriter keys = new ProtobufWriter().text(1, "keys_strings").number(20, STRINGS);
    ProtobufWriter values = new ProtobufWriter().text(1, "values_int64s").number(20, NUMBERS);
    for (int i = 0; i < texts.size(); i++) {
      keys.text(9, texts.get(i));
      values.number(8, i);
    }
    return model(graph(
        TEXT,
        INT64,
        node(LABELS, "LabelEncoder", INPUT)
            .message(5, keys)
            .message(5, values)
            .message(5, number("default_int64", -1))));
  }

  private static ProtobufWriter number(String name, long value) {
    return new ProtobufWriter().text(1, name).number(3, value).number(20, NUMBER);
  }

  private static ProtobufWriter node(String domain, String operator, String input) {
    return new ProtobufWriter().text(1, input).text(2, OUTPUT).text(4, operator).text(7, domain);
  }

  private static ProtobufWriter graph(int input, int output, ProtobufWriter node) {
    return new ProtobufWriter()
        .message(1, node)
        .message(11, value(INPUT, input))
        .message(12, value(OUTPUT, output));
  }

  /** A tensor of any shape. */
  private static ProtobufWriter value(String name, int type) {
    ProtobufWriter tensor = new ProtobufWriter().number(1, type);
    return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
  }

  private static byte[] model(ProtobufWriter graph) {
    return new ProtobufWriter()
        .number(1, IR_VERSION)
        .message(7, graph.text(2, "g"))
        .message(8, new ProtobufWriter().text(1, "").number(2, OPSET))
        .message(8, new ProtobufWriter().text(1, LABELS).number(2, LABELS_OPSET))
        .bytes();
  }
}
