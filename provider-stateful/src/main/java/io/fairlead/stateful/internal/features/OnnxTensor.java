package io.fairlead.stateful.internal.features;

import java.util.Arrays;

/** A constant tensor of an ONNX graph, whose elements are read when they are asked for. */
final class OnnxTensor {
  static final int FLOAT = 1;
  static final int UINT8 = 2;

  private static final int DIMENSION_FIELD = 1;
  private static final int TYPE_FIELD = 2;
  private static final int FLOAT_FIELD = 4;
  private static final int INT32_FIELD = 5;
  private static final int NAME_FIELD = 8;
  private static final int RAW_FIELD = 9;
  private static final int EXTERNAL_FIELD = 13;
  private static final int LOCATION_FIELD = 14;
  private static final int MOST_ELEMENTS = 1 << 22;
  private static final int MOST_DIMENSIONS = 8;

  private final ProtobufCursor message;
  private final String name;
  private final int type;
  private final long[] shape;
  private final boolean isExternal;

  private OnnxTensor(
      ProtobufCursor message, String name, int type, long[] shape, boolean isExternal) {
    this.message = message;
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.isExternal = isExternal;
  }

  static OnnxTensor read(ProtobufCursor message) throws NoCellsException {
    ProtobufCursor fields = message.copy();
    String name = "";
    int type = 0;
    long[] shape = {};
    boolean isExternal = false;
    while (fields.next()) {
      switch (fields.field()) {
        case NAME_FIELD -> name = fields.text();
        case TYPE_FIELD -> type = (int) fields.number();
        case DIMENSION_FIELD -> {
          ProtobufCursor packed = fields.isBytes() ? fields.message() : null;
          while (packed == null || packed.remaining() > 0) {
            if (shape.length == MOST_DIMENSIONS) {
              throw new NoCellsException("The tensor '" + name + "' has too many dimensions.");
            }
            shape = Arrays.copyOf(shape, shape.length + 1);
            shape[shape.length - 1] = packed == null ? fields.number() : packed.varint();
            if (packed == null) {
              break;
            }
          }
        }
        case EXTERNAL_FIELD -> isExternal = true;
        case LOCATION_FIELD -> isExternal |= fields.number() != 0;
        default -> {}
      }
    }
    return new OnnxTensor(message, name, type, shape, isExternal);
  }

  String name() {
    return name;
  }

  /** {@return the lengths of its dimensions; none for a scalar} */
  long[] shape() {
    return shape.clone();
  }

  /** {@return the elements of a tensor of FP32; other types are refused} */
  float[] floats() throws NoCellsException {
    float[] floats = new float[count(FLOAT)];
    int size = 0;
    ProtobufCursor fields = message.copy();
    while (fields.next()) {
      if (fields.field() == FLOAT_FIELD && !fields.isBytes()) {
        floats[checked(size++)] = fields.floating();
      } else if (fields.field() == FLOAT_FIELD || fields.field() == RAW_FIELD) {
        ProtobufCursor packed = fields.message();
        while (packed.remaining() > 0) {
          floats[checked(size++)] = packed.nextFloat();
        }
      }
    }
    if (size != floats.length) {
      throw wrong();
    }
    return floats;
  }

  /** {@return the elements of a tensor of UINT8; other types are refused} */
  byte[] bytes() throws NoCellsException {
    byte[] bytes = new byte[count(UINT8)];
    int size = 0;
    ProtobufCursor fields = message.copy();
    while (fields.next()) {
      if (fields.field() == INT32_FIELD && !fields.isBytes()) {
        bytes[checked(size++)] = (byte) fields.number();
      } else if (fields.field() == INT32_FIELD || fields.field() == RAW_FIELD) {
        boolean isRaw = fields.field() == RAW_FIELD;
        ProtobufCursor packed = fields.message();
        while (packed.remaining() > 0) {
          bytes[checked(size++)] = isRaw ? packed.nextByte() : (byte) packed.varint();
        }
      }
    }
    if (size != bytes.length) {
      throw wrong();
    }
    return bytes;
  }

  private int count(int expected) throws NoCellsException {
    if (type != expected) {
      throw new NoCellsException("The tensor '" + name + "' is not of the type "
          + (expected == FLOAT ? "float" : "uint8") + ".");
    }
    if (isExternal) {
      throw new NoCellsException("The tensor '" + name + "' is in another file.");
    }
    long count = 1;
    for (long length : shape) {
      if (length < 0 || length > MOST_ELEMENTS || count * length > MOST_ELEMENTS) {
        throw new NoCellsException("The tensor '" + name + "' is too large.");
      }
      count *= length;
    }
    // An array for elements that the message does not have is not made.
    if (count > message.remaining()) {
      throw wrong();
    }
    return (int) count;
  }

  private int checked(int index) throws NoCellsException {
    long count = 1;
    for (long length : shape) {
      count *= length;
    }
    if (index >= count) {
      throw wrong();
    }
    return index;
  }

  private NoCellsException wrong() {
    return new NoCellsException(
        "The tensor '" + name + "' has another number of elements than its shape says.");
  }
}
