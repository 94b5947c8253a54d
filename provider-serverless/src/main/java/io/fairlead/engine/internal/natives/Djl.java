package io.fairlead.engine.internal.natives;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings under which DJL's libraries are loaded.
 *
 * <p>DJL is set to offline. By default it queries the cloud metadata addresses and reports the environment, waits
 * seconds for them, unpacks its libraries into the home folder, and on a machine with a GPU downloads others. Settings
 * that the user has made in DJL's own variables or properties are kept.
 */
public final class Djl {
  private static final Logger LOG = LoggerFactory.getLogger(Djl.class);
  private static final Set<String> LOADED = ConcurrentHashMap.newKeySet();

  private Djl() {}

  /**
   * {@return the result of work that may load a library of DJL}
   *
   * @param runtime the name of the library
   * @param loader the class loader of DJL's files; if it does not find them, DJL stays unusable
   */
  public static <T> T offline(
      Path cacheFolder, String runtime, @Nullable ClassLoader loader, Callable<T> work)
      throws Exception {
    return NativeFolder.exclusively(() -> {
      if (LOADED.contains(runtime)) {
        return offline(null, loader, work);
      }
      try (NativeFolder folder = folder(cacheFolder)) {
        T result = offline(folder == null ? null : folder.path().toString(), loader, work);
        LOADED.add(runtime);
        return result;
      }
    });
  }

  private static <T> T offline(
      @Nullable String folder, @Nullable ClassLoader loader, Callable<T> work) throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    Setting tracking = new Setting("OPT_OUT_TRACKING", "true");
    Setting offline = new Setting("ai.djl.offline", "true");
    Setting rust = new Setting("RUST_FLAVOR", "cpu");
    Setting torch = new Setting("PYTORCH_FLAVOR", "cpu");
    // These are per process, and more of them lower the throughput.
    Setting threads = new Setting("ai.djl.pytorch.num_threads", "1");
    Setting interop = new Setting("ai.djl.pytorch.num_interop_threads", "1");
    Setting cache = new Setting("ENGINE_CACHE_DIR", folder);
    try {
      return work.call();
    } finally {
      cache.restore();
      interop.restore();
      threads.restore();
      torch.restore();
      rust.restore();
      offline.restore();
      tracking.restore();
      thread.setContextClassLoader(before);
    }
  }

  private static @Nullable NativeFolder folder(Path cacheFolder) {
    try {
      return NativeFolder.kept(cacheFolder, "djl");
    } catch (IOException e) {
      LOG.warn("DJL's library is put into DJL's default folder: {}", e.toString());
      return null;
    }
  }
}
