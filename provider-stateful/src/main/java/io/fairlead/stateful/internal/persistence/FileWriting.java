package io.fairlead.stateful.internal.persistence;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The changes of a file system that a snapshot needs; tests have one that fails. */
interface FileWriting {
  /** Creates a file that only its owner may read. */
  Output create(Path file) throws IOException;

  /** Renames a file in one step, and replaces what had the name. */
  void rename(Path from, Path to) throws IOException;

  /** Waits until the names in a folder are on the disk. */
  void forceFolder(Path folder) throws IOException;

  /** A file that is written from its beginning to its end. */
  interface Output extends Closeable {
    /** Writes all that remains in a buffer. */
    void write(ByteBuffer bytes) throws IOException;

    /** Waits until what was written is on the disk. */
    void force() throws IOException;

    /** Drops what is behind a position, from which writing goes on. */
    void truncate(long size) throws IOException;
  }
}
