package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Problems;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A model on this machine, read once: its files, their hashes, and their bytes again for an upload.
 *
 * <p>A file is in the model under its own name, a folder's files under their paths in it, and the code beside them or
 * in a {@linkplain Rules#codeFolder() folder of its own}. Hidden files ({@code .git}, {@code .DS_Store}, {@code .env})
 * and {@code __pycache__} in folders are left out: they are not part of the model, and may be secret. A symbolic link
 * is followed inside the given folder, and refused if it leads out of it.
 *
 * <p>Models are equal if their contents are: the hash covers names, bytes, and, where the rules keep them, executable
 * bits; not dates, owners, or where the files are. It is the same on every machine and in every version of this library
 * since 0.1, because uploads are found by it.
 *
 * <p>A file that changes after it was read is refused with a {@link ErrorKind#CONFLICT} that is not retryable, so that
 * an upload always has the content of its hash.
 */
public final class LocalModel {
  /** The name in the model of weights that are one gzipped tar file already, whatever the name of the file. */
  public static final String TAR_GZ = "model.tar.gz";

  private final Rules rules;
  private final SortedMap<String, Entry> entries;
  private final boolean tarGz;
  private final String sha256;

  private LocalModel(Rules rules, SortedMap<String, Entry> entries, boolean tarGz, String sha256) {
    this.rules = rules;
    this.entries = entries;
    this.tarGz = tarGz;
    this.sha256 = sha256;
  }

  /**
   * The location of a model and the rules by which it is read; reads no file by itself.
   *
   * @param weights a file or a folder
   * @param code a file or a folder that is added to the weights, unless it is among them already
   */
  public record Source(Path weights, Optional<Path> code, Rules rules) {
    public Source {
      requireNonNull(weights, "weights");
      requireNonNull(code, "code");
      requireNonNull(rules, "rules");
    }

    /**
     * Reads all files once.
     *
     * @param listener receives the progress; what it throws ends the reading, and is thrown
     * @throws ServingException of kind {@link ErrorKind#INVALID} if the files do not exist or break a rule, of kind
     *     {@link ErrorKind#CONFLICT} if they change meanwhile
     */
    public LocalModel read(Listener listener) {
      return LocalModel.read(this, requireNonNull(listener, "listener"));
    }
  }

  /**
   * A platform's rules for the files of a model.
   *
   * @param platform the id of the platform, for messages
   * @param codeFolder the folder of the model that code belongs in, such as {@code code}; empty if code is beside the
   *     weights
   * @param longestName the maximum length of the name of a file in the model, in bytes of UTF-8
   * @param keepsExecutableBits whether executable bits are part of the content
   * @param takesTarGz whether weights that are a gzipped tar file, by their bytes, are the whole model
   */
  public record Rules(
      String platform,
      Optional<String> codeFolder,
      int longestName,
      boolean keepsExecutableBits,
      boolean takesTarGz) {
    public Rules {
      requireNonNull(platform, "platform");
      requireNonNull(codeFolder, "codeFolder");
      Problems.in("LocalModel.Rules")
          .check(
              codeFolder.map(folder -> folder.matches("[^/.][^/]*")).orElse(true),
              "codeFolder",
              "must be the name of one folder",
              codeFolder)
          .check(longestName >= 1, "longestName", "must be 1 or more", longestName)
          .throwIfAny();
    }

    /** {@return rules by which code is beside the weights, and a name may have any length} */
    public static Rules of(String platform) {
      return new Rules(platform, Optional.empty(), Integer.MAX_VALUE, false, false);
    }

    public Rules withCodeFolder(String newCodeFolder) {
      return new Rules(
          platform, Optional.of(newCodeFolder), longestName, keepsExecutableBits, takesTarGz);
    }

    public Rules withLongestName(int newLongestName) {
      return new Rules(platform, codeFolder, newLongestName, keepsExecutableBits, takesTarGz);
    }

    public Rules withExecutableBits() {
      return new Rules(platform, codeFolder, longestName, true, takesTarGz);
    }

    public Rules withTarGz() {
      return new Rules(platform, codeFolder, longestName, keepsExecutableBits, true);
    }
  }

  /** A listener to the progress of reading a model. */
  @FunctionalInterface
  public interface Listener {
    /** Called at the beginning, and after each block of a file, with the bytes read so far and the total. */
    void read(long bytes, long of);
  }

  /**
   * One file of a model.
   *
   * @param path its path on this machine
   * @param size its size in bytes
   * @param executable whether its owner may execute it; false if the rules do not keep that
   * @param sha256 the SHA-256 of its bytes, in hexadecimal
   * @param crc32c the CRC-32C of its bytes, by which object stores check an upload
   */
  public record Entry(Path path, long size, boolean executable, String sha256, int crc32c) {}

  private static LocalModel read(Source source, Listener listener) {
    LocalFiles files = LocalFiles.of(source);
    long size =
        files.listed().values().stream().mapToLong(LocalFiles.Listed::size).sum();
    listener.read(0, size);
    SortedMap<String, Entry> entries = new TreeMap<>();
    long before = 0;
    for (Map.Entry<String, LocalFiles.Listed> file : files.listed().entrySet()) {
      long done = before;
      entries.put(
          file.getKey(),
          FileBytes.hash(
              source.rules().platform(),
              file.getValue(),
              read -> listener.read(done + read, size)));
      before += file.getValue().size();
    }
    return new LocalModel(
        source.rules(),
        Collections.unmodifiableSortedMap(entries),
        files.tarGz(),
        sha256(entries, files.tarGz()));
  }

  private static String sha256(SortedMap<String, Entry> entries, boolean tarGz) {
    MessageDigest digest = Sha256.newDigest();
    digest.update((byte) (tarGz ? 1 : 0));
    entries.forEach((name, file) -> {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
      digest.update(bytes);
      digest.update((byte) (file.executable() ? 1 : 0));
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(file.size()).flip());
      digest.update(HexFormat.of().parseHex(file.sha256()));
    });
    return Sha256.hex(digest);
  }

  /** {@return each file by its name in the model, in which folders end with {@code /}, in the order of names} */
  public SortedMap<String, Entry> entries() {
    return entries;
  }

  /** {@return whether its one file, {@link #TAR_GZ}, is a gzipped tar file that the caller made} */
  public boolean isTarGz() {
    return tarGz;
  }

  /** {@return the total size of its files, in bytes} */
  public long size() {
    return entries.values().stream().mapToLong(Entry::size).sum();
  }

  /** {@return the SHA-256 of its content, in hexadecimal} */
  public String sha256() {
    return sha256;
  }

  /**
   * {@return the bytes of a file again}
   *
   * <p>A failure to read is a {@link ServingException} and never an {@link java.io.IOException}, which distinguishes it
   * from a failure to write to the destination. If the file has changed, the stream ends with a {@link
   * ErrorKind#CONFLICT} before its last bytes.
   *
   * @throws IllegalArgumentException if there is no such file in the model
   */
  public InputStream open(String name) {
    @Nullable Entry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("The model has no file " + name);
    }
    return FileBytes.again(rules.platform(), entry);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LocalModel model && sha256.equals(model.sha256);
  }

  @Override
  public int hashCode() {
    return sha256.hashCode();
  }

  @Override
  public String toString() {
    return entries.size() + (entries.size() == 1 ? " file of " : " files of ") + size()
        + " bytes, SHA-256 " + sha256;
  }
}
