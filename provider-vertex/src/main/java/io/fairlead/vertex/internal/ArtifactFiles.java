package io.fairlead.vertex.internal;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The files of a model's directory: what each consists of, and for those to upload, where it is on this machine. */
final class ArtifactFiles {
  /**
   * What a file consists of, as Cloud Storage tells it.
   *
   * @param size how many bytes it has
   * @param crc32c its checksum, big-endian and in Base64
   */
  record Digest(long size, String crc32c) {}

  private final SortedMap<String, Digest> digests;
  private final Map<String, Path> paths;

  private ArtifactFiles(Map<String, Digest> digests, Map<String, Path> paths) {
    this.digests = Collections.unmodifiableSortedMap(new TreeMap<>(digests));
    this.paths = Map.copyOf(paths);
  }

  /** {@return files that are in a bucket} */
  static ArtifactFiles stored(Map<String, Digest> digests) {
    return new ArtifactFiles(digests, Map.of());
  }

  /** {@return files of this machine, of the same names in both maps} */
  static ArtifactFiles local(Map<String, Digest> digests, Map<String, Path> paths) {
    return new ArtifactFiles(digests, paths);
  }

  /** {@return each file by its path in the directory} */
  SortedMap<String, Digest> digests() {
    return digests;
  }

  /** {@return where a file is on this machine} */
  Path path(String name) {
    return requireNonNull(paths.get(name), name);
  }

  /** {@return those of these that another directory does not have, or has with other bytes} */
  SortedMap<String, Digest> missingIn(ArtifactFiles others) {
    SortedMap<String, Digest> missing = new TreeMap<>(digests);
    missing.entrySet().removeAll(others.digests.entrySet());
    return missing;
  }

  /** Compares what the files consist of, and not where they are. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ArtifactFiles files && digests.equals(files.digests);
  }

  @Override
  public int hashCode() {
    return digests.hashCode();
  }

  @Override
  public String toString() {
    long bytes = digests.values().stream().mapToLong(Digest::size).sum();
    return digests.size() + (digests.size() == 1 ? " file of " : " files of ") + bytes + " bytes";
  }
}
