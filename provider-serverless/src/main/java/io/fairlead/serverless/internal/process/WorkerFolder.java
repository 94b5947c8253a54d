package io.fairlead.serverless.internal.process;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The temporary folders of worker processes, which are cleaned up even after a process was killed.
 *
 * <p>Each worker has its own, inside a folder of the parent process. That folder has a file that is locked for as long
 * as the parent lives: one without a lock is an orphan, and the next process to start workers deletes it. A worker that
 * outlives its parent deletes both when it exits.
 */
final class WorkerFolder {
  private static final String PREFIX = "fairlead-workers-";
  private static final String LOCK = "lock";
  // The time between the creation of a folder and its lock.
  private static final Duration MIN_AGE = Duration.ofMinutes(1);

  private final Path root;
  private final FileChannel lock;

  private WorkerFolder(Path root, FileChannel lock) {
    this.root = root;
    this.lock = lock;
  }

  /** Creates the folder of this process, and deletes orphans of others. */
  static WorkerFolder create(Path temporary) throws IOException {
    sweep(temporary);
    Path root = Files.createTempDirectory(temporary, PREFIX).toAbsolutePath();
    FileChannel channel =
        FileChannel.open(root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (channel.tryLock() == null) {
      throw new IOException(root + " was locked by another process");
    }
    return new WorkerFolder(root, channel);
  }

  /** {@return an empty folder for one worker, accessible to this user only} */
  Path next() throws IOException {
    return Files.createTempDirectory(root, "worker-");
  }

  /** Deletes the folder recursively. */
  void close() {
    delete(root);
    try {
      lock.close();
    } catch (IOException e) {
      log().debug("The lock of {} could not be closed", root, e);
    }
  }

  /** Deletes the folder of a worker, and that of its parent if the parent has exited and this worker was the last. */
  static void abandon(Path folder) {
    delete(folder);
    Path root = folder.getParent();
    if (root != null && root.getFileName().toString().startsWith(PREFIX) && isOnlyLock(root)) {
      deleteIfOrphaned(root);
    }
  }

  private static boolean isOnlyLock(Path root) {
    try (Stream<Path> files = Files.list(root)) {
      return files.allMatch(file -> file.endsWith(LOCK));
    } catch (IOException e) {
      return false;
    }
  }

  private static void sweep(Path temporary) throws IOException {
    List<Path> roots;
    try (Stream<Path> files = Files.list(temporary)) {
      roots =
          files.filter(file -> file.getFileName().toString().startsWith(PREFIX)).toList();
    }
    Instant young = Instant.now().minus(MIN_AGE);
    for (Path root : roots) {
      if (isOlder(root, young)) {
        deleteIfOrphaned(root);
      }
    }
  }

  private static boolean isOlder(Path root, Instant than) {
    try {
      return Files.getLastModifiedTime(root).toInstant().isBefore(than);
    } catch (IOException e) {
      // Another process has deleted it.
      return false;
    }
  }

  private static void deleteIfOrphaned(Path root) {
    Path file = root.resolve(LOCK);
    if (!Files.exists(file)) {
      delete(root);
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock taken = channel.tryLock()) {
      if (taken != null) {
        delete(root);
      }
    } catch (OverlappingFileLockException e) {
      // It belongs to this process.
    } catch (IOException e) {
      log().debug("The orphaned {} could not be checked", root, e);
    }
  }

  static void delete(Path folder) {
    try {
      Files.walkFileTree(folder, new SimpleFileVisitor<>() {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
            throws IOException {
          Files.deleteIfExists(file);
          return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
          if (e instanceof NoSuchFileException) {
            return FileVisitResult.CONTINUE;
          }
          throw e;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e)
            throws IOException {
          if (e != null) {
            throw e;
          }
          Files.deleteIfExists(visited);
          return FileVisitResult.CONTINUE;
        }
      });
    } catch (IOException e) {
      log().debug("{} could not be deleted", folder, e);
    }
  }

  private static Logger log() {
    return LoggerFactory.getLogger(WorkerFolder.class);
  }
}
