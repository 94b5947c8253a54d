package io.fairlead.engine.internal.trees;

import io.fairlead.engine.internal.natives.NativeFolder;
import io.github.metarank.lightgbm4j.LGBMBooster;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * LightGBM's native libraries, loaded from a folder of this class loader.
 *
 * <p>LightGBM itself writes them into the temporary folder, under one name for all processes and in place, which crashes
 * each process that has loaded them before.
 */
final class LightgbmLibrary {
  private static final String TEMPORARY = "java.io.tmpdir";
  private static final String OWN_FOLDER = "LIGHTGBM_NATIVE_LIB_PATH";

  private static final AtomicBoolean LOADED = new AtomicBoolean();

  private LightgbmLibrary() {}

  /**
   * Loads the libraries, if they are not loaded, unless the user names a folder for them.
   *
   * @throws UnsatisfiedLinkError if they cannot be loaded
   */
  static void load(Path cacheFolder) {
    if (System.getenv(OWN_FOLDER) != null) {
      return;
    }
    try {
      NativeFolder.exclusively(() -> {
        if (LOADED.get()) {
          return true;
        }
        try (NativeFolder folder = NativeFolder.privately(cacheFolder)) {
          keepTemporaryFolder();
          String before = System.getProperty(TEMPORARY);
          System.setProperty(TEMPORARY, folder.path().toString());
          try {
            LOADED.set(LGBMBooster.isNativeLoaded());
            return LOADED.get();
          } finally {
            System.setProperty(TEMPORARY, before);
          }
        }
      });
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      UnsatisfiedLinkError error =
          new UnsatisfiedLinkError("no folder for its library can be created");
      error.initCause(e);
      throw error;
    }
  }

  /** The JDK reads the setting when it creates the first temporary file, which another thread may do meanwhile. */
  private static void keepTemporaryFolder() throws IOException {
    Files.delete(Files.createTempFile("fairlead-", null));
    Files.delete(File.createTempFile("fairlead-", null).toPath());
  }
}
