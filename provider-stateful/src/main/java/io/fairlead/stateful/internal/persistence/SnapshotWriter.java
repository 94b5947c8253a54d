package io.fairlead.stateful.internal.persistence;

import io.fairlead.stateful.internal.cache.AnswerStore;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.State;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file of a snapshot while it is written. */
final class SnapshotWriter implements Closeable {
  private static final int BUFFER = 1 << 18;

  private final FileWriting.Output output;
  private final SnapshotFormat.Header header;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
  private long position;
  private long forced;

  /** Begins a file with its header, which is not on the disk yet. */
  SnapshotWriter(FileWriting.Output output, SnapshotFormat.Header header) throws IOException {
    this.output = output;
    this.header = header;
    write(SnapshotFormat.header(header));
  }

  void answer(AnswerStore.Entry entry) throws IOException {
    frame(SnapshotFormat.ANSWER, AnswerCodec.encode(entry.key(), entry.answer()));
  }

  void state(State state) throws IOException {
    frame(SnapshotFormat.STATE, SnapshotFormat.state(state));
  }

  private void frame(byte type, byte[] content) throws IOException {
    int length = 1 + content.length;
    reserve(SnapshotFormat.FRAME_START + 1);
    buffer
        .putInt(length)
        .putInt(SnapshotFormat.frameCheck(header, position, length))
        .put(type);
    position += SnapshotFormat.FRAME_START + 1;
    write(content);
  }

  private void write(byte[] bytes) throws IOException {
    position += bytes.length;
    if (bytes.length > buffer.capacity()) {
      flush();
      output.write(ByteBuffer.wrap(bytes));
    } else {
      reserve(bytes.length);
      buffer.put(bytes);
    }
  }

  private void reserve(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      flush();
    }
  }

  private void flush() throws IOException {
    output.write(buffer.flip());
    buffer.clear();
  }

  /** Waits until all that was written is on the disk. */
  void force() throws IOException {
    flush();
    output.force();
    forced = position;
  }

  /** {@return the bytes that were written, header included} */
  long position() {
    return position;
  }

  /** {@return the bytes that are known to be on the disk} */
  long forced() {
    return forced;
  }

  /** Drops what is not known to be on the disk, and closes the file. */
  void abandon() throws IOException {
    try (output) {
      output.truncate(forced);
    }
  }

  @Override
  public void close() throws IOException {
    output.close();
  }
}
