package io.fairlead.engine.internal.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of files that can be made again, which processes share and keep between their runs.
 *
 * <p>A file appears in it whole or not at all. When the files take more than they may, those that were not used for the
 * longest time go. A folder that cannot be written costs the time that it would have saved, and nothing else.
 */
public final class CacheFolder {
  /** Keeps nothing. */
  public static final CacheFolder NONE = new CacheFolder(Path.of(""), 0);

  private static final Logger LOG = LoggerFactory.getLogger(CacheFolder.class);
  private static final String PART = ".part";
  private static final Duration STALE = Duration.ofHours(1);

  private final Path folder;
  private final long maxBytes;
  private final AtomicBoolean warned = new AtomicBoolean();

  public CacheFolder(Path folder, long maxBytes) {
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  public boolean keepsAnything() {
    return maxBytes > 0;
  }

  /** {@return the file of that name, which counts as used now; empty if there is none} */
  public Optional<Path> find(String name) {
    Path file = folder.resolve(name);
    if (!keepsAnything() || !Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      LOG.debug("{} cannot be marked as used", file, e);
    }
    return Optional.of(file);
  }

  /** Writes a file of the folder. */
  public interface Writing {
    /** Fills a file that is there and empty. */
    void write(Path part) throws IOException;
  }

  /** Adds or replaces a file, and tells whether it was written. */
  public boolean keep(String name, Writing writing) {
    if (!keepsAnything()) {
      return false;
    }
    try {
      Files.createDirectories(folder);
      deleteLeftovers(folder);
      Path part = Files.createTempFile(folder, name + ".", PART);
      try {
        writing.write(part);
        if (Files.size(part) > maxBytes) {
          return false;
        }
        Files.move(part, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
      evict(name);
      return true;
    } catch (IOException | SecurityException e) {
      if (warned.compareAndSet(false, true)) {
        LOG.warn(
            "Nothing can be kept in {}, so models load more slowly than they could: {}",
            folder,
            e.toString());
      }
      return false;
    }
  }

  /** Removes a file that turned out to be of no use. */
  public void remove(String name) {
    try {
      Files.deleteIfExists(folder.resolve(name));
    } catch (IOException e) {
      LOG.debug("{} cannot be removed from {}", name, folder, e);
    }
  }

  private void evict(String newest) throws IOException {
    List<Entry> entries = new ArrayList<>();
    long total = 0;
    for (Path file : list(folder)) {
      try {
        if (Files.isRegularFile(file) && !file.toString().endsWith(PART)) {
          Entry entry = new Entry(file, Files.size(file), Files.getLastModifiedTime(file));
          entries.add(entry);
          total += entry.size();
        }
      } catch (NoSuchFileException e) {
        LOG.debug("{} went meanwhile", file, e);
      }
    }
    entries.sort(Comparator.comparing(Entry::used));
    for (Entry entry : entries) {
      if (total <= maxBytes) {
        return;
      }
      if (!entry.file().endsWith(newest)) {
        Files.deleteIfExists(entry.file());
        total -= entry.size();
      }
    }
  }

  private record Entry(Path file, long size, FileTime used) {}

  /** Deletes what processes that were killed while they wrote to a folder have left in it. */
  public static void deleteLeftovers(Path folder) throws IOException {
    Instant stale = Instant.now().minus(STALE);
    for (Path file : list(folder)) {
      try {
        if (file.toString().endsWith(PART)
            && Files.getLastModifiedTime(file).toInstant().isBefore(stale)) {
          Files.deleteIfExists(file);
        }
      } catch (NoSuchFileException e) {
        LOG.debug("{} went meanwhile", file, e);
      }
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
