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
 * A file's metadata that changes whenever its content does.
 *
 * <p>The modification time of a file can be set, as copying tools do; its change time (ctime) cannot. Without a change
 * time there is no stamp. The stamp of a jar entry includes its CRC.
 *
 * @param text the metadata as text
 * @param size the length of the content
 * @param changed the latest of its times
 * @param taken the time when it was taken
 */
public record Stamp(String text, long size, Instant changed, Instant taken) {
  // A recently changed file may change again within the resolution of its timestamps.
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

  /** {@return the stamp of an entry of a jar on disk; empty for other resources} */
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
