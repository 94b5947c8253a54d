package io.fairlead.engine.internal.natives;

import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.Fingerprint;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import java.util.jar.JarEntry;

/**
 * A native library inside a runtime's jar.
 *
 * @param fileName its file's name
 * @param url where it is
 * @param size its size in bytes
 * @param key a text that differs for another content
 */
public record PackedLibrary(String fileName, URL url, long size, String key) {
  /**
   * {@return a library; empty if the jar has none for this system}
   *
   * @param neighbour a class of the jar, which is not initialised
   * @param folder the folder of the library in the jar, absolute
   */
  public static Optional<PackedLibrary> find(Class<?> neighbour, String folder, String fileName)
      throws IOException {
    URL url = neighbour.getResource(folder + "/" + fileName);
    if (url == null) {
      return Optional.empty();
    }
    URLConnection connection = url.openConnection();
    connection.setUseCaches(false);
    if (connection instanceof JarURLConnection jar) {
      JarEntry entry = jar.getJarEntry();
      jar.getJarFile().close();
      return Optional.of(new PackedLibrary(
          fileName,
          url,
          entry.getSize(),
          Long.toHexString(entry.getCrc()) + "-" + entry.getSize()));
    }
    try (InputStream in = connection.getInputStream()) {
      Fingerprint fingerprint = Fingerprint.of(in);
      return Optional.of(new PackedLibrary(
          fileName, url, connection.getContentLengthLong(), fingerprint.sha256().substring(0, 16)));
    }
  }

  /** {@return its file in a folder, unpacked if it is not there as a whole} */
  public Path unpackInto(Path folder) throws IOException {
    Path target = folder.resolve(fileName);
    if (isThere(target)) {
      return target;
    }
    DiskCache.deleteLeftovers(folder, Instant.now());
    Path part = Files.createTempFile(folder, fileName + ".", ".part");
    try {
      try (InputStream in = open();
          FileChannel out = FileChannel.open(part, StandardOpenOption.WRITE)) {
        in.transferTo(Channels.newOutputStream(out));
        out.force(true);
      }
      NativeFolder.makeExecutable(part);
      try {
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        // Another process has unpacked it, on a system where a loaded library cannot be replaced.
        if (!isThere(target)) {
          throw e;
        }
      }
    } finally {
      Files.deleteIfExists(part);
    }
    return target;
  }

  private InputStream open() throws IOException {
    URLConnection connection = url.openConnection();
    connection.setUseCaches(false);
    return connection.getInputStream();
  }

  private boolean isThere(Path target) throws IOException {
    return Files.isRegularFile(target) && Files.size(target) == size;
  }
}
