package io.fairlead.serverless.internal.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.locks.ReentrantLock;

/** The tail of a worker's standard error. */
final class StandardError {
  private static final int KEPT = 4096;
  private static final int SHOWN = 600;

  private final ReentrantLock lock = new ReentrantLock();
  private final byte[] ring = new byte[KEPT];
  private long written;

  /** Reads the stream to its end. */
  void drain(InputStream in) {
    byte[] some = new byte[1024];
    try {
      for (int count = in.read(some); count >= 0; count = in.read(some)) {
        add(some, count);
      }
    } catch (IOException e) {
      // The stream was closed because the process has exited.
    }
  }

  private void add(byte[] bytes, int count) {
    lock.lock();
    try {
      for (int i = 0; i < count; i++) {
        ring[(int) (written++ % KEPT)] = bytes[i];
      }
    } finally {
      lock.unlock();
    }
  }

  /** {@return the last four kilobytes as text} */
  String text() {
    lock.lock();
    try {
      int length = (int) Math.min(written, KEPT);
      byte[] bytes = new byte[length];
      for (int i = 0; i < length; i++) {
        bytes[i] = ring[(int) ((written - length + i) % KEPT)];
      }
      return new String(bytes, UTF_8).strip();
    } finally {
      lock.unlock();
    }
  }

  /** {@return the end of it as one line} */
  String line() {
    String line = text().replaceAll("\\s*\\R\\s*", " / ");
    return line.length() > SHOWN ? "..." + line.substring(line.length() - SHOWN) : line;
  }
}
