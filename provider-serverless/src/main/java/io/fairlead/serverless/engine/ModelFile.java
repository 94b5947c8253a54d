package io.fairlead.serverless.engine;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Optional;

/** One file of a model, as it was when its hash was taken. */
abstract class ModelFile {
  private final String location;
  private final long size;
  private final Fingerprint fingerprint;

  private ModelFile(String location, long size, Fingerprint fingerprint) {
    this.location = location;
    this.size = size;
    this.fingerprint = fingerprint;
  }

  static ModelFile onDisk(Path path) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    try (InputStream in = Files.newInputStream(path)) {
      return new OnDisk(path, attributes, Fingerprint.of(in));
    }
  }

  static ModelFile resource(String name, URL url) throws IOException {
    byte[] bytes = Resource.read(url);
    return new Resource(name, url, bytes, Fingerprint.of(new ByteArrayInputStream(bytes)));
  }

  /** {@return its name without the folder} */
  String fileName() {
    return location.replaceFirst(".*[/\\\\:]", "");
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
  abstract Optional<Path> path();

  abstract byte[] bytes() throws IOException;

  /** {@return whether it still looks as it did when its hash was taken} */
  abstract boolean isUnchanged() throws IOException;

  /** {@return whether it was last written before then, so that the next change gives it another time} */
  abstract boolean isSettled(Instant then);

  /** {@return its location and size, to begin a sentence with} */
  @Override
  public String toString() {
    return "'" + location + "' (" + size + " bytes)";
  }

  private static final class OnDisk extends ModelFile {
    private final Path path;
    private final FileTime modified;

    OnDisk(Path path, BasicFileAttributes attributes, Fingerprint fingerprint) {
      super(path.toString(), attributes.size(), fingerprint);
      this.path = path;
      this.modified = attributes.lastModifiedTime();
    }

    @Override
    Optional<Path> path() {
      return Optional.of(path);
    }

    @Override
    byte[] bytes() throws IOException {
      return Files.readAllBytes(path);
    }

    @Override
    boolean isUnchanged() throws IOException {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      return now.size() == size() && now.lastModifiedTime().equals(modified);
    }

    @Override
    boolean isSettled(Instant then) {
      return modified.toInstant().isBefore(then);
    }
  }

  private static final class Resource extends ModelFile {
    private final URL url;
    // A load follows the digest at once, as a rule, and then needs not inflate the bytes again.
    private final WeakReference<byte[]> lately;

    Resource(String name, URL url, byte[] bytes, Fingerprint fingerprint) {
      super("classpath:" + name, bytes.length, fingerprint);
      this.url = url;
      this.lately = new WeakReference<>(bytes);
    }

    static byte[] read(URL url) throws IOException {
      URLConnection connection = url.openConnection();
      // The cache would keep the jar open for good.
      connection.setUseCaches(false);
      try (InputStream in = connection.getInputStream()) {
        return in.readAllBytes();
      }
    }

    @Override
    Optional<Path> path() {
      return Optional.empty();
    }

    @Override
    byte[] bytes() throws IOException {
      byte[] bytes = lately.get();
      return bytes == null ? read(url) : bytes;
    }

    @Override
    boolean isUnchanged() {
      return true;
    }

    @Override
    boolean isSettled(Instant then) {
      return true;
    }
  }
}
