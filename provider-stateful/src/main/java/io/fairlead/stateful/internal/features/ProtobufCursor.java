package io.fairlead.stateful.internal.features;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/**
 * A position in a protobuf message, which goes from field to field; values that are not read are skipped.
 *
 * <p>The message may be hostile: each length is checked, and nothing is allocated that is larger than the message. Of
 * what protobuf allows it refuses groups, which ONNX does not have.
 */
final class ProtobufCursor {
  private static final int NUMBER = 0;
  private static final int EIGHT_BYTES = 1;
  private static final int BYTES = 2;
  private static final int FOUR_BYTES = 5;

  private final byte[] bytes;
  private final int end;
  private int at;
  private int field;
  private int type;
  private boolean unread;

  private ProtobufCursor(byte[] bytes, int from, int end) {
    this.bytes = bytes;
    this.at = from;
    this.end = end;
  }

  /** {@return a cursor before the first field of a message} */
  static ProtobufCursor of(byte[] message) {
    return new ProtobufCursor(message, 0, message.length);
  }

  /** {@return a cursor for the rest of this message, which this one does not move} */
  ProtobufCursor copy() {
    return new ProtobufCursor(bytes, at, end);
  }

  /** Goes to the next field, and returns whether there is one. */
  boolean next() throws NoCellsException {
    if (unread) {
      skip();
    }
    if (at == end) {
      return false;
    }
    long tag = varint();
    if (tag >>> 3 == 0 || tag >>> Integer.SIZE != 0) {
      throw malformed("a field has no valid number");
    }
    field = (int) (tag >>> 3);
    type = (int) (tag & 7);
    unread = true;
    return true;
  }

  /** {@return the number of the field} */
  int field() {
    return field;
  }

  /** {@return whether the value is a message, a text or packed numbers} */
  boolean isBytes() {
    return type == BYTES;
  }

  long number() throws NoCellsException {
    take(NUMBER);
    return varint();
  }

  float floating() throws NoCellsException {
    take(FOUR_BYTES);
    return nextFloat();
  }

  /** {@return a cursor before the first field of the message that is the value} */
  ProtobufCursor message() throws NoCellsException {
    take(BYTES);
    int length = length();
    ProtobufCursor inner = new ProtobufCursor(bytes, at, at + length);
    at += length;
    return inner;
  }

  /** {@return the text, with a letter for each byte} */
  String text() throws NoCellsException {
    take(BYTES);
    int length = length();
    String text = new String(bytes, at, length, ISO_8859_1);
    at += length;
    return text;
  }

  /** {@return how many bytes are left; packed numbers are a message that has no fields} */
  int remaining() {
    return end - at;
  }

  float nextFloat() throws NoCellsException {
    need(Float.BYTES);
    int bits = (bytes[at] & 0xff)
        | (bytes[at + 1] & 0xff) << 8
        | (bytes[at + 2] & 0xff) << 16
        | bytes[at + 3] << 24;
    at += Float.BYTES;
    return Float.intBitsToFloat(bits);
  }

  byte nextByte() throws NoCellsException {
    need(1);
    return bytes[at++];
  }

  long varint() throws NoCellsException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = nextByte();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw malformed("a number is too long");
  }

  private void take(int expected) throws NoCellsException {
    if (type != expected) {
      throw malformed("a field is of another type than in ONNX");
    }
    unread = false;
  }

  private void skip() throws NoCellsException {
    unread = false;
    switch (type) {
      case NUMBER -> varint();
      case EIGHT_BYTES -> {
        need(Long.BYTES);
        at += Long.BYTES;
      }
      case FOUR_BYTES -> {
        need(Integer.BYTES);
        at += Integer.BYTES;
      }
      case BYTES -> {
        // In two steps, for reading the length moves the position, too.
        int length = length();
        at += length;
      }
      default -> throw malformed("a field is of no type that ONNX has");
    }
  }

  private int length() throws NoCellsException {
    long length = varint();
    if (length < 0 || length > end - at) {
      throw malformed("a field is longer than its message");
    }
    return (int) length;
  }

  private void need(int count) throws NoCellsException {
    if (count > end - at) {
      throw malformed("it ends within a field");
    }
  }

  private static NoCellsException malformed(String reason) {
    return new NoCellsException("The file is no ONNX model: " + reason + ".");
  }
}
