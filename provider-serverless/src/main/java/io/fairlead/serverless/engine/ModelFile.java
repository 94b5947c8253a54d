package io.fairlead.serverless.engine;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One file of a model, as it was when its hash was taken: on disk, or a resource that is in memory. */
final class ModelFile {
  private final String location;
  private final long size;
  private final Fingerprint fingerprint;
  private final @Nullable Path path;
  private final @Nullable FileTime modified;
  private final byte @Nullable [] bytes;

  private ModelFile(
      String location,
      long size,
      Fingerprint fingerprint,
      @Nullable Path path,
      @Nullable FileTime modified,
      byte @Nullable [] bytes) {
    this.location = location;
    this.size = size;
    this.fingerprint = fingerprint;
    this.path = path;
    this.modified = modified;
    this.bytes = bytes;
  }

  static ModelFile onDisk(Path path) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    try (InputStream in = Files.newInputStream(path)) {
      return new ModelFile(
          path.toString(), attributes.size(), Fingerprint.of(in), path, attributes.lastModifiedTime(), null);
    }
  }

  static ModelFile inMemory(String location, byte[] bytes) throws IOException {
    return new ModelFile(
        location, bytes.length, Fingerprint.of(new ByteArrayInputStream(bytes)), null, null, bytes);
  }

  /** {@return its name without the folder} */
  String fileName() {
    return location.substring(Math.max(location.lastIndexOf('/'), location.lastIndexOf('\\')) + 1);
  }

  /** {@return its name without folder and extension} */
  String stem() {
    String name = fileName();
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  long size() {
    return size;
  }

  Fingerprint fingerprint() {
    return fingerprint;
  }

  /** {@return where it is on disk; empty for a resource} */
  Optional<Path> path() {
    return Optional.ofNullable(path);
  }

  byte[] bytes() throws IOException {
    if (bytes != null) {
      return bytes;
    }
    return Files.readAllBytes(path().orElseThrow());
  }

  /** {@return whether it still looks as it did when its hash was taken} */
  boolean isUnchanged() throws IOException {
    if (path == null) {
      return true;
    }
    BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
    return now.size() == size && now.lastModifiedTime().equals(modified);
  }

  /** {@return whether it was last written before then, so that the next change gives it another time} */
  boolean isSettled(Instant then) {
    return modified == null || modified.toInstant().isBefore(then);
  }

  /** {@return its location and size, to begin a sentence with} */
  @Override
  public String toString() {
    return "'" + location + "' (" + size + " bytes)";
  }
}
