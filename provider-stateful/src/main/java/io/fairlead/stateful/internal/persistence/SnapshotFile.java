package io.fairlead.stateful.internal.persistence;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of a snapshot, by its name.
 *
 * @param path where it is
 * @param generation the number of its base; a base replaces all files of lower ones
 * @param part the number of the delta; {@link #BASE} for the base
 * @param bytes its length
 */
record SnapshotFile(Path path, long generation, int part, long bytes) {
  static final int BASE = 0;

  /** The order in which they were written. */
  static final Comparator<SnapshotFile> ORDER =
      Comparator.comparingLong(SnapshotFile::generation).thenComparingInt(SnapshotFile::part);

  private static final String TEMPORARY = ".temporary";
  private static final Pattern NAME =
      Pattern.compile("(?:base-(\\d{10,17})|delta-(\\d{10,17})-(\\d{6,9}))\\.snapshot");

  boolean isBase() {
    return part == BASE;
  }

  static String baseName(long generation) {
    return String.format(Locale.ROOT, "base-%010d.snapshot", generation);
  }

  static String deltaName(long generation, int part) {
    return String.format(Locale.ROOT, "delta-%010d-%06d.snapshot", generation, part);
  }

  static String temporaryName(long generation) {
    return baseName(generation) + TEMPORARY;
  }

  static boolean isTemporary(Path path) {
    return path.getFileName().toString().endsWith(".snapshot" + TEMPORARY);
  }

  /** {@return the id of a snapshot that ends with so many states of a file} */
  static String id(long generation, int part, long states) {
    return generation + "-" + part + "-" + states;
  }

  /** {@return the file of this name; empty if it is no name of one} */
  static Optional<SnapshotFile> of(Path path, long bytes) {
    Matcher name = NAME.matcher(path.getFileName().toString());
    if (!name.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        name.group(1) == null
            ? new SnapshotFile(
                path, Long.parseLong(name.group(2)), Integer.parseInt(name.group(3)), bytes)
            : new SnapshotFile(path, Long.parseLong(name.group(1)), BASE, bytes));
  }
}
