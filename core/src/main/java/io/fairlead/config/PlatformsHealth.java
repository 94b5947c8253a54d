package io.fairlead.config;

import io.fairlead.platform.Platform;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** The health of each platform that serves an endpoint or function of a configuration. */
public final class PlatformsHealth implements AutoCloseable {
  private final Map<String, PlatformHealth> byPlatform = new LinkedHashMap<>();
  private final ThreadPoolExecutor threads;

  /**
   * Creates it; nothing is read yet.
   *
   * @param start what is being deployed at start
   * @param platforms gives the open platform of a name
   * @param nanoTime a clock, such as {@code System::nanoTime}
   */
  public PlatformsHealth(
      List<Declared<?>> declared,
      StartDeployments start,
      HealthSettings settings,
      Function<String, Platform<?>> platforms,
      LongSupplier nanoTime) {
    Map<String, List<Declared<?>>> served = declared.stream()
        .collect(
            Collectors.groupingBy(Declared::platform, LinkedHashMap::new, Collectors.toList()));
    // One thread for each at most, because each has one look in progress at most.
    this.threads = new ThreadPoolExecutor(
        0, Math.max(1, served.size()), 10, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
          Thread thread = new Thread(task, "fairlead-health");
          thread.setDaemon(true);
          return thread;
        });
    served.forEach((platform, values) -> byPlatform.put(
        platform,
        new PlatformHealth(
            values, start, settings, () -> platforms.apply(platform), threads, nanoTime)));
  }

  /** {@return the health of each platform, by its name} */
  public Map<String, PlatformHealth> byPlatform() {
    return byPlatform;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
