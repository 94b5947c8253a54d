package io.fairlead.engine.internal.trees;

import io.fairlead.engine.internal.natives.NativeFolder;
import io.fairlead.engine.internal.natives.PackedLibrary;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import ml.dmlc.xgboost4j.java.XGBoost;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * XGBoost's native library, loaded from a folder of this class loader.
 *
 * <p>XGBoost itself unpacks it into the temporary folder, under a name of its own, and leaves it there when the process
 * is killed. It does so where it is of another class loader than this class, which cannot load a library for it.
 */
final class XgboostLibrary {
  private static final Logger LOG = LoggerFactory.getLogger(XgboostLibrary.class);
  private static final String LOADER = "ml.dmlc.xgboost4j.java.NativeLibLoader";
  private static final String NAME = "xgboost4j";
  private static final String OWN_PATH = "xgboostruntime.native." + NAME;
  private static final Path MAPPED = Path.of("/proc/self/maps");

  private XgboostLibrary() {}

  /** Loads the library, if that is possible; otherwise XGBoost does so itself. */
  static void load(Path cacheFolder) {
    try {
      NativeFolder.exclusively(() -> {
        ClassLoader loader = XGBoost.class.getClassLoader();
        Field initialized = Class.forName(LOADER, true, loader).getDeclaredField("initialized");
        initialized.setAccessible(true);
        if (loader == XgboostLibrary.class.getClassLoader()
            && System.getProperty(OWN_PATH) == null
            && !initialized.getBoolean(null)
            && isLoaded(cacheFolder)) {
          initialized.setBoolean(null, true);
        }
        return "";
      });
    } catch (Exception | UnsatisfiedLinkError e) {
      LOG.debug("XGBoost loads its library itself", e);
    }
  }

  private static boolean isLoaded(Path cacheFolder) throws IOException {
    PackedLibrary library = PackedLibrary.find(
            XGBoost.class, "/lib/" + system(), System.mapLibraryName(NAME))
        .orElse(null);
    if (library == null) {
      return false;
    }
    try (NativeFolder folder = NativeFolder.privately(cacheFolder)) {
      System.load(library.unpackInto(folder.path()).toString());
    }
    return true;
  }

  /** XGBoost's name of this system. */
  private static String system() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return (os.contains("mac") ? "macos" : os.contains("win") ? "windows" : "linux") + "/"
        + (arch.equals("amd64") ? "x86_64" : arch);
  }

  /**
   * Deletes the temporary file that XGBoost itself has loaded its library from.
   *
   * <p>The library stays loaded. Where the system does not list loaded files, or does not allow their deletion, the file
   * stays until the process ends.
   */
  static void deleteUnpacked() {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    String prefix = System.mapLibraryName(NAME).replaceFirst("\\..*", "");
    try {
      List<String> lines = Files.exists(MAPPED) ? Files.readAllLines(MAPPED) : List.of();
      for (String line : lines) {
        int at = line.indexOf('/');
        Path file = Path.of(at < 0 ? "" : line.substring(at));
        if (temporary.equals(file.getParent())
            && file.getFileName().toString().startsWith(prefix)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("A library that was unpacked as {}* stays in {}", prefix, temporary, e);
    }
  }
}
