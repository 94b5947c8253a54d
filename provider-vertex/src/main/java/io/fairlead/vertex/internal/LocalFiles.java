package io.fairlead.vertex.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.internal.ArtifactFiles.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Models on this machine as the one directory that Vertex AI hands to a container, each read once for as long as its
 * files keep their size and time.
 *
 * <p>A file is in the directory under its own name, a folder's files under their paths in it; those of the code are added
 * to those of the weights.
 *
 * <p>In folders, what is hidden ({@code .git}, {@code .DS_Store}, {@code .env}) and {@code __pycache__} stay out: what
 * they hold is not the model's, and may be secret. A symbolic link is followed inside the folder that was given, and
 * refused where it leads out of it.
 */
final class LocalFiles {
  private static final String PLATFORM = VertexProvider.ID;
  private static final String CACHE = "__pycache__";
  private static final int BUFFER = 1 << 16;
  /** Cloud Storage takes names of 1024 bytes, of which the key before it takes some. */
  private static final int LONGEST_NAME = 900;

  private final Map<List<Path>, Known> known = new ConcurrentHashMap<>();

  /** One file, as the file system tells it. */
  private record Local(Path path, long size, FileTime modified) {}

  private record Known(SortedMap<String, Local> listed, String hash, ArtifactFiles files) {}

  /**
   * A directory.
   *
   * @param hash the SHA-256 of the paths and bytes in it, in hexadecimal
   */
  record Directory(String hash, ArtifactFiles files) {}

  /**
   * Lists the files, and reads those that it does not know.
   *
   * @param code a file or a folder; what is the same as the weights, or in their folder, is not added again
   * @throws ServingException of kind {@link ErrorKind#INVALID} if they cannot be one directory
   */
  Directory of(Path weights, Optional<Path> code) {
    Path model = real(weights);
    Optional<Path> added = code.map(LocalFiles::real).filter(path -> !path.startsWith(model));
    SortedMap<String, Local> listed = new TreeMap<>();
    collect(listed, model);
    added.ifPresent(path -> collect(listed, path));
    if (listed.isEmpty()) {
      throw invalid("The folder " + weights + " has no file in it, not counting hidden ones and "
          + CACHE + ". Give the folder in which the model's files are.");
    }
    List<Path> key = added.isPresent() ? List.of(model, added.get()) : List.of(model);
    Known last = known.get(key);
    if (last == null || !last.listed().equals(listed)) {
      last = read(listed);
      known.put(key, last);
    }
    return new Directory(last.hash(), last.files());
  }

  // ---- listing ----

  private static void collect(Map<String, Local> files, Path path) {
    if (Files.isDirectory(path)) {
      walk(files, "", path, path, List.of(path));
    } else {
      put(files, String.valueOf(path.getFileName()), path);
    }
  }

