package io.fairlead.engine.internal.protobuf;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * A reader of a protobuf message, forward only, that skips what its visitors do not read.
 *
 * <p>It accepts every spelling of a number, and fields in any order and number, as protobuf itself does. What another
 * parser may read differently is refused: groups, numbers of fields beyond 32 bits, and fields of an unexpected type.
 */
final class ProtobufReader {
  // Protobuf's own limit.
  private static final int DEEPEST = 100;
  private static final int NUMBER = 0;
  private static final int EIGHT_BYTES = 1;
  private static final int BYTES = 2;
  private static final int FOUR_BYTES = 5;

  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int at;
  private int filled;
  private long beforeBuffer;
  private long end = Long.MAX_VALUE;
  private int depth;
  private int type;
  private boolean unread;

  ProtobufReader(InputStream in) {
    this.in = in;
  }

  /** The visitor of a message's fields. */
  interface Visitor {
    /** Reads the value of a field, or leaves it, so that it is skipped. */
    void field(int number) throws IOException;
  }

  /** Visits the fields of the message that the whole stream is. */
  void stream(Visitor visitor) throws IOException {
    while (hasMore()) {
      long tag = varint();
      if (tag >>> 3 == 0 || tag >>> Integer.SIZE != 0) {
        throw new MalformedMessageException("a field has no valid number");
      }
      type = (int) (tag & 7);
      if (type != NUMBER && type != EIGHT_BYTES && type != BYTES && type != FOUR_BYTES) {
        throw new MalformedMessageException("a field is of no type that ONNX has");
      }
      unread = true;
      visitor.field((int) (tag >>> 3));
      if (unread) {
        unread = false;
        skip();
      }
    }
  }

  /** Visits the fields of the message that the current field is. */
  void message(Visitor visitor) throws IOException {
    long outer = end;
    end = Math.addExact(length(), position());
    if (++depth > DEEPEST) {
      throw new MalformedMessageException("its messages are nested more than " + DEEPEST + " deep");
    }
    stream(visitor);
    depth--;
    end = outer;
  }

  /** {@return the number that the current field is} */
  long number() throws IOException {
    take(NUMBER);
    return varint();
  }

  /** {@return the bytes that the current field is; null if they are more than a limit} */
  byte @Nullable [] bytes(int limit) throws IOException {
    long length = length();
    if (length > limit) {
      skip(length);
      return null;
    }
    byte[] bytes = new byte[(int) length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = next();
    }
    return bytes;
  }

  private long length() throws IOException {
    take(BYTES);
    long length = varint();
    if (length < 0 || length > end - position()) {
      throw new MalformedMessageException("a field is longer than its message");
    }
    return length;
  }

  private void take(int expected) throws IOException {
    if (type != expected) {
      throw new MalformedMessageException("a field is of another type than in ONNX");
    }
    unread = false;
  }

  private void skip() throws IOException {
    switch (type) {
      case NUMBER -> varint();
      case EIGHT_BYTES -> skip(Long.BYTES);
      case FOUR_BYTES -> skip(Integer.BYTES);
      default -> skip(length());
    }
  }

  private void skip(long count) throws IOException {
    if (count > end - position()) {
      throw new MalformedMessageException("a field is longer than its message");
    }
    int buffered = (int) Math.min(count, filled - at);
    at += buffered;
    long rest = count - buffered;
    if (rest > 0) {
      try {
        in.skipNBytes(rest);
      } catch (EOFException e) {
        throw cutOff(e);
      }
      beforeBuffer += rest;
    }
  }

  private long varint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = next();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new MalformedMessageException("a number is too long");
  }

  private long position() {
    return beforeBuffer + at;
  }

  private boolean hasMore() throws IOException {
    return position() < end && (at < filled || end != Long.MAX_VALUE || fill());
  }

  private byte next() throws IOException {
    if (position() >= end) {
      throw new MalformedMessageException("a field is longer than its message");
    }
    if (at == filled && !fill()) {
      throw cutOff(null);
    }
    return buffer[at++];
  }

  private boolean fill() throws IOException {
    beforeBuffer += filled;
    at = 0;
    filled = Math.max(0, in.readNBytes(buffer, 0, buffer.length));
    return filled > 0;
  }

  private static MalformedMessageException cutOff(@Nullable Throwable cause) {
    MalformedMessageException cutOff = new MalformedMessageException("it ends within a field");
    if (cause != null) {
      cutOff.initCause(cause);
    }
    return cutOff;
  }
}
