package io.fairlead.engine.internal.natives;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.fairlead.engine.internal.file.PrivateFolder;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder that this class loader loads the native libraries of a runtime from.
 *
 * <p>No other user changes it, but for those of the group of a cache folder that it may write to, no other process does, and no other class loader of this JVM loads from it. A process
 * crashes when the file of a library that it has loaded is overwritten, and the JVM refuses a file that another of its
 * class loaders has loaded.
 *
 * <p>It is one of two kinds: kept, in the cache folder, where all processes of the user find whole files under names that
 * their content determines; or private to this class loader, and deleted when the libraries have been loaded. It is in
 * the cache folder unless others may change that, or it allows no executable files; otherwise in the temporary folder.
 */
public final class NativeFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NativeFolder.class);
  private static final String PREFIX = "fairlead-natives-";
  private static final String UNWRITABLE =
      "Native libraries cannot be cached in {} and are unpacked for this process alone, which takes 0.1 s for each"
          + " runtime: {}";
  private static final String CHANGEABLE =
      "Other users may change {}, so native libraries are unpacked for this process alone, which takes 0.1 s for each"
          + " runtime: delete it, or take the permission to write from them (chmod go-w){}";
  // A system property for each kept folder: what all class loaders see.
  private static final String CLAIMED = "fairlead.natives.";
  // One object for all class loaders, too: the runtimes take system properties.
  private static final Object JVM = "io.fairlead.engine.natives".intern();
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final int STICKY = 01000;
  private static final int WRITABLE_BY_GROUP = 020;
  private static final int WRITABLE_BY_ANYBODY = 02;

  private static final Set<Path> CLAIMED_HERE = ConcurrentHashMap.newKeySet();
  private static final Set<Path> WARNED = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final @Nullable PrivateFolder own;

  private NativeFolder(Path path, @Nullable PrivateFolder own) {
    this.path = path;
    this.own = own;
  }

  /** {@return the result of work that loads native libraries, which no other class loader of this JVM does meanwhile} */
  public static <T extends @Nullable Object> T exclusively(Callable<T> work) throws Exception {
    synchronized (JVM) {
      return work.call();
    }
  }

  /**
   * {@return a kept folder of the cache folder, or a private one if it cannot be used or belongs to another class loader}
   *
   * @param name its name, which differs for different files
   */
  public static NativeFolder kept(Path cacheFolder, String name) throws IOException {
    Optional<Path> safe = safe(cacheFolder);
    Path folder = safe.map(cache -> cache.resolve(name)).orElse(null);
    return folder != null && isUsable(folder) && claim(folder)
        ? new NativeFolder(folder, null)
        : within(safe);
  }

  /** {@return a folder of this class loader alone, which is empty but for its lock} */
  public static NativeFolder privately(Path cacheFolder) throws IOException {
    return within(safe(cacheFolder));
  }

  private static NativeFolder within(Optional<Path> safe) throws IOException {
    Path cache = safe.orElse(null);
    if (cache != null) {
      try {
        PrivateFolder own = PrivateFolder.create(cache, PREFIX);
        if (allowsExecutables(own.path())) {
          return new NativeFolder(own.path(), own);
        }
        own.close();
      } catch (IOException e) {
        LOG.debug("{} cannot be written", cache, e);
      }
    }
    PrivateFolder own = PrivateFolder.create(Path.of(System.getProperty("java.io.tmpdir")), PREFIX);
    return new NativeFolder(own.path(), own);
  }

  public Path path() {
    return path;
  }

  public boolean isKept() {
    return own == null;
  }

  /** Deletes the folder unless it is kept: a loaded library needs no file, where the operating system can delete it. */
  @Override
  public void close() {
    if (own != null) {
      own.close();
    }
  }

  /**
   * {@return whether a class loader is the first of this JVM to load the libraries of a runtime}
   *
   * <p>For a runtime that ends the process when another copy of it is loaded.
   *
   * @param type a class of the runtime, which is not initialised
   */
  public static boolean claimForProcess(Class<?> type) {
    String loader = Integer.toHexString(System.identityHashCode(type.getClassLoader()));
    Object first = System.getProperties().putIfAbsent(CLAIMED + type.getName(), loader);
    return first == null || first.equals(loader);
  }

  /** Releases a claim of this class loader, after a load that failed. */
  public static void releaseForProcess(Class<?> type) {
    System.getProperties()
        .remove(
            CLAIMED + type.getName(),
            Integer.toHexString(System.identityHashCode(type.getClassLoader())));
  }

  /** Whether no other class loader has loaded from a folder. */
  private static boolean claim(Path folder) {
    if (System.getProperties().putIfAbsent(CLAIMED + folder, "true") == null) {
      CLAIMED_HERE.add(folder);
    }
    return CLAIMED_HERE.contains(folder);
  }

  /** {@return the cache folder itself; empty if it cannot be created, or others may replace what is in it} */
  private static Optional<Path> safe(Path cacheFolder) {
    try {
      Path real = Files.createDirectories(cacheFolder).toRealPath();
      Access access = Access.of(real);
      boolean changeable = access.has(WRITABLE_BY_ANYBODY) && !access.has(STICKY);
      if (!changeable && access.isOfThisUser()) {
        return Optional.of(real);
      }
      warn(real, CHANGEABLE, "");
    } catch (IOException | RuntimeException e) {
      warn(cacheFolder, UNWRITABLE, e.toString());
    }
    return Optional.empty();
  }

  private static void warn(Path folder, String message, String why) {
    if (WARNED.add(folder)) {
      LOG.warn(message, folder, why);
    }
  }

  private static boolean isUsable(Path folder) {
    try {
      try {
        Files.createDirectory(folder, ownerOnly(folder));
      } catch (FileAlreadyExistsException e) {
        LOG.trace("{} exists", folder);
      }
      Access access = Access.of(folder);
      if (!Files.isDirectory(folder, NOFOLLOW_LINKS)
          || access.has(WRITABLE_BY_GROUP)
          || access.has(WRITABLE_BY_ANYBODY)
          || !access.isOfThisUser()) {
        warn(folder, CHANGEABLE, "");
        return false;
      }
      return allowsExecutables(folder);
    } catch (IOException | RuntimeException e) {
      warn(folder, UNWRITABLE, e.toString());
      return false;
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
        : new FileAttribute<?>[0];
  }

  /**
   * Who may do what with a file, whose links are not followed.
   *
   * @param owner the number of its owner; 0, as of the system's own, where there are none, as on Windows
   * @param mode the bits of its permissions
   */
  private record Access(int owner, int mode) {
    static Access of(Path path) throws IOException {
      return path.getFileSystem().supportedFileAttributeViews().contains("unix")
          ? new Access((int) Files.getAttribute(path, "unix:uid", NOFOLLOW_LINKS), (int)
              Files.getAttribute(path, "unix:mode", NOFOLLOW_LINKS))
          : new Access(0, 0);
    }

    boolean has(int bits) {
      return (mode & bits) != 0;
    }

    /** Whether its owner is the user of this process, or the system's administrator, who can change any file. */
    boolean isOfThisUser() throws IOException {
      if (owner == 0) {
        return true;
      }
      Path made = Files.createTempFile("fairlead-", null);
      try {
        return of(made).owner == owner;
      } finally {
        Files.delete(made);
      }
    }
  }

  /** Whether the file system that a folder is on allows executable files, without which no library can be loaded. */
  private static boolean allowsExecutables(Path folder) throws IOException {
    if (!Files.isWritable(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        return files.filter(Files::isRegularFile).anyMatch(Files::isExecutable);
      }
    }
    Path probe = Files.createTempFile(folder, "probe-", null, ownerOnly(folder));
    try {
      return Files.isExecutable(probe);
    } finally {
      Files.delete(probe);
    }
  }

  /** Makes a file one that the operating system may load, for the owner alone. */
  static void makeExecutable(Path file) throws IOException {
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(file, EnumSet.copyOf(OWNER_ONLY));
    }
  }
}
