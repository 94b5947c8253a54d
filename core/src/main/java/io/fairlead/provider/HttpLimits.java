package io.fairlead.provider;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The limits of the bodies that are awaited, over which one thread watches while there are any.
 *
 * <p>It looks at them now and then, because a timer for each would wake a thread for each.
 */
final class HttpLimits implements AutoCloseable {
  private static final Duration TICK = Duration.ofMillis(50);
  private static final int IDLE_TICKS = 100;

  private final Set<HttpBody> bodies = ConcurrentHashMap.newKeySet();
  private final AtomicReference<@Nullable Thread> watching = new AtomicReference<>();
  private volatile boolean closed;

  /** Ends the wait for a body when its limit has passed. */
  void watch(HttpBody body) {
    bodies.add(body);
    if (watching.get() == null) {
      start();
    }
  }

  void forget(HttpBody body) {
    bodies.remove(body);
  }

  private void start() {
    Thread thread = new Thread(this::watch, "fairlead-http-limits");
    thread.setDaemon(true);
    if (watching.compareAndSet(null, thread)) {
      thread.start();
    }
  }

  private void watch() {
    for (int idle = 0; idle < IDLE_TICKS && !closed; idle++) {
      try {
        Thread.sleep(TICK.toMillis());
      } catch (InterruptedException e) {
        break;
      }
      if (!bodies.isEmpty()) {
        idle = 0;
        bodies.removeIf(HttpBody::endIfOverdue);
      }
    }
    watching.set(null);
    // One may have come since the last look, and seen this thread.
    if (!bodies.isEmpty() && !closed) {
      start();
    }
  }

  /** Ends the thread; the bodies are ended by their calls. */
  @Override
  public void close() {
    closed = true;
    Thread thread = watching.get();
    if (thread != null) {
      thread.interrupt();
    }
  }
}
