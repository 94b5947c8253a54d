package io.fairlead.spring;

import io.fairlead.platform.Platform;
import io.fairlead.spring.FairleadProperties.HealthProperties;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.springframework.beans.factory.BeanFactory;

/** The health of each platform that serves an endpoint or function of the configuration. */
final class PlatformsHealth implements AutoCloseable {
  private final Map<String, PlatformHealth> byPlatform = new LinkedHashMap<>();
  private final ThreadPoolExecutor threads;

  PlatformsHealth(
      List<Declared<?>> declared,
      DeployAtStart start,
      HealthProperties properties,
      BeanFactory beans,
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
            values,
            start,
            properties,
            () -> beans.getBean(platform, Platform.class),
            threads,
            nanoTime)));
  }

  /** {@return the health of each platform, by the name of its bean} */
  Map<String, PlatformHealth> byPlatform() {
    return byPlatform;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
