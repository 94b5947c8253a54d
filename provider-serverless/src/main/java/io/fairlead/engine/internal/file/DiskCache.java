package io.fairlead.engine.internal.file;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache folder that processes share and keep between their runs.
 *
 * <p>An entry is a file or a folder, and is created atomically. When the entries exceed the limit, the least recently
 * used ones are evicted. The modification time of an entry is the time of its last use.
 */
public final class DiskCache {
  /** A cache that stores nothing. */
  public static final DiskCache NONE = new DiskCache(Path.of(""), 0);

  private static final Logger LOG = LoggerFactory.getLogger(DiskCache.class);
  private static final String PART = ".part";
  private static final Duration STALE = Duration.ofHours(1);

  private final Path folder;
  private final long keptBytes;
  private final Duration inUse;
  private final InstantSource clock;
  private final AtomicBoolean warned = new AtomicBoolean();

  /** Creates a cache of files that are opened as soon as they are found: an open file survives its deletion. */
  public DiskCache(Path folder, long keptBytes) {
    this(folder, keptBytes, Duration.ZERO, InstantSource.system());
  }

  /**
   * Creates a cache.
   *
   * @param folder the folder; created when needed
   * @param keptBytes the limit for all entries; 0 stores nothing
   * @param inUse the time after its last use in which an entry is not evicted
   */
  public DiskCache(Path folder, long keptBytes, Duration inUse, InstantSource clock) {
    this.folder = folder;
    this.keptBytes = keptBytes;
    this.inUse = inUse;
    this.clock = clock;
  }

  /** The writer of an entry. */
  public interface Writing {
    /** Fills an empty file or folder. */
    void write(Path part) throws IOException;
  }

  public boolean keepsAnything() {
    return keptBytes > 0;
  }

  /** {@return the path of a key's entry, which may not exist} */
  public Path entry(String key) {
    return folder.resolve(key);
  }

  /** {@return the file of a key, and marks it as used; empty if there is none} */
  public Optional<Path> find(String key) {
    Path file = entry(key);
    if (!keepsAnything() || !Files.isRegularFile(file)) {
      return Optional.empty();
    }
    touch(key);
    return Optional.of(file);
  }

  /** Marks an entry as used now. */
  public void touch(String key) {
    try {
      Files.setLastModifiedTime(entry(key), FileTime.from(clock.instant()));
    } catch (IOException | SecurityException e) {
      LOG.debug("{} cannot be marked as used", entry(key), e);
    }
  }

  /**
   * Adds or replaces a file, unless it is larger than the limit.
   *
   * <p>If the folder cannot be written, nothing is cached.
   *
   * @return whether it is cached
   */
  public boolean tryKeep(String key, Writing writing) {
    if (!keepsAnything()) {
      return false;
    }
    try {
      Path part = newPart(key);
      try {
        writing.write(part);
        if (Files.size(part) > keptBytes) {
          return false;
        }
        place(part, key);
      } finally {
        delete(part);
      }
      return true;
    } catch (IOException | SecurityException e) {
      if (warned.compareAndSet(false, true)) {
        LOG.warn(
            "{} cannot be written, so models are not cached and load more slowly: {}",
            folder,
            e.toString());
      }
      return false;
    }
  }

  /**
   * Adds or replaces a folder, whatever its size.
   *
   * @return its path
   */
  public Path keepFolder(String key, Writing writing) throws IOException {
    prepare();
    Path temporary = Files.createTempDirectory(folder, key + ".");
    Path part = Files.move(temporary, temporary.resolveSibling(temporary.getFileName() + PART));
    try {
      writing.write(part);
      place(part, key);
    } finally {
      delete(part);
    }
    return entry(key);
  }

  /** {@return a new empty temporary file in the folder, for the caller to fill and to move} */
  public Path newPart(String key) throws IOException {
    prepare();
    return Files.createTempFile(folder, key + ".", PART);
  }

  private void prepare() throws IOException {
    Files.createDirectories(folder);
    deleteLeftovers(folder, clock.instant());
  }

  private void place(Path part, String key) throws IOException {
    Path target = entry(key);
    if (Files.isDirectory(target)) {
      // A folder cannot be replaced in one step as a file can.
      discard(target);
    }
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    touch(key);
    evict(key);
  }

  /** Removes an unusable entry. */
  public void remove(String key) {
    try {
      discard(entry(key));
    } catch (IOException e) {
      LOG.debug("{} cannot be removed", entry(key), e);
    }
  }

  /** Evicts entries until the others are within the limit; the newest one is never evicted. */
  public void evict(String newest) throws IOException {
    record Entry(Path path, long size, Instant used) {}
    List<Entry> entries = new ArrayList<>();
    long total = 0;
    for (Path path : list(folder)) {
      if (isEntry(path)) {
        try {
          Entry entry = new Entry(path, size(path), modified(path));
          entries.add(entry);
          total += entry.size();
        } catch (IOException | UncheckedIOException e) {
          LOG.debug("{} was deleted meanwhile", path, e);
        }
      }
    }
    entries.sort(Comparator.comparing(Entry::used));
    Instant then = clock.instant().minus(inUse);
    for (Entry entry : entries) {
      if (total <= keptBytes) {
        return;
      }
      if (!entry.path().endsWith(newest) && (inUse.isZero() || entry.used().isBefore(then))) {
        try {
          discard(entry.path());
          total -= entry.size();
        } catch (IOException e) {
          LOG.debug("{} cannot be removed", entry.path(), e);
        }
      }
    }
  }

  private static boolean isEntry(Path path) {
    return !path.toString().endsWith(PART) && !path.endsWith(FolderLock.FILE);
  }

  /** Removes an entry atomically, so that it is never found incomplete. */
  private static void discard(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      Files.deleteIfExists(path);
      return;
    }
    Path part = path.resolveSibling(path.getFileName() + "." + System.nanoTime() + PART);
    Files.move(path, part, StandardCopyOption.ATOMIC_MOVE);
    delete(part);
  }

  /** Deletes temporary files that killed processes have left in a folder. */
  public static void deleteLeftovers(Path folder, Instant now) throws IOException {
    Instant then = now.minus(STALE);
    for (Path part : list(folder)) {
      if (part.toString().endsWith(PART) && !isModifiedSince(part, then)) {
        delete(part);
      }
    }
  }

  private static boolean isModifiedSince(Path path, Instant then) {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (modified(file).isAfter(then)) {
          return true;
        }
      }
      return false;
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  private static Instant modified(Path path) throws IOException {
    return Files.getLastModifiedTime(path).toInstant();
  }

  private static long size(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return Files.size(path);
    }
    try (Stream<Path> files = Files.walk(path)) {
      long size = 0;
      for (Path file : (Iterable<Path>) files::iterator) {
        size += Files.isRegularFile(file) ? Files.size(file) : 0;
      }
      return size;
    }
  }

  /** Deletes a file or folder recursively, as far as possible. */
  public static void delete(Path path) {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      LOG.trace("{} does not exist", path, e);
    } catch (IOException | UncheckedIOException e) {
      LOG.debug("{} cannot be deleted", path, e);
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
