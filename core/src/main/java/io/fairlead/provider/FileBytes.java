package io.fairlead.provider;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Objects;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The bytes of one file of a model, refused if the file has changed; failures are ServingExceptions. */
final class FileBytes extends InputStream {
  private static final int BUFFER = 1 << 16;

  private final String platform;
  private final Path path;
  private final InputStream file;
  private final MessageDigest digest = Sha256.newDigest();
  private final @Nullable String sha256;
  private long left;
  private boolean ended;

  private FileBytes(String platform, Path path, long size, @Nullable String sha256) {
    this.platform = platform;
    this.path = path;
    this.left = size;
    this.sha256 = sha256;
    try {
      this.file = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      throw Files.isSymbolicLink(path) ? changed(platform, path, e) : failure(platform, path, e);
    }
  }

  /** Reads a file for the first time. */
  static LocalModel.Entry hash(String platform, LocalFiles.Listed listed, LongConsumer read) {
    CRC32C crc32c = new CRC32C();
    try (FileBytes bytes = new FileBytes(platform, listed.path(), listed.size(), null)) {
      byte[] buffer = new byte[BUFFER];
      long done = 0;
      for (int length = bytes.read(buffer); length > 0; length = bytes.read(buffer)) {
        crc32c.update(buffer, 0, length);
        done += length;
        read.accept(done);
      }
      return new LocalModel.Entry(
          listed.path(), listed.size(), listed.executable(), Sha256.hex(bytes.digest), (int)
              crc32c.getValue());
    }
  }

  /** {@return the bytes of a file that was read before} */
  static InputStream again(String platform, LocalModel.Entry entry) {
    return new FileBytes(platform, entry.path(), entry.size(), entry.sha256());
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer) {
    return read(buffer, 0, buffer.length);
  }

  @Override
  public int read(byte[] buffer, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (ended) {
      return -1;
    }
    if (length == 0) {
      return 0;
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new ServingException(
          platform,
          ErrorKind.CANCELLED,
          "The thread that read the file " + path + " was interrupted.");
    }
    try {
      int wanted = (int) Math.min(length, left);
      int got = file.readNBytes(buffer, offset, wanted);
      digest.update(buffer, offset, got);
      left -= got;
      if (got < wanted) {
        throw changed(platform, path, null);
      }
      if (left == 0) {
        checkEnd();
        ended = true;
      }
      return got == 0 ? -1 : got;
    } catch (IOException e) {
      throw failure(platform, path, e);
    }
  }

  private void checkEnd() throws IOException {
    boolean longer = file.read() >= 0;
    if (longer || (sha256 != null && !sha256.equals(Sha256.hex(digest)))) {
      throw changed(platform, path, null);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw failure(platform, path, e);
    }
  }

  /** {@return the exception for a file that has changed, which is not retryable} */
  private static ServingException changed(String platform, Path path, @Nullable Throwable cause) {
    return ServingException.builder(
            platform,
            ErrorKind.CONFLICT,
            "The file " + path
                + " was changed while the model was read. Deploy again once nothing writes to it.")
        .retryable(false)
        .cause(cause)
        .build();
  }

  /** {@return the exception for a failure to read a file that was listed, or its folder} */
  static ServingException failure(String platform, Path path, IOException cause) {
    if (cause instanceof NoSuchFileException) {
      return changed(platform, path, cause);
    }
    if (cause instanceof AccessDeniedException) {
      return new ServingException(
          platform,
          ErrorKind.INVALID,
          "The file " + path + " cannot be read by this process's user. Grant read access to it.",
          cause);
    }
    return new ServingException(
        platform, ErrorKind.UNKNOWN, "The file " + path + " cannot be read: " + cause, cause);
  }
}
