package io.fairlead.stateful.internal.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.stateful.internal.persistence.SnapshotFolder.State;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The format of the files of a snapshot: a header, then frames.
 *
 * <p>A frame is its length, a checksum of that, and as many bytes, which are an answer or a state with a checksum of
 * their own. The checksum of a length includes the position and a random number of the file's header: no request's
 * bytes can pass for a frame, wherever damage makes a reader look.
 */
final class SnapshotFormat {
  /** The version that is written, and the last that is read. */
  static final int VERSION = 1;

  /** The length of the magic number and the version, which all versions begin with. */
  static final int PREAMBLE = Long.BYTES + Integer.BYTES;

  /** The length of what precedes the header's content. */
  static final int HEADER_START = PREAMBLE + Integer.BYTES;

  static final int MAX_HEADER = 1 << 20;
  static final int FRAME_START = 2 * Integer.BYTES;
  static final byte ANSWER = 1;
  static final byte STATE = 2;

  private static final long MAGIC = 0x4641_4952_4c45_4144L; // FAIRLEAD
  private static final int CHECKSUM = Integer.BYTES;

  private SnapshotFormat() {}

  /**
   * What a file says of itself.
   *
   * @param file a random number
   * @param container the name of the container whose answers it has
   * @param epoch the epoch of the container's state when it was begun
   * @param digest the digest of the model version then
   * @param policy the caching policy then, as text
   */
  record Header(long file, String container, long epoch, String digest, String policy) {}

  static byte[] header(Header header) {
    byte[] container = header.container().getBytes(UTF_8);
    byte[] digest = header.digest().getBytes(UTF_8);
    byte[] policy = header.policy().getBytes(UTF_8);
    int length = 2 * Long.BYTES
        + 3 * Integer.BYTES
        + container.length
        + digest.length
        + policy.length
        + CHECKSUM;
    byte[] bytes = new byte[HEADER_START + length];
    ByteBuffer out = ByteBuffer.wrap(bytes)
        .putLong(MAGIC)
        .putInt(VERSION)
        .putInt(length)
        .putLong(header.file())
        .putLong(header.epoch());
    put(out, container);
    put(out, digest);
    put(out, policy);
    return checked(bytes);
  }

  /** {@return the format version after the magic number; 0 if there is none} */
  static int version(ByteBuffer start) {
    return start.remaining() >= PREAMBLE && start.getLong() == MAGIC
        ? Math.max(start.getInt(), 0)
        : 0;
  }

  /** {@return the header in these bytes; null if they are not valid} */
  static @Nullable Header header(byte[] bytes) {
    ByteBuffer in = content(bytes, 0, bytes.length);
    if (in == null || in.remaining() < HEADER_START) {
      return null;
    }
    try {
      in.position(HEADER_START);
      long file = in.getLong();
      long epoch = in.getLong();
      return new Header(file, string(in), epoch, string(in), string(in));
    } catch (BufferUnderflowException e) {
      return null;
    }
  }

  /** {@return the checksum of a frame's length} */
  static int frameCheck(Header header, long position, int length) {
    byte[] bytes = ByteBuffer.allocate(2 * Long.BYTES + Integer.BYTES)
        .putLong(header.file())
        .putLong(position)
        .putInt(length)
        .array();
    return AnswerCodec.checksum(bytes, 0, bytes.length);
  }

  static byte[] state(State state) {
    byte[] digest = state.digest().getBytes(UTF_8);
    byte[] json = state.json().getBytes(UTF_8);
    byte[] bytes =
        new byte[Long.BYTES + 2 * Integer.BYTES + digest.length + json.length + CHECKSUM];
    ByteBuffer out = ByteBuffer.wrap(bytes).putLong(state.epoch());
    put(out, digest);
    put(out, json);
    return checked(bytes);
  }

  /** {@return the state in these bytes; null if they are not valid} */
  static @Nullable State state(byte[] bytes, int offset, int length) {
    ByteBuffer in = content(bytes, offset, length);
    if (in == null) {
      return null;
    }
    try {
      return new State(in.getLong(), string(in), string(in));
    } catch (BufferUnderflowException e) {
      return null;
    }
  }

  /** Ends with the checksum of what precedes it. */
  private static byte[] checked(byte[] bytes) {
    int end = bytes.length - CHECKSUM;
    ByteBuffer.wrap(bytes).putInt(end, AnswerCodec.checksum(bytes, 0, end));
    return bytes;
  }

  /** {@return what precedes a checksum; null if that is not its checksum} */
  private static @Nullable ByteBuffer content(byte[] bytes, int offset, int length) {
    int checked = length - CHECKSUM;
    return checked >= 0
            && ByteBuffer.wrap(bytes).getInt(offset + checked)
                == AnswerCodec.checksum(bytes, offset, checked)
        ? ByteBuffer.wrap(bytes, offset, checked)
        : null;
  }

  private static void put(ByteBuffer out, byte[] bytes) {
    out.putInt(bytes.length).put(bytes);
  }

  private static String string(ByteBuffer in) {
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, UTF_8);
  }
}
