package io.fairlead.vertex.internal.storage;

import static java.util.Objects.requireNonNull;

import io.fairlead.provider.LocalModel;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The files of a model's directory: the digest of each, and for those to upload, the local model. */
final class ArtifactFiles {
  /**
   * The digest of a file, as Cloud Storage reports it.
   *
   * @param size its size in bytes
   * @param crc32c its checksum, big-endian and in Base64
   */
  record Digest(long size, String crc32c) {
    static Digest of(LocalModel.Entry file) {
      byte[] checksum = ByteBuffer.allocate(Integer.BYTES).putInt(file.crc32c()).array();
      return new Digest(file.size(), Base64.getEncoder().encodeToString(checksum));
    }
  }

  private final SortedMap<String, Digest> digests;
  private final @Nullable LocalModel local;

  private ArtifactFiles(Map<String, Digest> digests, @Nullable LocalModel local) {
    this.digests = Collections.unmodifiableSortedMap(new TreeMap<>(digests));
    this.local = local;
  }

  /** {@return the files of a directory in a bucket} */
  static ArtifactFiles stored(Map<String, Digest> digests) {
    return new ArtifactFiles(digests, null);
  }

  /** {@return the files of a local model} */
  static ArtifactFiles local(LocalModel model) {
    SortedMap<String, Digest> digests = new TreeMap<>();
    model.entries().forEach((name, file) -> digests.put(name, Digest.of(file)));
    return new ArtifactFiles(digests, model);
  }

  /** {@return each file by its path in the directory} */
  SortedMap<String, Digest> digests() {
    return digests;
  }

  /** {@return the local model of the files} */
  LocalModel local() {
    return requireNonNull(local, "local");
  }

  /** {@return the files that another directory lacks, or has with other bytes} */
  SortedMap<String, Digest> missingIn(ArtifactFiles others) {
    SortedMap<String, Digest> missing = new TreeMap<>(digests);
    missing.entrySet().removeAll(others.digests.entrySet());
    return missing;
  }

  /** Compares the digests, not the locations. */
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
