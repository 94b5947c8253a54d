package io.fairlead.stateful.internal.features;

/** A small ONNX model that is written node by node. */
final class OnnxFile {
  static final int FLOAT = 1;
  static final int UINT8 = 2;
  static final int INT64 = 7;
  static final int DOUBLE = 11;

  private final Proto graph = new Proto().text(2, "test");
  private int mlVersion = 3;

  /** A model with the input X, of the type float and rows of a length; -1 is any. */
  static OnnxFile of(int width) {
    return new OnnxFile().input("X", FLOAT, -1, width);
  }

  OnnxFile mlVersion(int version) {
    mlVersion = version;
    return this;
  }

  OnnxFile input(String name, int type, long... shape) {
    graph.message(11, value(name, type, shape));
    return this;
  }

  OnnxFile output(String name) {
    return output(name, FLOAT);
  }

  OnnxFile output(String name, int type) {
    graph.message(12, value(name, type));
    return this;
  }

  OnnxFile node(String type, String inputs, String outputs, Proto... attributes) {
    return node("", type, inputs, outputs, attributes);
  }

  OnnxFile ml(String type, String inputs, String outputs, Proto... attributes) {
    return node("ai.onnx.ml", type, inputs, outputs, attributes);
  }

  OnnxFile node(String domain, String type, String inputs, String outputs, Proto... attributes) {
    Proto node = new Proto();
    for (String input : inputs.split(",", -1)) {
      node.text(1, input);
    }
    for (String output : outputs.split(",", -1)) {
      node.text(2, output);
    }
    node.text(4, type).text(7, domain);
    for (Proto attribute : attributes) {
      node.message(5, attribute);
    }
    graph.message(1, node);
    return this;
  }

  OnnxFile constant(String name, long[] shape, float... values) {
    graph.message(5, tensor(name, shape, values));
    return this;
  }

  static Proto tensor(String name, long[] shape, float... values) {
    Proto data = new Proto();
    for (float value : values) {
      data.raw(value);
    }
    return tensor(name, FLOAT, shape, data.bytes());
  }

  static Proto tensor(String name, int type, long[] shape, byte[] raw) {
    Proto tensor = new Proto();
    for (long length : shape) {
      tensor.number(1, length);
    }
    return tensor.number(2, type).text(8, name).bytes(9, raw);
  }

  static Proto floats(String name, float... values) {
    Proto attribute = new Proto().text(1, name);
    for (float value : values) {
      attribute.floating(7, value);
    }
    return attribute.number(20, 6);
  }

  static Proto packedFloats(String name, float... values) {
    Proto packed = new Proto();
    for (float value : values) {
      packed.raw(value);
    }
    return new Proto().text(1, name).bytes(7, packed.bytes()).number(20, 6);
  }

  static Proto ints(String name, long... values) {
    Proto attribute = new Proto().text(1, name);
    for (long value : values) {
      attribute.number(8, value);
    }
    return attribute.number(20, 7);
  }

  static Proto packedInts(String name, long... values) {
    Proto packed = new Proto();
    for (long value : values) {
      packed.varint(value);
    }
    return new Proto().text(1, name).bytes(8, packed.bytes()).number(20, 7);
  }

  static Proto texts(String name, String... values) {
    Proto attribute = new Proto().text(1, name);
    for (String value : values) {
      attribute.text(9, value);
    }
    return attribute.number(20, 8);
  }

  static Proto number(String name, long value) {
    return new Proto().text(1, name).number(3, value).number(20, 2);
  }

  static Proto floating(String name, float value) {
    return new Proto().text(1, name).floating(2, value).number(20, 1);
  }

  static Proto tensor(String name, Proto tensor) {
    return new Proto().text(1, name).message(5, tensor).number(20, 4);
  }

  private static Proto value(String name, int type, long... shape) {
    Proto dimensions = new Proto();
    for (long length : shape) {
      dimensions.message(1, length < 0 ? new Proto().text(2, "N") : new Proto().number(1, length));
    }
    Proto tensor = new Proto().number(1, type);
    if (shape.length > 0) {
      tensor.message(2, dimensions);
    }
    return new Proto().text(1, name).message(2, new Proto().message(1, tensor));
  }

  /** {@return the model, with another field at the end} */
  byte[] bytes(int field, Proto message) {
    return model().message(field, message).bytes();
  }

  byte[] bytes() {
    return model().bytes();
  }

  private Proto model() {
    return new Proto()
        .number(1, 8)
        .message(8, new Proto().text(1, "").number(2, 13))
        .message(8, new Proto().text(1, "ai.onnx.ml").number(2, mlVersion))
        .message(7, graph);
  }
}
