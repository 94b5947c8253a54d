package io.fairlead.engine.internal.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.Fingerprint;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.jar.JarEntry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ONNX Runtime's native libraries, unpacked once per user instead of once per process.
 *
 * <p>ONNX Runtime itself unpacks them into a new temporary folder each time, which takes longer than loading a small
 * model and is left behind when the process is killed. It does so when its first class is initialised; this class has
 * to be used before. It does nothing if the user has set one of the {@code onnxruntime.native.} properties. The
 * temporary folder, which ONNX Runtime creates in any case, is deleted as soon as the libraries are loaded.
 */
public final class OnnxLibrary {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxLibrary.class);
  private static final String PROPERTIES = "onnxruntime.native.";
  private static final String FOLDER_PROPERTY = PROPERTIES + "path";
  private static final String CLAIMED = "fairlead.onnxruntime.loaded.";
  private static final List<String> REQUIRED = List.of("onnxruntime", "onnxruntime4j_jni");
  // ONNX Runtime looks for these in the folder of the main library; which ones exist depends on the
  // system and the jar.
  private static final List<String> OPTIONAL = List.of(
      "onnxruntime_providers_shared",
      "onnxruntime_providers_cuda",
      "onnxruntime_providers_tensorrt",
      "webgpu_dawn",
      "dxil",
      "dxcompiler");
  private static final ReentrantLock LOCK = new ReentrantLock();
  private static @Nullable OrtEnvironment environment;

  private OnnxLibrary() {}

  /** {@return ONNX Runtime, initialised from the cache folder if it was not initialised before} */
  public static OrtEnvironment environment(Path cacheFolder) {
    LOCK.lock();
    try {
      if (environment == null) {
        environment = initialise(cacheFolder);
        keepAtShutdown();
        deleteTemporaryFolder();
      }
      return environment;
    } finally {
      LOCK.unlock();
    }
  }

  private static OrtEnvironment initialise(Path cacheFolder) {
    boolean leftAlone = System.getProperties().stringPropertyNames().stream()
        .anyMatch(key -> key.startsWith(PROPERTIES));
    Path folder = leftAlone
        ? null
        : unpacked(cacheFolder).filter(OnnxLibrary::isFirstToLoad).orElse(null);
    if (folder == null) {
      return OrtEnvironment.getEnvironment();
    }
    System.setProperty(FOLDER_PROPERTY, folder.toString());
    try {
      return OrtEnvironment.getEnvironment();
    } finally {
      // Another class loader may hold another version of ONNX Runtime, which must not find this
      // one's library.
      System.clearProperty(FOLDER_PROPERTY);
    }
  }

  /**
   * Takes a second reference to ONNX Runtime's native environment, which is never released.
   *
   * <p>ONNX Runtime releases its own in a shutdown hook, even while a daemon thread or a hook that drains requests is
   * creating a session. That crashes the JVM almost each time.
   */
  private static void keepAtShutdown() {
    try {
      Field api = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("ortApiHandle");
      api.setAccessible(true);
      Method create = OrtEnvironment.class.getDeclaredMethod(
          "createHandle", long.class, int.class, String.class);
      create.setAccessible(true);
      Object reference = create.invoke(
          null, api.get(null), OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING.getValue(), "fairlead");
      LOG.debug("ONNX Runtime's environment stays to the end ({})", reference);
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.warn(
          "This version of ONNX Runtime cannot be kept alive at shutdown: a process that exits during a load may"
              + " crash",
          e);
    }
  }

  /** Deletes the temporary folder; ONNX Runtime itself only deletes it at an orderly exit of the JVM. */
  private static void deleteTemporaryFolder() {
    try {
      Field field = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("tempDirectory");
      field.setAccessible(true);
      if (field.get(null) instanceof Path folder) {
        // Libraries that are loaded on demand are found by their files.
        for (String name : REQUIRED) {
          Files.deleteIfExists(folder.resolve(fileNameOf(name)));
        }
        Files.deleteIfExists(folder);
      }
    } catch (ReflectiveOperationException | IOException | RuntimeException e) {
      LOG.debug("ONNX Runtime's temporary folder stays until the JVM ends", e);
    }
  }

  /** Whether this class loader is the first to load from a folder: a second one needs its own copy of the files. */
  private static boolean isFirstToLoad(Path folder) {
    return System.getProperties().putIfAbsent(CLAIMED + folder, "true") == null;
  }

  private static Optional<Path> unpacked(Path cacheFolder) {
    try {
      String resources = "/ai/onnxruntime/native/" + system() + "/";
      List<Library> libraries = new ArrayList<>();
      for (String name : REQUIRED) {
        Optional<Library> library = Library.find(resources, name);
        if (library.isEmpty()) {
          return Optional.empty();
        }
        libraries.add(library.get());
      }
      for (String name : OPTIONAL) {
        Library.find(resources, name).ifPresent(libraries::add);
      }
      Path folder =
          cacheFolder.resolve("onnxruntime-" + system() + "-" + libraries.get(0).key());
      Files.createDirectories(folder);
      for (Library library : libraries) {
        unpack(library, folder);
      }
      return Optional.of(folder.toAbsolutePath());
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "ONNX Runtime's library cannot be cached in {} and is unpacked for this process, which takes 0.1 s:"
              + " {}",
          cacheFolder,
          e.toString());
      return Optional.empty();
    }
  }

  private static void unpack(Library library, Path folder) throws IOException {
    Path target = folder.resolve(library.fileName());
    if (isThere(library, target)) {
      return;
    }
    DiskCache.deleteLeftovers(folder, Instant.now());
    Path part = Files.createTempFile(folder, library.fileName() + ".", ".part");
    try {
      try (InputStream in = library.open();
          FileChannel out = FileChannel.open(part, StandardOpenOption.WRITE)) {
        in.transferTo(Channels.newOutputStream(out));
        out.force(true);
      }
      try {
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        // Another process has unpacked it, on a system where a loaded library cannot be replaced.
        if (!isThere(library, target)) {
          throw e;
        }
      }
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static String fileNameOf(String library) {
    return System.mapLibraryName(library).replace("jnilib", "dylib");
  }

  private static boolean isThere(Library library, Path target) throws IOException {
    return Files.isRegularFile(target) && Files.size(target) == library.size();
  }

  /** ONNX Runtime's name of this system. */
  private static String system() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return (os.contains("mac") || os.contains("darwin")
            ? "osx"
            : os.contains("win") ? "win" : "linux")
        + "-"
        + (arch.equals("amd64") || arch.equals("x86_64") ? "x64" : arch);
  }

  /** A library inside ONNX Runtime's jar. */
  private record Library(String fileName, URL url, long size, String key) {
    static Optional<Library> find(String resources, String name) throws IOException {
      String fileName = fileNameOf(name);
      // A class literal: the class is not initialised by it.
      URL url = OrtEnvironment.class.getResource(resources + fileName);
      if (url == null) {
        return Optional.empty();
      }
      URLConnection connection = url.openConnection();
      connection.setUseCaches(false);
      if (connection instanceof JarURLConnection jar) {
        JarEntry entry = jar.getJarEntry();
        jar.getJarFile().close();
        return Optional.of(new Library(
            fileName,
            url,
            entry.getSize(),
            Long.toHexString(entry.getCrc()) + "-" + entry.getSize()));
      }
      try (InputStream in = connection.getInputStream()) {
        Fingerprint fingerprint = Fingerprint.of(in);
        return Optional.of(new Library(
            fileName,
            url,
            connection.getContentLengthLong(),
            fingerprint.sha256().substring(0, 16)));
      }
    }

    InputStream open() throws IOException {
      URLConnection connection = url.openConnection();
      connection.setUseCaches(false);
      return connection.getInputStream();
    }
  }
}
