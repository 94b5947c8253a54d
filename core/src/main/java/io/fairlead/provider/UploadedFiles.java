package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The files of an upload: the digest of each, and for those to upload, the local model. */
public final class UploadedFiles {
  /**
   * The digest of a file, as a store lists it.
   *
   * @param size its size in bytes
   * @param checksum its checksum, in the store's own form; empty if the store has none of it
   */
  public record Digest(long size, String checksum) {
    public Digest {
      requireNonNull(checksum, "checksum");
    }
  }

  private final SortedMap<String, Digest> digests;
  private final @Nullable LocalModel local;

  private UploadedFiles(Map<String, Digest> digests, @Nullable LocalModel local) {
    this.digests = Collections.unmodifiableSortedMap(new TreeMap<>(digests));
    this.local = local;
  }

  /** {@return the files of a folder in a store} */
  public static UploadedFiles stored(Map<String, Digest> digests) {
    return new UploadedFiles(digests, null);
  }

  /**
   * {@return the files of a local model}
   *
   * @param digest the digest of a file, in the form of the store
   */
  public static UploadedFiles local(LocalModel model, Function<LocalModel.Entry, Digest> digest) {
    SortedMap<String, Digest> digests = new TreeMap<>();
    model.entries().forEach((name, file) -> digests.put(name, digest.apply(file)));
    return new UploadedFiles(digests, model);
  }

  /** {@return each file by its path in the folder} */
  public SortedMap<String, Digest> digests() {
    return digests;
  }

  /** {@return the local model of the files} */
  public LocalModel local() {
    return requireNonNull(local, "local");
  }

  /** {@return the files that another folder lacks, or has with other bytes} */
  public SortedMap<String, Digest> missingIn(UploadedFiles others) {
    SortedMap<String, Digest> missing = new TreeMap<>(digests);
    missing.entrySet().removeAll(others.digests.entrySet());
    return missing;
  }

  /** Compares the digests, not the locations. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof UploadedFiles files && digests.equals(files.digests);
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
