package io.fairlead.engine.internal.natives;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The setting under which JavaCPP's libraries, such as TensorFlow's, are loaded. */
public final class JavaCpp {
  private static final Logger LOG = LoggerFactory.getLogger(JavaCpp.class);
  private static final String CACHE = "org.bytedeco.javacpp.cachedir";
  private static final AtomicBoolean LOADED = new AtomicBoolean();

  private JavaCpp() {}

  /**
   * Loads a library, if that was not done in this class loader.
   *
   * @throws UnsatisfiedLinkError if it cannot be loaded
   */
  public static void load(Path cacheFolder, Runnable work) {
    try {
      NativeFolder.exclusively(() -> {
        if (!LOADED.get()) {
          try (NativeFolder folder = folder(cacheFolder)) {
            Setting cache =
                new Setting(CACHE, folder == null ? null : folder.path().toString());
            try {
              work.run();
            } finally {
              cache.restore();
            }
          }
          LOADED.set(true);
        }
        return "";
      });
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static @Nullable NativeFolder folder(Path cacheFolder) {
    try {
      return NativeFolder.kept(cacheFolder, "javacpp");
    } catch (IOException e) {
      LOG.warn("JavaCPP's libraries are put into its default folder: {}", e.toString());
      return null;
    }
  }
}
