package io.fairlead.vertex;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.CRC32C;

/**
 * A model's files on this machine, by their names below its directory.
 *
 * @param hash the SHA-256 of all names and contents
 * @param files the files
 */
record LocalFiles(String hash, SortedMap<String, LocalFile> files) {
  private static final int BUFFER = 1 << 16;
  private static final int LONGEST_NAME = 900;

  /**
   * A file.
   *
   * @param path where it is
   * @param stored what it is as an object
   */
  record LocalFile(Path path, StoredFile stored) {}

  /**
   * A file as Cloud Storage tells it.
   *
   * @param size in bytes
   * @param crc32c the checksum, as Base64 of its four bytes
   */
  record StoredFile(long size, String crc32c) {}

  /** Remembers what was read, until a file is another one: reading is most of what a plan takes. */
  static final class Cache {
    private record Stamped(List<String> stamp, LocalFiles files) {}

    private final Map<List<Path>, Stamped> known = new ConcurrentHashMap<>();

    /** {@return the files of a model, and of its code if that is in another place} */
    LocalFiles of(Path weights, Optional<Path> code) {
      List<Path> roots = Stream.concat(Stream.of(weights), code.stream()).toList();
      SortedMap<String, Path> paths = paths(roots);
      List<String> stamp = paths.entrySet().stream()
          .map(file -> file.getKey() + " " + stamp(file.getValue()))
          .toList();
      Stamped last = known.get(roots);
      if (last != null && last.stamp().equals(stamp)) {
        return last.files();
      }
      LocalFiles files = read(paths);
      known.put(roots, new Stamped(stamp, files));
      return files;
    }

    private static String stamp(Path file) {
      try {
        return Files.size(file) + " " + Files.getLastModifiedTime(file);
      } catch (IOException e) {
        throw unreadable(file, e);
      }
    }
  }

  private static SortedMap<String, Path> paths(List<Path> roots) {
    SortedMap<String, Path> paths = new TreeMap<>();
    for (Path root : roots) {
      if (!Files.exists(root)) {
        throw invalid(
            "The model's files " + root
                + " are not there. Deploying needs them; taking down does not: undeployAll takes down what they were deployed to");
      }
      boolean isFile = Files.isRegularFile(root);
      try (Stream<Path> below = Files.walk(root, FileVisitOption.FOLLOW_LINKS)) {
        for (Path file : (Iterable<Path>) below.filter(Files::isRegularFile)::iterator) {
          String name =
              isFile ? String.valueOf(root.getFileName()) : slashed(root.relativize(file));
          Path other = paths.put(name, file);
          if (other != null) {
            throw invalid("Weights and code both have a file " + name + " (" + other + " and "
                + file + "), and Vertex AI has one directory for both: rename one");
          }
          checkName(name);
        }
      } catch (IOException e) {
        throw unreadable(root, e);
      }
    }
    if (paths.isEmpty()) {
      throw invalid("The model's folder " + roots.get(0) + " has no files");
    }
    return paths;
  }

  private static String slashed(Path relative) {
    return StreamSupport.stream(relative.spliterator(), false)
        .map(Path::toString)
        .collect(Collectors.joining("/"));
  }

  private static void checkName(String name) {
    boolean wrong = name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME
        || name.chars().anyMatch(Character::isISOControl);
    if (wrong) {
      throw invalid("The file name " + name.strip() + " must be at most " + LONGEST_NAME
          + " bytes and have no control characters, to be an object's");
    }
  }

  private static LocalFiles read(SortedMap<String, Path> paths) {
    MessageDigest whole = sha256();
    SortedMap<String, LocalFile> files = new TreeMap<>();
    paths.forEach((name, path) -> {
      MessageDigest digest = sha256();
      CRC32C checksum = new CRC32C();
      long size = 0;
      byte[] buffer = new byte[BUFFER];
      try (InputStream in = Files.newInputStream(path)) {
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          digest.update(buffer, 0, count);
          checksum.update(buffer, 0, count);
          size += count;
        }
      } catch (IOException e) {
        throw unreadable(path, e);
      }
      byte[] title = name.getBytes(StandardCharsets.UTF_8);
      whole.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, title.length));
      whole.update(title);
      whole.update(digest.digest());
      files.put(name, new LocalFile(path, new StoredFile(size, text(checksum))));
    });
    return new LocalFiles(
        HexFormat.of().formatHex(whole.digest()), Collections.unmodifiableSortedMap(files));
  }

  private static String text(CRC32C checksum) {
    byte[] sum =
        ByteBuffer.allocate(Integer.BYTES).putInt((int) checksum.getValue()).array();
    return Base64.getEncoder().encodeToString(sum);
  }

  /**
   * {@return the content of a file that is still as it was}
   *
   * @throws ServingException if it is not: what is uploaded has to be what its name says
   */
  static byte[] unchanged(LocalFile file) throws IOException {
    byte[] content = Files.readAllBytes(file.path());
    CRC32C checksum = new CRC32C();
    checksum.update(content);
    if (!text(checksum).equals(file.stored().crc32c())) {
      throw new ServingException(
          VertexOptionsProvider.PLATFORM,
          ErrorKind.INVALID,
          "The model's file " + file.path()
              + " was changed while it was uploaded: deploy again once nothing writes to it");
    }
    return content;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static ServingException invalid(String message) {
    return new ServingException(VertexOptionsProvider.PLATFORM, ErrorKind.INVALID, message);
  }

  private static ServingException unreadable(Path path, IOException cause) {
    return new ServingException(
        VertexOptionsProvider.PLATFORM,
        ErrorKind.INVALID,
        "The model's file " + path + " cannot be read: " + cause,
        cause);
  }
}
