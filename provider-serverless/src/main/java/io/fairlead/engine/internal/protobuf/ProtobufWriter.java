package io.fairlead.engine.internal.protobuf;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/** A protobuf message, written field by field. */
public final class ProtobufWriter {
  private static final int NUMBER = 0;
  private static final int BYTES = 2;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Adds a number. */
  public ProtobufWriter number(int field, long value) {
    varint(((long) field << 3) | NUMBER);
    varint(value);
    return this;
  }

  /** Adds a text, in UTF-8. */
  public ProtobufWriter text(int field, String value) {
    return bytes(field, value.getBytes(UTF_8));
  }

  /** Adds a message. */
  public ProtobufWriter message(int field, ProtobufWriter value) {
    return bytes(field, value.bytes());
  }

  private ProtobufWriter bytes(int field, byte[] value) {
    varint(((long) field << 3) | BYTES);
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

  /** {@return its encoding} */
  public byte[] bytes() {
    return out.toByteArray();
  }
}
