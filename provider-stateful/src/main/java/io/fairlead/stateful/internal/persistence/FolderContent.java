package io.fairlead.stateful.internal.persistence;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a snapshot's folder holds when it is opened.
 *
 * @param files the files to restore from, in the order in which they were written
 * @param obsolete files that cannot be read, which the next base replaces
 * @param lastGeneration the highest number of a base that any name has
 * @param lastPart the highest number of a delta that any name of this generation has
 * @param warnings what is ignored, as sentences
 */
record FolderContent(
    List<SnapshotFile> files,
    List<Path> obsolete,
    long lastGeneration,
    int lastPart,
    List<String> warnings) {
  private static final String KEPT = ".kept";

  /**
   * Looks through a folder, deletes what a killed process has left, and renames what a later version of this class has
   * written.
   *
   * @throws IOException if the folder cannot be read, or is another container's
   */
  static FolderContent of(Path folder, String container) throws IOException {
    List<SnapshotFile> named = new ArrayList<>();
    List<Path> temporary = new ArrayList<>();
    try (Stream<Path> paths = Files.list(folder)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        if (SnapshotFile.isTemporary(path)) {
          temporary.add(path);
        } else {
          SnapshotFile.of(path, length(path)).ifPresent(named::add);
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    named.sort(SnapshotFile.ORDER);

    List<SnapshotFile> files = new ArrayList<>();
    List<SnapshotFile> later = new ArrayList<>();
    List<Path> obsolete = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    long base = 0;
    for (SnapshotFile file : named) {
      Path path = file.path();
      try (SnapshotReader reader = new SnapshotReader(path)) {
        SnapshotFormat.Header header = reader.header();
        if (reader.version() > SnapshotFormat.VERSION) {
          later.add(file);
        } else if (header == null) {
          obsolete.add(path);
          warnings.add(path + " has no valid header, and is ignored.");
        } else if (!header.container().equals(container)) {
          throw new OtherContainerException("The snapshot folder " + folder
              + " holds the answers of container '" + header.container() + "', not of '"
              + container + "': give each container a folder of its own.");
        } else {
          files.add(file);
          base = file.isBase() ? file.generation() : base;
        }
      } catch (OtherContainerException e) {
        throw e;
      } catch (IOException e) {
        warnings.add(path + " cannot be read, and is ignored: " + e);
      }
    }

    temporary.forEach(SnapshotFolder::delete);
    for (SnapshotFile file : later) {
      warnings.add(kept(file.path()));
    }
    long first = base;
    files.removeIf(file -> file.generation() < first && SnapshotFolder.delete(file.path()));
    SnapshotFile last = named.isEmpty() ? null : named.get(named.size() - 1);
    return new FolderContent(
        files,
        obsolete,
        last == null ? 0 : last.generation(),
        last == null ? SnapshotFile.BASE : last.part(),
        warnings);
  }

  private static long length(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, NOFOLLOW_LINKS).size();
  }

  private static String kept(Path path) {
    String written = path + " was written by a later version of this library, and is ignored; it ";
    Path kept = path.resolveSibling(path.getFileName() + KEPT);
    try {
      return written + "is kept as " + Files.move(path, kept).getFileName() + ".";
    } catch (IOException e) {
      return written + "stays where it is: " + e;
    }
  }

  /** A folder of another container. */
  private static final class OtherContainerException extends IOException {
    private static final long serialVersionUID = 1L;

    OtherContainerException(String message) {
      super(message);
    }
  }
}
