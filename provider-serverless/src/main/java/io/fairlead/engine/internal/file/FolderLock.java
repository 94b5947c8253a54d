package io.fairlead.engine.internal.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lock for writing one entry of a folder, among the threads of this process and, if the file system supports it,
 * among processes. The operating system releases it when a process dies.
 */
public final class FolderLock {
  private static final Logger LOG = LoggerFactory.getLogger(FolderLock.class);
  static final String FILE = "lock";
  // Shared by all engines: a file lock belongs to the process.
  private static final ReentrantLock[] THREADS =
      Stream.generate(ReentrantLock::new).limit(64).toArray(ReentrantLock[]::new);

  private FolderLock() {}

  /** The work under the lock. */
  public interface Work<T> {
    T run() throws IOException;
  }

  /** Runs the work while holding the lock of an entry; waits for other holders. */
  public static <T> T holding(Path folder, String entry, Work<T> work) throws IOException {
    Files.createDirectories(folder);
    int region = Math.floorMod(entry.hashCode(), THREADS.length);
    THREADS[region].lock();
    try (FileChannel channel = FileChannel.open(
        folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      lock(channel, region);
      return work.run();
    } finally {
      THREADS[region].unlock();
    }
  }

  private static void lock(FileChannel channel, int region) {
    try {
      channel.lock(region, 1, false);
    } catch (IOException | OverlappingFileLockException e) {
      LOG.debug("The file system has no locks among processes", e);
    }
  }
}
