package io.fairlead.serverless.internal.process;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One message between this process and a worker: a length of four bytes, a type, the id of its call, and a body.
 * Numbers are big-endian.
 */
final class Frame {
  /** The maximum length of a body, in bytes. */
  static final int LIMIT = 256 << 20;

  /** The model to load; the first frame to a worker. */
  static final byte LOAD = 1;

  /** The description of the loaded model; the first frame from a worker. */
  static final byte READY = 2;

  static final byte REQUEST = 3;
  static final byte RESPONSE = 4;

  /** The failure of a load or a request. */
  static final byte ERROR = 5;

  /** The request to close the model and exit; the last frame to a worker. */
  static final byte END = 6;

  private static final int HEAD = 1 + 8;

  private final byte type;
  private final long id;
  private final int length;

  private Frame(byte type, long id, int length) {
    this.type = type;
    this.id = id;
    this.length = length;
  }

  /**
   * {@return the head of the next frame; its body has to be read or skipped before the next call}
   *
   * @throws EOFException at the end of the stream
   */
  static Frame read(DataInputStream in) throws IOException {
    int length = in.readInt() - HEAD;
    if (length < 0 || length > LIMIT) {
      throw new IOException("a frame of " + (length + (long) HEAD)
          + " bytes was announced, which violates the protocol");
    }
    return new Frame(in.readByte(), in.readLong(), length);
  }

  byte type() {
    return type;
  }

  long id() {
    return id;
  }

  int length() {
    return length;
  }

  byte[] body(InputStream in) throws IOException {
    byte[] body = new byte[length];
    if (in.readNBytes(body, 0, length) < length) {
      throw new EOFException();
    }
    return body;
  }

  void skip(InputStream in) throws IOException {
    in.skipNBytes(length);
  }

  /** A thread-safe writer of whole frames. */
  static final class Writer {
    private final DataOutputStream out;
    private final ReentrantLock lock = new ReentrantLock();

    Writer(OutputStream out) {
      this.out = new DataOutputStream(out);
    }

    /** {@return the lock of the stream} */
    ReentrantLock lock() {
      return lock;
    }

    /** Writes one frame, after those of other threads. */
    void write(byte type, long id, byte[] head, byte[] rest) throws IOException {
      lock.lock();
      try {
        out.writeInt(Math.addExact(HEAD, Math.addExact(head.length, rest.length)));
        out.writeByte(type);
        out.writeLong(id);
        out.write(head);
        out.write(rest);
        out.flush();
      } finally {
        lock.unlock();
      }
    }
  }
}
