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
 * The right to write one entry of a folder, among the threads of this process and, where the file system can, among
 * processes. The operating system gives it back when a process dies.
 */
public final class FolderLock {
  private static final Logger LOG = LoggerFactory.getLogger(FolderLock.class);
  static final String FILE = "lock";
  // For all engines: a lock on a file belongs to the process.
  private static final ReentrantLock[] THREADS =
      Stream.generate(ReentrantLock::new).limit(64).toArray(ReentrantLock[]::new);

  private FolderLock() {}

  /** What is done while nobody else does so. */
  public interface Work<T> {
    T run() throws IOException;
  }

  /** Waits until nobody else holds that entry, and holds it for the time of the work. */
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
      LOG.debug("There is no lock among processes", e);
    }
  }
}
