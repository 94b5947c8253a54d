package io.fairlead.engine.internal.file;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of this process, accessible to its user only, that is deleted even after the process was killed.
 *
 * <p>It has a file that is locked for as long as the process lives: a folder without a lock is an orphan, and the next
 * process that creates one with the same prefix deletes it.
 *
 * <p>It may be in a folder that all users share. Of what others put there, nothing is opened or deleted: only folders of
 * the same user are, no links are followed, and where the operating system allows it everything is deleted relative to
 * the opened folder, whatever takes the place of its name meanwhile.
 */
public final class PrivateFolder implements AutoCloseable {
  /** The file that is locked. */
  public static final Path LOCK = Path.of("lock");

  // The time between the creation of a folder and its lock.
  private static final Duration MIN_AGE = Duration.ofMinutes(1);

  private final Path root;
  private final FileChannel lock;

  private PrivateFolder(Path root, FileChannel lock) {
    this.root = root;
    this.lock = lock;
  }

  /**
   * Creates a folder, and deletes orphans with the same prefix.
   *
   * @param parent the existing folder to create it in
   * @param prefix the start of its name, which no other folder has
   */
  public static PrivateFolder create(Path parent, String prefix) throws IOException {
    Path root = Files.createTempDirectory(parent, ofThisProcess(prefix)).toAbsolutePath();
    FileChannel channel =
        FileChannel.open(root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (channel.tryLock() == null) {
      channel.close();
      throw new IOException(root + " was locked by another process");
    }
    sweep(parent, prefix, Files.getOwner(root, NOFOLLOW_LINKS));
    return new PrivateFolder(root, channel);
  }

  /** Closing a file that this process has locked elsewhere would release that lock, so its own are recognized by name. */
  private static String ofThisProcess(String prefix) {
    // In a container that is started again, the number is that of the process before.
    long started =
        ProcessHandle.current().info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    return prefix + ProcessHandle.current().pid() + "-" + started + "-";
  }

  public Path path() {
    return root;
  }

  /** Deletes the folder recursively, as far as possible; an orphan's rest is deleted by the next process. */
  @Override
  public void close() {
    delete(root);
    try {
      lock.close();
    } catch (IOException e) {
      log().debug("The lock of {} could not be closed", root, e);
    }
  }

  /** Deletes the folders with a prefix that processes of a user have left. */
  private static void sweep(Path parent, String prefix, UserPrincipal owner) throws IOException {
    List<Path> roots;
    try (Stream<Path> files = Files.list(parent)) {
      roots = files
          .filter(file -> {
            String name = file.getFileName().toString();
            return name.startsWith(prefix) && !name.startsWith(ofThisProcess(prefix));
          })
          .toList();
    }
    Instant young = Instant.now().minus(MIN_AGE);
    for (Path root : roots) {
      if (isFolderOlder(root, young)) {
        deleteIfOrphaned(root, owner);
      }
    }
  }

  private static boolean isFolderOlder(Path root, Instant than) {
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(root, BasicFileAttributes.class, NOFOLLOW_LINKS);
      return attributes.isDirectory()
          && attributes.lastModifiedTime().toInstant().isBefore(than);
    } catch (IOException e) {
      // Another process has deleted it.
      return false;
    }
  }

  /** {@return the owner of a file or folder, without following a link; null if it cannot be read} */
  public static @Nullable UserPrincipal owner(Path path) {
    try {
      return Files.getOwner(path, NOFOLLOW_LINKS);
    } catch (IOException e) {
      return null;
    }
  }

  /** Deletes a folder of a process that has exited, unless another user owns it. */
  public static void deleteIfOrphaned(Path root, UserPrincipal owner) {
    Path name = root.getFileName();
    try (DirectoryStream<Path> parent = Files.newDirectoryStream(root.resolveSibling(""))) {
      if (parent instanceof SecureDirectoryStream<Path> secure) {
        try (SecureDirectoryStream<Path> folder = secure.newDirectoryStream(name, NOFOLLOW_LINKS)) {
          deleteIfOrphaned(secure, name, folder, owner);
        }
      } else if (owner.equals(owner(root))) {
        deleteIfUnlocked(root);
      }
    } catch (OverlappingFileLockException e) {
      // It belongs to this process.
    } catch (IOException e) {
      log().debug("The orphaned {} could not be deleted", root, e);
    }
  }

  private static void deleteIfOrphaned(
      SecureDirectoryStream<Path> parent,
      Path name,
      SecureDirectoryStream<Path> folder,
      UserPrincipal owner)
      throws IOException {
    if (!folder.getFileAttributeView(FileOwnerAttributeView.class).getOwner().equals(owner)) {
      return;
    }
    try {
      BasicFileAttributes lock = attributes(folder, LOCK);
      if (!lock.isRegularFile()) {
        return;
      }
    } catch (NoSuchFileException e) {
      empty(folder);
      parent.deleteDirectory(name);
      return;
    }
    try (SeekableByteChannel channel =
            folder.newByteChannel(LOCK, Set.of(StandardOpenOption.WRITE, NOFOLLOW_LINKS));
        FileLock taken = channel instanceof FileChannel file ? file.tryLock() : null) {
      if (taken != null) {
        empty(folder);
        parent.deleteDirectory(name);
      }
    }
  }

  private static BasicFileAttributes attributes(SecureDirectoryStream<Path> folder, Path name)
      throws IOException {
    return folder
        .getFileAttributeView(name, BasicFileAttributeView.class, NOFOLLOW_LINKS)
        .readAttributes();
  }

  /** Deletes what is in an opened folder. */
  private static void empty(SecureDirectoryStream<Path> folder) throws IOException {
    for (Path file : folder) {
      Path name = file.getFileName();
      if (attributes(folder, name).isDirectory()) {
        try (SecureDirectoryStream<Path> inner = folder.newDirectoryStream(name, NOFOLLOW_LINKS)) {
          empty(inner);
        }
        folder.deleteDirectory(name);
      } else {
        folder.deleteFile(name);
      }
    }
  }

  /** Where files cannot be opened relative to a folder, as on Windows, whose temporary folder is the user's own. */
  private static void deleteIfUnlocked(Path root) throws IOException {
    Path file = root.resolve(LOCK);
    if (!Files.exists(file, NOFOLLOW_LINKS)) {
      delete(root);
      return;
    }
    if (!Files.isRegularFile(file, NOFOLLOW_LINKS)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, NOFOLLOW_LINKS);
        FileLock taken = channel.tryLock()) {
      if (taken != null) {
        delete(root);
      }
    }
  }

  /** Deletes a folder recursively, as far as possible. */
  public static void delete(Path folder) {
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
    return LoggerFactory.getLogger(PrivateFolder.class);
  }
}
