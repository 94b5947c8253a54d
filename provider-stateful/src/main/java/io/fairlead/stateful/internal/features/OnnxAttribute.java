package io.fairlead.stateful.internal.features;

import java.util.Arrays;

/** An attribute of a node of an ONNX graph, whose values are read when they are asked for. */
final class OnnxAttribute {
  private static final int FLOAT = 1;
  private static final int INT = 2;
  private static final int STRING = 3;
  private static final int TENSOR = 4;
  private static final int FLOATS = 6;
  private static final int INTS = 7;
  private static final int STRINGS = 8;

  private static final int NAME_FIELD = 1;
  private static final int FLOAT_FIELD = 2;
  private static final int INT_FIELD = 3;
  private static final int STRING_FIELD = 4;
  private static final int TENSOR_FIELD = 5;
  private static final int GRAPH_FIELD = 6;
  private static final int FLOATS_FIELD = 7;
  private static final int INTS_FIELD = 8;
  private static final int STRINGS_FIELD = 9;
  private static final int GRAPHS_FIELD = 11;
  private static final int TYPE_FIELD = 20;
  private static final int REFERENCE_FIELD = 21;

  /** Values of one attribute, so that a small file of packed numbers does not take the heap. */
  private static final int MOST_VALUES = 1 << 22;

  private final ProtobufCursor message;
  private final String name;
  private final int type;

  private OnnxAttribute(ProtobufCursor message, String name, int type) {
    this.message = message;
    this.name = name;
    this.type = type;
  }

  /** {@return the attribute in a message; refused if it holds a graph, which could read anything} */
  static OnnxAttribute read(ProtobufCursor message) throws NoCellsException {
    ProtobufCursor fields = message.copy();
    String name = "";
    int type = 0;
    while (fields.next()) {
      switch (fields.field()) {
        case NAME_FIELD -> name = fields.text();
        case TYPE_FIELD -> type = (int) fields.number();
        case GRAPH_FIELD, GRAPHS_FIELD, REFERENCE_FIELD ->
          throw new NoCellsException(
              "The model has a graph within a graph, which is not followed.");
        default -> {}
      }
    }
    return new OnnxAttribute(message, name, type);
  }

  String name() {
    return name;
  }

  /** {@return the numbers} */
  float[] floats() throws NoCellsException {
    ProtobufCursor fields = fields(FLOATS);
    float[] floats = {};
    int size = 0;
    while (fields.next()) {
      if (fields.field() == FLOATS_FIELD) {
        if (fields.isBytes()) {
          ProtobufCursor packed = fields.message();
          check(size + packed.remaining() / Float.BYTES);
          floats = Arrays.copyOf(floats, size + packed.remaining() / Float.BYTES);
          while (packed.remaining() > 0) {
            floats[size++] = packed.nextFloat();
          }
        } else {
          floats = size < floats.length ? floats : Arrays.copyOf(floats, check(larger(size)));
          floats[size++] = fields.floating();
        }
      }
    }
    return Arrays.copyOf(floats, size);
  }

  /** {@return the whole numbers} */
  long[] ints() throws NoCellsException {
    ProtobufCursor fields = fields(INTS);
    long[] ints = {};
    int size = 0;
    while (fields.next()) {
      if (fields.field() == INTS_FIELD) {
        ProtobufCursor packed = fields.isBytes() ? fields.message() : null;
        while (packed == null || packed.remaining() > 0) {
          ints = size < ints.length ? ints : Arrays.copyOf(ints, check(larger(size)));
          ints[size++] = packed == null ? fields.number() : packed.varint();
          if (packed == null) {
            break;
          }
        }
      }
    }
    return Arrays.copyOf(ints, size);
  }

  /** A value of texts, to each of which a number is given. */
  interface TextCode {
    byte of(String text) throws NoCellsException;
  }

  /** {@return a number for each text, because there may be millions of a few texts} */
  byte[] texts(TextCode code) throws NoCellsException {
    ProtobufCursor fields = fields(STRINGS);
    byte[] codes = {};
    int size = 0;
    while (fields.next()) {
      if (fields.field() == STRINGS_FIELD) {
        codes = size < codes.length ? codes : Arrays.copyOf(codes, check(larger(size)));
        codes[size++] = code.of(fields.text());
      }
    }
    return Arrays.copyOf(codes, size);
  }

  float floating() throws NoCellsException {
    ProtobufCursor fields = fields(FLOAT);
    float value = 0;
    while (fields.next()) {
      value = fields.field() == FLOAT_FIELD ? fields.floating() : value;
    }
    return value;
  }

  long number() throws NoCellsException {
    ProtobufCursor fields = fields(INT);
    long value = 0;
    while (fields.next()) {
      value = fields.field() == INT_FIELD ? fields.number() : value;
    }
    return value;
  }

  String text() throws NoCellsException {
    ProtobufCursor fields = fields(STRING);
    String value = "";
    while (fields.next()) {
      value = fields.field() == STRING_FIELD ? fields.text() : value;
    }
    return value;
  }

  OnnxTensor tensor() throws NoCellsException {
    ProtobufCursor fields = fields(TENSOR);
    OnnxTensor tensor = null;
    while (fields.next()) {
      if (fields.field() == TENSOR_FIELD) {
        if (tensor != null) {
          throw new NoCellsException("The attribute '" + name + "' has its tensor in parts.");
        }
        tensor = OnnxTensor.read(fields.message());
      }
    }
    if (tensor == null) {
      throw new NoCellsException("The attribute '" + name + "' has no tensor.");
    }
    return tensor;
  }

  private ProtobufCursor fields(int expected) throws NoCellsException {
    if (type != expected) {
      throw new NoCellsException("The attribute '" + name + "' is of an unexpected type.");
    }
    return message.copy();
  }

  private static int larger(int size) {
    return Math.max(16, size * 2);
  }

  private static int check(int size) throws NoCellsException {
    if (size > MOST_VALUES) {
      throw new NoCellsException("The model has more than " + MOST_VALUES
          + " numbers in one attribute, for which its cells are too fine to be of use.");
    }
    return size;
  }
}
