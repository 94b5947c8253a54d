package io.fairlead.serverless.internal.process;

import io.fairlead.engine.internal.file.PrivateFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.stream.Stream;

/**
 * The temporary folders of worker processes, which are cleaned up even after a process was killed.
 *
 * <p>Each worker has its own, inside a {@link PrivateFolder} of the parent process. A worker that outlives its parent
 * deletes both when it exits.
 */
final class WorkerFolder {
  private static final String PREFIX = "fairlead-workers-";

  private final PrivateFolder folder;

  private WorkerFolder(PrivateFolder folder) {
    this.folder = folder;
  }

  /** Creates the folder of this process, and deletes orphans of others. */
  static WorkerFolder create(Path temporary) throws IOException {
    return new WorkerFolder(PrivateFolder.create(temporary, PREFIX));
  }

  /** {@return an empty folder for one worker, accessible to this user only} */
  Path next() throws IOException {
    return Files.createTempDirectory(folder.path(), "worker-");
  }

  /** Deletes the folder recursively. */
  void close() {
    folder.close();
  }

  /** Deletes the folder of a worker, and that of its parent if the parent has exited and this worker was the last. */
  static void abandon(Path folder) {
    Path root = folder.getParent();
    if (root == null || !root.getFileName().toString().startsWith(PREFIX)) {
      delete(folder);
      return;
    }
    UserPrincipal owner = PrivateFolder.owner(folder);
    delete(folder);
    if (owner != null && isOnlyLock(root)) {
      PrivateFolder.deleteIfOrphaned(root, owner);
    }
  }

  private static boolean isOnlyLock(Path root) {
    try (Stream<Path> files = Files.list(root)) {
      return files.allMatch(file -> file.endsWith(PrivateFolder.LOCK));
    } catch (IOException e) {
      return false;
    }
  }

  static void delete(Path folder) {
    PrivateFolder.delete(folder);
  }
}
