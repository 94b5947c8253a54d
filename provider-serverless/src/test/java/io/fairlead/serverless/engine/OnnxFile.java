package io.fairlead.serverless.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Writes small ONNX models, in as much of their protobuf encoding as the tests need. */
final class OnnxFile {
  static final int FLOAT = 1;
  static final int UINT8 = 2;
  static final int INT8 = 3;
  static final int INT16 = 5;
  static final int INT32 = 6;
  static final int INT64 = 7;
  static final int STRING = 8;
  static final int BOOL = 9;
  static final int FLOAT16 = 10;
  static final int DOUBLE = 11;
  static final int UINT64 = 13;

  private static final int OPSET = 13;

  private final Message graph = new Message();
  private int opset = OPSET;

  OnnxFile() {
    graph.string(2, "test");
  }

  OnnxFile opset(int version) {
    opset = version;
    return this;
  }

  /** Adds an input; a dimension of -1 is any. */
  OnnxFile input(String name, int type, long... shape) {
    graph.message(11, value(name, tensor(type, shape)));
    return this;
  }

  OnnxFile output(String name, int type, long... shape) {
    graph.message(12, value(name, tensor(type, shape)));
    return this;
  }

  OnnxFile outputSequence(String name, int type) {
    graph.message(
        12, value(name, new Message().message(4, new Message().message(1, tensor(type)))));
    return this;
  }

  OnnxFile outputMaps(String name, int keyType, int valueType) {
    Message map =
        new Message().message(5, new Message().number(1, keyType).message(2, tensor(valueType)));
    graph.message(12, value(name, new Message().message(4, new Message().message(1, map))));
    return this;
  }

  OnnxFile node(String type, List<String> inputs, List<String> outputs, Message... attributes) {
    return node("", type, inputs, outputs, attributes);
  }

  OnnxFile node(
      String domain,
      String type,
      List<String> inputs,
      List<String> outputs,
      Message... attributes) {
    Message node = new Message();
    inputs.forEach(input -> node.string(1, input));
    outputs.forEach(output -> node.string(2, output));
    node.string(4, type);
    for (Message attribute : attributes) {
      node.message(5, attribute);
    }
    node.string(7, domain);
    graph.message(1, node);
    return this;
  }

  /** Adds a constant of floats whose values are in another file. */
  OnnxFile external(String name, String file, long length) {
    graph.message(
        5,
        new Message()
            .number(1, length)
            .number(2, FLOAT)
            .string(8, name)
            .message(13, new Message().string(1, "location").string(2, file))
            .number(14, 1));
    return this;
  }

  static Message attribute(String name, long value) {
    return new Message().string(1, name).number(3, value).number(20, 2);
  }

  static Message attribute(String name, long[] values) {
    Message attribute = new Message().string(1, name).number(20, 7);
    for (long value : values) {
      attribute.number(8, value);
    }
    return attribute;
  }

  static Message attribute(String name, List<String> values) {
    Message attribute = new Message().string(1, name).number(20, 8);
    values.forEach(value -> attribute.string(9, value));
    return attribute;
  }

  static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }

  byte[] bytes() {
    return new Message()
        .number(1, 7)
        .message(7, graph)
        .message(8, new Message().string(1, "").number(2, opset))
        .message(8, new Message().string(1, "ai.onnx.ml").number(2, 2))
        .bytes();
  }

  private static Message value(String name, Message type) {
    return new Message().string(1, name).message(2, type);
  }

  private static Message tensor(int type, long... shape) {
    Message dimensions = new Message();
    for (int i = 0; i < shape.length; i++) {
      dimensions.message(
          1, shape[i] < 0 ? new Message().string(2, "d" + i) : new Message().number(1, shape[i]));
    }
    return new Message().message(1, new Message().number(1, type).message(2, dimensions));
  }

  /** A protobuf message. */
  static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint((long) field << 3);
      varint(value);
      return this;
    }

    Message string(int field, String value) {
      return bytes(field, value.getBytes(UTF_8));
    }

    Message message(int field, Message value) {
      return bytes(field, value.bytes());
    }

    byte[] bytes() {
      return out.toByteArray();
    }

    private Message bytes(int field, byte[] value) {
      varint(((long) field << 3) | 2);
      varint(value.length);
      out.writeBytes(value);
      return this;
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        out.write((int) ((rest & 0x7f) | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
    }
  }
}
