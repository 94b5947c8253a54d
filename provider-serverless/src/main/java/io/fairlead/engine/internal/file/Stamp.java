package io.fairlead.engine.internal.file;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.jar.JarEntry;

/**
 * What changes whenever the content of a file does, and takes no look into it.
 *
 * <p>A file's time of modification can be set, and copying tools do; the time of its last change of any kind cannot.
 * Where a file system has none, there is no stamp. That of a jar's entry has the entry's CRC as well.
 *
 * @param text all of it
 * @param size the length of what it stands for
 * @param changed the latest time in it
 * @param taken when it was taken
 */
public record Stamp(String text, long size, Instant changed, Instant taken) {
  // A file that was changed just before may change again within the resolution of its times.
  private static final Duration SETTLED = Duration.ofSeconds(2);

  public static Optional<Stamp> of(Path file) {
    Instant taken = Instant.now();
    try {
      BasicFileAttributes basic = Files.readAttributes(file, BasicFileAttributes.class);
      Instant modified = basic.lastModifiedTime().toInstant();
      Instant changed = ((FileTime) Files.getAttribute(file, "unix:ctime")).toInstant();
      String text = "size " + basic.size() + " modified " + modified + " changed " + changed
          + " as " + basic.fileKey();
      return Optional.of(
          new Stamp(text, basic.size(), modified.isAfter(changed) ? modified : changed, taken));
    } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  /** {@return the stamp of an entry of a jar on disk; empty for what is somewhere else} */
  public static Optional<Stamp> of(URL url) throws IOException {
    if (!url.getProtocol().equals("jar")) {
      return Optional.empty();
    }
    URLConnection connection = url.openConnection();
    connection.setUseCaches(false);
    if (!(connection instanceof JarURLConnection jar)
        || !jar.getJarFileURL().getProtocol().equals("file")) {
      return Optional.empty();
    }
    JarEntry entry = jar.getJarEntry();
    jar.getJarFile().close();
    if (entry == null || entry.getCrc() < 0 || entry.getSize() < 0) {
      return Optional.empty();
    }
    try {
      return of(Path.of(jar.getJarFileURL().toURI()))
          .map(file -> new Stamp(
              "entry " + entry.getSize() + " " + Long.toHexString(entry.getCrc()) + " in "
                  + file.text(),
              entry.getSize(),
              file.changed(),
              file.taken()));
    } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
      return Optional.empty();
    }
  }

  boolean isSettled() {
    return changed.isBefore(taken.minus(SETTLED));
  }
}
