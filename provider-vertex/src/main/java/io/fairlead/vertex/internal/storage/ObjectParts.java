package io.fairlead.vertex.internal.storage;

import com.google.cloud.BaseServiceException;
import com.google.cloud.WriteChannel;
import com.google.cloud.storage.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** The writing of an object in parts. */
final class ObjectParts {
  private static final int BUFFER = 1 << 20;

  private ObjectParts() {}

  /**
   * Writes all of a file, and then creates the object.
   *
   * @throws IOException if the file cannot be read
   */
  static void write(String what, InputStream file, WriteChannel parts) throws IOException {
    byte[] buffer = new byte[BUFFER];
    for (int length = file.read(buffer); length > 0; length = file.read(buffer)) {
      if (Thread.currentThread().isInterrupted()) {
        throw StorageErrors.interrupted(what, null);
      }
      send(parts, ByteBuffer.wrap(buffer, 0, length));
    }
    // Closing it creates the object, so it is closed only when all is sent.
    finish(parts);
  }

  private static void send(WriteChannel parts, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        parts.write(bytes);
      }
    } catch (IOException e) {
      throw answer(e);
    }
  }

  private static void finish(WriteChannel parts) {
    try {
      parts.close();
    } catch (IOException e) {
      throw answer(e);
    }
  }

  /** {@return the service's exception that a channel has wrapped in an IOException} */
  private static BaseServiceException answer(IOException e) {
    return e.getCause() instanceof BaseServiceException answer
        ? answer
        : StorageException.translate(e);
  }
}
