package io.fairlead.engine.internal.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import io.fairlead.engine.internal.natives.NativeFolder;
import io.fairlead.engine.internal.natives.PackedLibrary;
import io.fairlead.engine.internal.support.Failures;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ONNX Runtime's native libraries, unpacked once per user instead of once per process.
 *
 * <p>ONNX Runtime itself unpacks them into a new temporary folder each time, which takes longer than loading a small
 * model and is left behind when the process is killed. It does so when its first class is initialised; this class has
 * to be used before. Where the cache folder cannot be used, and in a further class loader, they are in a private folder.
 * It does nothing if the user has set one of the {@code onnxruntime.native.} properties. The
 * temporary folder, which ONNX Runtime creates in any case, is deleted as soon as the libraries are loaded.
 */
public final class OnnxLibrary {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxLibrary.class);
  private static final String PROPERTIES = "onnxruntime.native.";
  private static final String FOLDER_PROPERTY = PROPERTIES + "path";
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
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    // ONNX Runtime's shutdown hook keeps it as long as this JVM lives; an application's may be
    // replaced before.
    thread.setContextClassLoader(OrtEnvironment.class.getClassLoader());
    try {
      return NativeFolder.exclusively(() -> loaded(cacheFolder));
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      UnsatisfiedLinkError error = new UnsatisfiedLinkError(Failures.reason(e));
      error.initCause(e);
      throw error;
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static OrtEnvironment loaded(Path cacheFolder) throws Exception {
    boolean leftAlone = System.getProperties().stringPropertyNames().stream()
        .anyMatch(key -> key.startsWith(PROPERTIES));
    List<PackedLibrary> libraries = leftAlone ? List.of() : packed();
    NativeFolder folder = libraries.isEmpty() ? null : unpacked(libraries, cacheFolder);
    if (folder == null) {
      return OrtEnvironment.getEnvironment();
    }
    System.setProperty(FOLDER_PROPERTY, folder.path().toString());
    try {
      return OrtEnvironment.getEnvironment();
    } finally {
      System.clearProperty(FOLDER_PROPERTY);
      // ONNX Runtime looks for other ones when a session first needs them.
      if (libraries.size() == REQUIRED.size()) {
        folder.close();
      }
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

  /** {@return the libraries in ONNX Runtime's jar; none where it has to unpack them itself} */
  private static List<PackedLibrary> packed() {
    try {
      return libraries();
    } catch (IOException | RuntimeException e) {
      LOG.warn("ONNX Runtime's libraries are left to itself to unpack: {}", e.toString());
      return List.of();
    }
  }

  private static List<PackedLibrary> libraries() throws IOException {
    String resources = "/ai/onnxruntime/native/" + system();
    List<PackedLibrary> libraries = new ArrayList<>();
    for (String name : REQUIRED) {
      // A class literal: the class is not initialised by it.
      PackedLibrary library =
          PackedLibrary.find(OrtEnvironment.class, resources, fileNameOf(name)).orElse(null);
      if (library == null) {
        return List.of();
      }
      libraries.add(library);
    }
    for (String name : OPTIONAL) {
      PackedLibrary.find(OrtEnvironment.class, resources, fileNameOf(name))
          .ifPresent(libraries::add);
    }
    return libraries;
  }

  private static @Nullable NativeFolder unpacked(List<PackedLibrary> libraries, Path cacheFolder) {
    try {
      NativeFolder folder = NativeFolder.kept(
          cacheFolder, "onnxruntime-" + system() + "-" + libraries.get(0).key());
      for (PackedLibrary library : libraries) {
        library.unpackInto(folder.path());
      }
      return folder;
    } catch (IOException | RuntimeException e) {
      LOG.warn("ONNX Runtime's libraries are left to itself to unpack: {}", e.toString());
      return null;
    }
  }

  private static String fileNameOf(String library) {
    return System.mapLibraryName(library).replace("jnilib", "dylib");
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
}
