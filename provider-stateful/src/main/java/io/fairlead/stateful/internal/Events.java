package io.fairlead.stateful.internal;

import io.fairlead.provider.TimeSource;
import io.fairlead.stateful.CacheEvent;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The decisions of a platform, and who hears of them. */
final class Events {
  private static final Logger log = LoggerFactory.getLogger(Events.class);

  private final TimeSource time;
  private final List<Consumer<? super CacheEvent>> listeners = new CopyOnWriteArrayList<>();

  Events(TimeSource time) {
    this.time = time;
  }

  void add(Consumer<? super CacheEvent> listener) {
    listeners.add(listener);
  }

  /** Tells of a decision about a container. */
  void tell(String container, CacheEvent.Kind kind, String message, Map<String, Double> numbers) {
    CacheEvent event = new CacheEvent(time.now(), container, kind, message, numbers);
    log.info("{}", event);
    for (Consumer<? super CacheEvent> listener : listeners) {
      try {
        listener.accept(event);
      } catch (Throwable e) {
        log.warn("A listener failed on '{}'", event, e);
      }
    }
  }
}
