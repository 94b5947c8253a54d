package io.fairlead.stateful.internal.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;

/** A disk that is full after so many bytes, and on which other steps may fail. */
final class FailingWriting implements FileWriting {
  private final FileWriting disk = new DiskWriting();
  long freeBytes = Long.MAX_VALUE;
  boolean failsToCreate;
  boolean failsToForce;
  boolean failsToTruncate;
  boolean failsToRename;
  boolean failsToForceFolder;
  long writtenBytes;
  int forces;

  @Override
  public Output create(Path file) throws IOException {
    if (failsToCreate) {
      throw new AccessDeniedException(file.toString());
    }
    return new FailingOutput(disk.create(file));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    if (failsToRename) {
      throw new AccessDeniedException(from.toString(), to.toString(), "Device or resource busy");
    }
    disk.rename(from, to);
  }

  @Override
  public void forceFolder(Path folder) throws IOException {
    if (failsToForceFolder) {
      throw new IOException("Input/output error");
    }
    disk.forceFolder(folder);
  }

  /** A file on it. */
  private final class FailingOutput implements Output {
    private final Output output;

    FailingOutput(Output output) {
      this.output = output;
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      int fits = (int) Math.min(bytes.remaining(), freeBytes);
      boolean full = fits < bytes.remaining();
      writtenBytes += fits;
      freeBytes -= fits;
      output.write(bytes.slice(bytes.position(), fits));
      bytes.position(bytes.position() + fits);
      if (full) {
        throw new IOException("No space left on device");
      }
    }

    @Override
    public void force() throws IOException {
      if (failsToForce) {
        throw new IOException("Input/output error");
      }
      forces++;
      output.force();
    }

    @Override
    public void truncate(long size) throws IOException {
      if (failsToTruncate) {
        throw new IOException("Input/output error");
      }
      output.truncate(size);
    }

    @Override
    public void close() throws IOException {
      output.close();
    }
  }
}
