package io.fairlead.engine.internal.trees;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * A check that a model in UBJSON is complete.
 *
 * <p>XGBoost reads past the end of a truncated one, which crashes the JVM.
 */
final class UbjsonCheck {
  private static final int DEEPEST = 100;

  private final ByteBuffer bytes;

  private UbjsonCheck(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /**
   * Checks a model in UBJSON, and ignores other formats.
   *
   * @throws IOException if it is not complete
   */
  static void check(byte[] model) throws IOException {
    if (model.length > 1 && model[0] == '{' && model[1] == 'L') {
      UbjsonCheck check = new UbjsonCheck(ByteBuffer.wrap(model));
      try {
        check.skip(check.type(), 0);
      } catch (BufferUnderflowException e) {
        throw new IOException("it ends before its JSON does", e);
      }
    }
  }

  private char type() {
    return (char) (bytes.get() & 0xff);
  }

  private void skip(char type, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw unexpected("nesting");
    }
    switch (type) {
      case '{' -> skipObject(depth);
      case '[' -> skipArray(depth);
      case 'S' -> skip(length(type()), 1);
      default -> skip(1, width(type));
    }
  }

  private void skipObject(int depth) throws IOException {
    for (char type = type(); type != '}'; type = type()) {
      skip(length(type), 1);
      skip(type(), depth + 1);
    }
  }

  private void skipArray(int depth) throws IOException {
    char type = type();
    if (type == '$') {
      char elements = type();
      if (type() != '#') {
        throw unexpected("array");
      }
      skip(length(type()), width(elements));
    } else if (type == '#') {
      for (long left = length(type()); left > 0; left--) {
        skip(type(), depth + 1);
      }
    } else {
      for (; type != ']'; type = type()) {
        skip(type, depth + 1);
      }
    }
  }

  private long length(char type) throws IOException {
    long length = switch (type) {
      case 'i' -> bytes.get();
      case 'U' -> bytes.get() & 0xff;
      case 'I' -> bytes.getShort();
      case 'l' -> bytes.getInt();
      case 'L' -> bytes.getLong();
      default -> throw unexpected("length");
    };
    if (length < 0) {
      throw unexpected("length");
    }
    return length;
  }

  private int width(char type) throws IOException {
    return switch (type) {
      case 'Z', 'N', 'T', 'F' -> 0;
      case 'i', 'U', 'C' -> 1;
      case 'I' -> 2;
      case 'l', 'd' -> 4;
      case 'L', 'D' -> 8;
      default -> throw unexpected("value");
    };
  }

  private void skip(long count, int width) {
    if (width > 0 && count > bytes.remaining() / width) {
      throw new BufferUnderflowException();
    }
    bytes.position(bytes.position() + (int) count * width);
  }

  private IOException unexpected(String what) {
    return new IOException(
        "its JSON has no " + what + " that can be read before byte " + bytes.position());
  }
}
