package io.fairlead.sagemaker.internal;

import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

/** What is known of resources, by their names: a cache of those that were used last. Safe for concurrent use. */
final class RecentlyUsed<V> {
  private static final int MOST = 10_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, V> values = new LinkedHashMap<>(16, 0.75f, true) {
    @Serial
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
      return size() > MOST;
    }
  };

  Optional<V> get(String name) {
    lock.lock();
    try {
      return Optional.ofNullable(values.get(name));
    } finally {
      lock.unlock();
    }
  }

  void put(String name, V value) {
    lock.lock();
    try {
      values.put(name, value);
    } finally {
      lock.unlock();
    }
  }

  void remove(String name) {
    lock.lock();
    try {
      values.remove(name);
    } finally {
      lock.unlock();
    }
  }

  /** Changes a value, if there is one. */
  void change(String name, UnaryOperator<V> change) {
    lock.lock();
    try {
      values.computeIfPresent(name, (key, value) -> change.apply(value));
    } finally {
      lock.unlock();
    }
  }
}
