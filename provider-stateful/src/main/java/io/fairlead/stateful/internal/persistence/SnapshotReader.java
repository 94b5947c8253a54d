package io.fairlead.stateful.internal.persistence;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.fairlead.stateful.internal.cache.AnswerStore;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.State;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A file of a snapshot while it is read, of which any byte may be wrong or missing. */
final class SnapshotReader implements Closeable {
  private static final int HEADER_BUFFER = 1 << 10;
  private static final int BUFFER = 1 << 18;

  private final FileChannel channel;
  private final long size;
  private final int version;
  private final SnapshotFormat.@Nullable Header header;

  private ByteBuffer buffer = ByteBuffer.allocate(HEADER_BUFFER).limit(0);
  private long position;

  /** What became of what followed a header. */
  interface Visitor {
    void answer(AnswerStore.Entry entry);

    void state(State state);

    /** One frame is not valid. */
    void damaged(long position);

    /** A frame is cut off, as when its writer was killed. */
    void torn(long position, long bytes);

    /** The length of a frame is not valid, so that nobody knows where the next one begins. */
    void unreadable(long position, long bytes);
  }

  /** Opens a file and reads its header. */
  SnapshotReader(Path file) throws IOException {
    channel = FileChannel.open(file, Set.of(StandardOpenOption.READ, NOFOLLOW_LINKS));
    try {
      size = channel.size();
      version = fill(SnapshotFormat.PREAMBLE) ? SnapshotFormat.version(buffer.duplicate()) : 0;
      header = version >= 1 && version <= SnapshotFormat.VERSION ? readHeader() : null;
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  private SnapshotFormat.@Nullable Header readHeader() throws IOException {
    if (!fill(SnapshotFormat.HEADER_START)) {
      return null;
    }
    int length = buffer.getInt(buffer.position() + SnapshotFormat.PREAMBLE);
    if (length < 0
        || length > SnapshotFormat.MAX_HEADER
        || !fill(SnapshotFormat.HEADER_START + length)) {
      return null;
    }
    byte[] bytes = new byte[SnapshotFormat.HEADER_START + length];
    buffer.get(bytes);
    position += bytes.length;
    return SnapshotFormat.header(bytes);
  }

  /** {@return the version of its format; 0 if it is no snapshot} */
  int version() {
    return version;
  }

  /** {@return its header; null if that is not valid, or of a version that this class cannot read} */
  SnapshotFormat.@Nullable Header header() {
    return header;
  }

  /** Reads all that follows a valid header. */
  void read(SnapshotFormat.Header valid, AnswerCodec codec, Visitor visitor) throws IOException {
    fill((int) Math.min(BUFFER, size - position));
    while (position < size) {
      if (!fill(SnapshotFormat.FRAME_START)) {
        visitor.torn(position, size - position);
        return;
      }
      int length = buffer.getInt(buffer.position());
      int check = buffer.getInt(buffer.position() + Integer.BYTES);
      if (length < 1 || check != SnapshotFormat.frameCheck(valid, position, length)) {
        visitor.unreadable(position, size - position);
        return;
      }
      long end = position + SnapshotFormat.FRAME_START + length;
      if (end > size) {
        visitor.torn(position, size - position);
        return;
      }
      buffer.position(buffer.position() + SnapshotFormat.FRAME_START);
      if (!fill(length)) {
        visitor.torn(position, size - position);
        return;
      }
      content(length, codec, visitor);
      buffer.position(buffer.position() + length);
      position = end;
    }
  }

  private void content(int length, AnswerCodec codec, Visitor visitor) {
    byte[] bytes = buffer.array();
    int at = buffer.position();
    if (bytes[at] == SnapshotFormat.ANSWER) {
      AnswerStore.Entry entry = codec.decode(bytes, at + 1, length - 1);
      if (entry != null) {
        visitor.answer(entry);
        return;
      }
    } else if (bytes[at] == SnapshotFormat.STATE) {
      State state = SnapshotFormat.state(bytes, at + 1, length - 1);
      if (state != null) {
        visitor.state(state);
        return;
      }
    }
    visitor.damaged(position);
  }

  /** Makes so many bytes available, which do not exceed the file, and returns whether they are. */
  private boolean fill(int bytes) throws IOException {
    if (buffer.remaining() >= bytes) {
      return true;
    }
    if (bytes > size - position) {
      return false;
    }
    if (buffer.capacity() < bytes) {
      buffer = ByteBuffer.allocate(bytes).put(buffer);
    } else {
      buffer.compact();
    }
    while (buffer.position() < bytes) {
      if (channel.read(buffer) < 0) {
        buffer.flip();
        return false;
      }
    }
    buffer.flip();
    return true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