  /** Lists a folder that is in {@code root}, or {@code root} itself; {@code above} are those that it is in. */
  private static void walk(
      Map<String, Local> files, String prefix, Path folder, Path root, List<Path> above) {
    for (Path listed : children(folder)) {
      String name = listed.getFileName().toString();
      Path path = Files.isSymbolicLink(listed) ? target(listed, root) : listed;
      if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        put(files, prefix + name, path);
      } else if (above.contains(path)) {
        throw invalid("The symbolic link " + listed + " leads to " + path
            + ", in which it is itself. Remove the link.");
      } else {
        List<Path> around = new ArrayList<>(above);
        around.add(path);
        walk(files, prefix + name + "/", path, root, around);
      }
    }
  }

  private static List<Path> children(Path folder) {
    try (DirectoryStream<Path> children = Files.newDirectoryStream(folder, LocalFiles::isWanted)) {
      List<Path> all = new ArrayList<>();
      children.forEach(all::add);
      return all;
    } catch (DirectoryIteratorException e) {
      throw unreadable(folder, e);
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }

  private static boolean isWanted(Path path) {
    String name = path.getFileName().toString();
    return !name.startsWith(".") && !name.equals(CACHE);
  }

  private static Path target(Path link, Path root) {
    Path target;
    try {
      target = link.toRealPath();
    } catch (IOException e) {
      throw new ServingException(
          PLATFORM,
          ErrorKind.INVALID,
          "The symbolic link " + link
              + " leads nowhere. Remove the link, or what it is to name has to be there.",
          e);
    }
    if (!target.startsWith(root)) {
      throw invalid("The symbolic link " + link + " leads out of " + root + ", to " + target
          + ". Copy what it leads to into the folder, such as with cp -rL.");
    }
    return target;
  }

  private static void put(Map<String, Local> files, String name, Path path) {
    if (name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME
        || name.chars().anyMatch(Character::isISOControl)) {
      throw invalid("The file " + path
          + " cannot be uploaded under its name: Cloud Storage takes " + LONGEST_NAME
          + " bytes without control characters. Rename it.");
    }
    Local added = local(path);
    Local there = files.put(name, added);
    if (there != null && !there.path().equals(path)) {
      throw invalid("The model has two files " + name + ", " + there.path() + " of the weights and "
          + path + " of the code, and both are to be in one directory. Rename one of them.");
    }
  }

  private static Local local(Path path) {
    try {
      BasicFileAttributes is =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!is.isRegularFile()) {
        throw invalid("The file " + path
            + " is neither a regular file nor a folder, so it cannot be uploaded. Remove it.");
      }
      return new Local(path, is.size(), is.lastModifiedTime());
    } catch (NoSuchFileException e) {
      throw changed(path, e);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (NoSuchFileException e) {
      throw new ServingException(
          PLATFORM,
          ErrorKind.INVALID,
          "The model's files " + path
              + " are not there. Deploying needs them; taking down does not: undeployAll takes down"
              + " what they were deployed to, also from elsewhere.",
          e);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  // ---- reading ----

  private static Known read(SortedMap<String, Local> listed) {
    MessageDigest hash = sha256();
    Map<String, Digest> digests = new TreeMap<>();
    Map<String, Path> paths = new TreeMap<>();
    listed.forEach((name, file) -> {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      hash.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
      hash.update(bytes);
      hash.update(ByteBuffer.allocate(Long.BYTES).putLong(file.size()).flip());
      digests.put(name, read(file, hash));
      paths.put(name, file.path());
    });
    return new Known(
        listed, HexFormat.of().formatHex(hash.digest()), ArtifactFiles.local(digests, paths));
  }

  private static Digest read(Local file, MessageDigest hash) {
    CRC32C checksum = new CRC32C();
    byte[] buffer = new byte[BUFFER];
    long size = 0;
    try (InputStream in = open(file.path())) {
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        hash.update(buffer, 0, length);
        checksum.update(buffer, 0, length);
        size += length;
      }
    } catch (IOException e) {
      throw unreadable(file.path(), e);
    }
    if (size != file.size()) {
      throw changed(file.path(), null);
    }
    return new Digest(size, base64(checksum));
  }

  /** Opens a file that was listed. */
  static InputStream open(Path path) throws IOException {
    try {
      return Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      throw changed(path, e);
    }
  }

  /** {@return a checksum as Cloud Storage writes it} */
  static String base64(CRC32C checksum) {
    return Base64.getEncoder()
        .encodeToString(
            ByteBuffer.allocate(Integer.BYTES).putInt((int) checksum.getValue()).array());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  // ---- failures ----

  private static ServingException invalid(String message) {
    return new ServingException(PLATFORM, ErrorKind.INVALID, message);
  }

  /** {@return that a file is not as it was listed, which trying the same again does not mend} */
  static ServingException changed(Path path, @Nullable Throwable cause) {
    return ServingException.builder(
            PLATFORM,
            ErrorKind.CONFLICT,
            "The file " + path
                + " was changed while the model was read. Deploy again once nothing writes to it.")
        .retryable(false)
        .cause(cause)
        .build();
  }

  static ServingException unreadable(Path path, Exception cause) {
    ErrorKind kind = cause instanceof AccessDeniedException ? ErrorKind.INVALID : ErrorKind.UNKNOWN;
    return new ServingException(
        PLATFORM, kind, "The file " + path + " cannot be read: " + cause, cause);
  }
}
