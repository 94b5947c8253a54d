package io.fairlead.engine.internal.onnx;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** A check that a file is a complete ONNX model, by its outermost protobuf fields. */
final class OnnxOutline {
  private static final int GRAPH = 7;

  private final InputStream in;
  private long left;

  private OnnxOutline(InputStream in, long size) {
    this.in = in;
    this.left = size;
  }

  /**
   * Scans the fields of a file without reading their content.
   *
   * @return whether the last field ends at the end of the file and one of them is a graph
   */
  static boolean isWhole(InputStream in, long size) throws IOException {
    OnnxOutline outline = new OnnxOutline(in, size);
    boolean graph = false;
    try {
      while (outline.left > 0) {
        graph |= outline.field() == GRAPH;
      }
    } catch (EOFException e) {
      return false;
    }
    return graph;
  }

  /** Skips a field, and returns its number. */
  private long field() throws IOException {
    long tag = varint();
    switch ((int) (tag & 7)) {
      case 0 -> varint();
      case 1 -> skip(Long.BYTES);
      case 2 -> skip(varint());
      case 5 -> skip(Integer.BYTES);
      default -> throw new EOFException();
    }
    return tag >>> 3;
  }

  private void skip(long count) throws IOException {
    if (count < 0 || count > left) {
      throw new EOFException();
    }
    in.skipNBytes(count);
    left -= count;
  }

  private long varint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException();
      }
      left--;
      value |= (next & 0x7fL) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw new EOFException();
  }
}
