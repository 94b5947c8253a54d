package io.fairlead.serverless.internal.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.FolderLock;
import io.fairlead.provider.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * A jar, or a folder of classes, in an executable jar, which a process without the executable jar's own class loader
 * cannot read.
 *
 * @param outer the executable jar
 * @param entry the path of the jar in it, or of the folder, which ends with a slash
 */
record NestedJar(Path outer, String entry) {
  private static final String JAR = ".jar";
  private static final String NESTED = "jar:nested:";
  private static final String FILE = "jar:file:";
  private static final long KEPT_BYTES = 8L << 30;
  private static final Duration IN_USE = Duration.ofDays(1);

  /**
   * {@return what is meant by the location of a class, such as {@code jar:nested:/app.jar/!BOOT-INF/lib/a.jar!/}, or
   * {@code jar:file:/app.jar!/BOOT-INF/classes!/} before Spring Boot 3.2; empty if it is no such location}
   */
  static Optional<NestedJar> of(String location) {
    if (location.startsWith(NESTED)) {
      int end = location.indexOf("/!");
      return end < 0
          ? Optional.empty()
          : of(
              Path.of(URLDecoder.decode(
                  location.substring(NESTED.length(), end).replace("+", "%2B"), UTF_8)),
              location.substring(end + 2));
    }
    int end = location.indexOf("!/");
    return location.startsWith(FILE) && end > 0
        ? of(
            Path.of(URI.create(location.substring("jar:".length(), end))),
            location.substring(end + 2))
        : Optional.empty();
  }

  private static Optional<NestedJar> of(Path outer, String rest) {
    String entry = rest.replaceFirst("!/$", "");
    if (entry.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new NestedJar(outer, entry.endsWith(JAR) || entry.endsWith("/") ? entry : entry + "/"));
  }

  /** The copies of nested jars as files, in a folder that processes share and keep between their runs. */
  static final class Cache {
    private final Path folder;
    private final DiskCache cache;
    private final Map<Path, String> digests = new ConcurrentHashMap<>();

    Cache(Path folder) {
      this.folder = folder.toAbsolutePath();
      this.cache = new DiskCache(this.folder, KEPT_BYTES, IN_USE, InstantSource.system());
    }

    /** {@return the copy of a jar, or of a folder as a jar; made if necessary} */
    Path file(NestedJar nested) throws IOException {
      String key = Sha256.of((digest(nested.outer()) + ' ' + nested.entry()).getBytes(UTF_8));
      String name = nested.entry().replaceFirst("/$", "");
      name = name.substring(name.lastIndexOf('/') + 1);
      Path file = cache.entry(key).resolve(name.endsWith(JAR) ? name : name + JAR);
      return FolderLock.holding(folder, key, () -> {
        try (ZipFile jar = new ZipFile(nested.outer().toFile())) {
          if (isWhole(file, nested, jar)) {
            cache.touch(key);
          } else {
            cache.keepFolder(key, part -> nested.write(jar, part.resolve(file.getFileName())));
          }
        }
        return file;
      });
    }

    private static boolean isWhole(Path file, NestedJar nested, ZipFile jar) throws IOException {
      if (!Files.isRegularFile(file)) {
        return false;
      }
      ZipEntry entry = jar.getEntry(nested.entry());
      return nested.isFolder() || entry == null || Files.size(file) == entry.getSize();
    }

    private String digest(Path jar) throws IOException {
      String known = digests.get(jar);
      if (known == null) {
        MessageDigest digest = Sha256.newDigest();
        try (InputStream in = new DigestInputStream(Files.newInputStream(jar), digest)) {
          in.transferTo(OutputStream.nullOutputStream());
        }
        known = Sha256.hex(digest);
        digests.put(jar, known);
      }
      return known;
    }
  }

  private boolean isFolder() {
    return entry.endsWith("/");
  }

  private void write(ZipFile jar, Path file) throws IOException {
    if (isFolder()) {
      writeFolder(jar, file);
      return;
    }
    ZipEntry found = jar.getEntry(entry);
    if (found == null) {
      throw new NoSuchFileException(outer + "!/" + entry);
    }
    try (InputStream in = jar.getInputStream(found)) {
      Files.copy(in, file);
    }
  }

  private void writeFolder(ZipFile jar, Path file) throws IOException {
    List<ZipEntry> entries = new ArrayList<>(jar.stream()
        .filter(one -> one.getName().startsWith(entry) && !one.isDirectory())
        .toList());
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
      for (ZipEntry one : entries) {
        out.putNextEntry(new ZipEntry(one.getName().substring(entry.length())));
        try (InputStream in = jar.getInputStream(one)) {
          in.transferTo(out);
        }
        out.closeEntry();
      }
    }
  }
}
