package io.fairlead.engine.internal.file;

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
import org.jspecify.annotations.Nullable;

/** One file of a model, with the hash and the stamp of its content. */
public abstract class ModelFile {
  private final String location;
  private final long size;
  private final Fingerprint fingerprint;

  private ModelFile(String location, long size, Fingerprint fingerprint) {
    this.location = location;
    this.size = size;
    this.fingerprint = fingerprint;
  }

  public static ModelFile onDisk(Path path, String shown, Fingerprints known) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    String location = path.toString();
    Stamp stamp = Stamp.of(path).orElse(null);
    Fingerprint fingerprint = find(known, location, stamp).orElse(null);
    if (fingerprint == null) {
      try (InputStream in = Files.newInputStream(path)) {
        fingerprint = Fingerprint.of(in);
      }
      keep(known, location, stamp, fingerprint);
    }
    return new OnDisk(path, shown, attributes, stamp, fingerprint);
  }

  public static ModelFile resource(String name, URL url, Fingerprints known) throws IOException {
    Stamp stamp = Stamp.of(url).orElse(null);
    Fingerprint fingerprint = find(known, url.toString(), stamp).orElse(null);
    if (stamp != null && fingerprint != null) {
      return new Resource(name, url, stamp.size(), new WeakReference<>(null), fingerprint);
    }
    byte[] bytes = Resource.read(url);
    fingerprint = Fingerprint.of(new ByteArrayInputStream(bytes));
    keep(known, url.toString(), stamp, fingerprint);
    return new Resource(name, url, bytes.length, new WeakReference<>(bytes), fingerprint);
  }

  private static Optional<Fingerprint> find(
      Fingerprints known, String location, @Nullable Stamp stamp) {
    return stamp == null ? Optional.empty() : known.find(location, stamp.text());
  }

  private static void keep(
      Fingerprints known, String location, @Nullable Stamp stamp, Fingerprint fingerprint) {
    if (stamp != null && stamp.isSettled()) {
      known.keep(location, stamp.text(), fingerprint);
    }
  }

  /** {@return its name without the folder} */
  public String fileName() {
    return location.replaceFirst(".*[/\\\\:]", "");
  }

  /** {@return its name without folder and extension} */
  public String stem() {
    String name = fileName();
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  /** {@return its location as in the artifact} */
  public String location() {
    return location;
  }

  public long size() {
    return size;
  }

  public Fingerprint fingerprint() {
    return fingerprint;
  }

  /** {@return its path on disk; empty for a resource} */
  public abstract Optional<Path> path();

  public abstract byte[] bytes() throws IOException;

  /** {@return a stream of its bytes} */
  public abstract InputStream open() throws IOException;

  /** {@return whether its stamp is still the same} */
  public abstract boolean isUnchanged() throws IOException;

  /** {@return whether it was last written before a time, so that a further change changes its stamp} */
  public abstract boolean isSettled(Instant then);

  /** {@return its location and size, for the start of a message} */
  @Override
  public String toString() {
    return "'" + location + "' (" + size + " bytes)";
  }

  private static final class OnDisk extends ModelFile {
    private final Path path;
    private final FileTime modified;
    private final @Nullable Stamp stamp;

    OnDisk(
        Path path,
        String shown,
        BasicFileAttributes attributes,
        @Nullable Stamp stamp,
        Fingerprint fingerprint) {
      super(shown, attributes.size(), fingerprint);
      this.path = path;
      this.modified = attributes.lastModifiedTime();
      this.stamp = stamp;
    }

    @Override
    public Optional<Path> path() {
      return Optional.of(path);
    }

    @Override
    public byte[] bytes() throws IOException {
      return Files.readAllBytes(path);
    }

    @Override
    public InputStream open() throws IOException {
      return Files.newInputStream(path);
    }

    @Override
    public boolean isUnchanged() throws IOException {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      if (now.size() != size() || !now.lastModifiedTime().equals(modified)) {
        return false;
      }
      // Copying tools may keep the modification time.
      return stamp == null
          || Stamp.of(path).map(Stamp::text).filter(stamp.text()::equals).isPresent();
    }

    @Override
    public boolean isSettled(Instant then) {
      return modified.toInstant().isBefore(then);
    }
  }

  private static final class Resource extends ModelFile {
    private final URL url;
    // Usually a load follows at once, which then need not inflate the bytes again.
    private final WeakReference<byte @Nullable []> lately;

    Resource(
        String name,
        URL url,
        long size,
        WeakReference<byte @Nullable []> lately,
        Fingerprint fingerprint) {
      super("classpath:" + name, size, fingerprint);
      this.url = url;
      this.lately = lately;
    }

    static byte[] read(URL url) throws IOException {
      URLConnection connection = url.openConnection();
      // The cache would keep the jar open forever.
      connection.setUseCaches(false);
      try (InputStream in = connection.getInputStream()) {
        return in.readAllBytes();
      }
    }

    @Override
    public Optional<Path> path() {
      return Optional.empty();
    }

    @Override
    public byte[] bytes() throws IOException {
      byte[] bytes = lately.get();
      return bytes == null ? read(url) : bytes;
    }

    @Override
    public InputStream open() throws IOException {
      return new ByteArrayInputStream(bytes());
    }

    @Override
    public boolean isUnchanged() {
      return true;
    }

    @Override
    public boolean isSettled(Instant then) {
      return true;
    }
  }
}
