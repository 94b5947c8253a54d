package io.fairlead.engine.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Writes small ONNX models, in as much of their protobuf encoding as the tests need. */
public final class OnnxFile {
  public static final int FLOAT = 1;
  public static final int UINT8 = 2;
  public static final int INT8 = 3;
  public static final int UINT16 = 4;
  public static final int INT16 = 5;
  public static final int INT32 = 6;
  public static final int INT64 = 7;
  public static final int STRING = 8;
  public static final int BOOL = 9;
  public static final int FLOAT16 = 10;
  public static final int DOUBLE = 11;
  public static final int UINT32 = 12;
  public static final int UINT64 = 13;
  public static final int BFLOAT16 = 16;

  private static final int OPSET = 13;

  private final Message graph = new Message();
  private int opset = OPSET;

  public OnnxFile() {
    graph.string(2, "test");
  }

  public OnnxFile opset(int version) {
    opset = version;
    return this;
  }

  /** Adds an input; a dimension of -1 is any. */
  public OnnxFile input(String name, int type, long... shape) {
    graph.message(11, value(name, tensor(type, shape)));
    return this;
  }

  public OnnxFile output(String name, int type, long... shape) {
    graph.message(12, value(name, tensor(type, shape)));
    return this;
  }

  /** Adds an input of an optional type. */
  public OnnxFile inputOptional(String name, int type) {
    Message optional = new Message().message(9, new Message().message(1, tensor(type)));
    graph.message(11, value(name, optional));
    return this;
  }

  public OnnxFile outputSequence(String name, int type) {
    graph.message(
        12, value(name, new Message().message(4, new Message().message(1, tensor(type)))));
    return this;
  }

  public OnnxFile outputMaps(String name, int keyType, int valueType) {
    Message map =
        new Message().message(5, new Message().number(1, keyType).message(2, tensor(valueType)));
    graph.message(12, value(name, new Message().message(4, new Message().message(1, map))));
    return this;
  }

  public OnnxFile node(
      String type, List<String> inputs, List<String> outputs, Message... attributes) {
    return node("", type, inputs, outputs, attributes);
  }

  public OnnxFile node(
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
  public OnnxFile external(String name, String file, long length) {
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

  public static Message attribute(String name, long value) {
    return new Message().string(1, name).number(3, value).number(20, 2);
  }

  public static Message attribute(String name, long[] values) {
    Message attribute = new Message().string(1, name).number(20, 7);
    for (long value : values) {
      attribute.number(8, value);
    }
    return attribute;
  }

  public static Message attribute(String name, List<String> values) {
    Message attribute = new Message().string(1, name).number(20, 8);
    values.forEach(value -> attribute.string(9, value));
    return attribute;
  }

  public static Message attribute(String name, String value) {
    return new Message().string(1, name).string(4, value).number(20, 3);
  }

  public static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }

  public byte[] bytes() {
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
  public static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint((long) field << 3);
      varint(value);
      return this;
    }

    public Message string(int field, String value) {
      return bytes(field, value.getBytes(UTF_8));
    }

    public Message message(int field, Message value) {
      return bytes(field, value.bytes());
    }

    public byte[] bytes() {
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
