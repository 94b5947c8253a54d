package io.fairlead.memory;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that are named after their platform, as the contracts want it. */
final class MemoryThreads {
  private MemoryThreads() {}

  static ExecutorService named(String platform) {
    return Executors.newCachedThreadPool(factory(platform));
  }

  static ThreadFactory factory(String platform) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread =
          new Thread(task, "fairlead-" + platform + "-worker-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  static void awaitEnd(ExecutorService threads) {
    try {
      if (!threads.awaitTermination(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("threads did not end: " + threads);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
