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
 * <p>DJL is told to stay offline. By itself it asks the addresses of cloud metadata for where it runs and reports that,
 * waits seconds for them, unpacks its libraries into the home folder, and on a machine with a GPU downloads others. What
 * the user has set of this in DJL's own variables or properties is kept.
 */
public final class Djl {
  private static final Logger LOG = LoggerFactory.getLogger(Djl.class);
  private static final ReentrantLock SETTINGS = new ReentrantLock();

  private Djl() {}

  /**
   * {@return what some work gives that may load a library of DJL}
   *
   * @param loader finds DJL's own files; one that does not find them leaves DJL unusable for good
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
    // One for each process, and more of them get less done.
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
    LOG.warn("DJL's library cannot be kept in {} and goes where DJL puts it by default", folder);
    return null;
  }
}
