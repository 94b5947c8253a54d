package io.fairlead.engine.internal.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
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
  private static final ReentrantLock SETTINGS = new ReentrantLock();

  private Djl() {}

  /**
   * {@return the result of work that may load a library of DJL}
   *
   * @param loader the class loader of DJL's files; if it does not find them, DJL stays unusable
   */
  public static <T> T offline(Path cacheFolder, @Nullable ClassLoader loader, Callable<T> work)
      throws Exception {
    SETTINGS.lock();
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
    Setting cache = new Setting("ENGINE_CACHE_DIR", writable(cacheFolder.resolve("djl")));
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
      SETTINGS.unlock();
    }
  }

  private static @Nullable String writable(Path folder) {
    try {
      Files.createDirectories(folder);
      if (Files.isWritable(folder)) {
        return folder.toString();
      }
    } catch (IOException e) {
      LOG.debug("No cache folder {}", folder, e);
    }
    LOG.warn("DJL's library cannot be cached in {} and is put into DJL's default folder", folder);
    return null;
  }
}
