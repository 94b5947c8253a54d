package io.fairlead.engine.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/** Writes protobuf field by field, also as no tool would: in any order, several times, and with numbers too long. */
public final class Proto {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final int width;

  public Proto() {
    this(1);
  }

  /** A message whose numbers take at least some bytes each. */
  public Proto(int width) {
    this.width = width;
  }

  public Proto number(int field, long value) {
    return tag(field, 0).varint(value);
  }

  public Proto eightBytes(int field) {
    tag(field, 1);
    return raw(new byte[8]);
  }

  public Proto fourBytes(int field) {
    tag(field, 5);
    return raw(new byte[4]);
  }

  public Proto text(int field, String value) {
    return bytes(field, value.getBytes(UTF_8));
  }

  public Proto message(int field, Proto value) {
    return bytes(field, value.bytes());
  }

  public Proto bytes(int field, byte[] value) {
    return tag(field, 2).varint(value.length).raw(value);
  }

  public Proto tag(long field, int type) {
    return varint(field << 3 | type);
  }

  public Proto varint(long value) {
    long rest = value;
    for (int i = 1; i < width || (rest & ~0x7fL) != 0; i++) {
      out.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  public Proto raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  public byte[] bytes() {
    return out.toByteArray();
  }

  /** An entry of external data. */
  public static Proto entry(String key, String value) {
    return new Proto().text(1, key).text(2, value);
  }

  /** A tensor of ONNX that is in another file. */
  public static Proto externalTensor(String location) {
    return new Proto().text(8, "w").message(13, entry("location", location)).number(14, 1);
  }
}
