package io.fairlead.stateful.internal.cache;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What stores with an eviction policy of their own share: a concurrent map, a lock around the policy, and the accounting.
 *
 * <p>A hit tells the policy at once when the lock is free and the store is small. In a larger store, hits wait in a buffer
 * until they are a hundredth of the entries, which no hit ratio shows. With one thread the policy sees every use in its
 * order, either way; with many, a use is lost when the buffer is full and the lock is taken.
 *
 * @param <N> what the policy keeps of an entry
 */
abstract class BoundedStore<N extends BoundedStore.Node> implements AnswerStore {
  /** An answer of more than one of so many parts of a store is never admitted. */
  static final int LARGEST_PART = 8;

  private static final int WAITING_PART = 100;

  private final ConcurrentHashMap<CacheKey, N> nodes = new ConcurrentHashMap<>();
  private final UseBuffer<N> uses = new UseBuffer<>();
  private final Consumer<N> tellUse = this::tellUse;
  private final ReentrantLock lock = new ReentrantLock();
  private final long maximumBytes;
  private final long nodeBytes;
  private long accounted;
  private long count;
  private volatile long bytes;
  private volatile int waitingAllowed;

  /**
   * Creates an empty store.
   *
   * @param nodeBytes what the policy takes for an entry
   */
  BoundedStore(long maximumBytes, long nodeBytes) {
    this.maximumBytes = maximumBytes;
    this.nodeBytes = nodeBytes;
  }

  /** What the policy keeps of an entry, and the entry. */
  static class Node extends Tracked {
    final CacheKey key;
    volatile CachedAnswer answer;
    boolean isResident;

    /** How often it has been used while it was there, the first time included. */
    int uses = 1;

    Node(CacheKey key, CachedAnswer answer) {
      this.key = key;
      this.answer = answer;
    }

    @Override
    final long hash() {
      return key.low();
    }
  }

  // The policy; the lock is held.

  abstract N node(CacheKey key, CachedAnswer answer);

  abstract void added(N node);

  abstract void used(N node);

  /** Called when a node's bytes change, after the change. */
  abstract void resized(N node, int oldBytes);

  abstract void removed(N node);

  /** {@return the entry to evict, which is one that is resident} */
  abstract N victim();

  /** {@return the entries, best first} */
  abstract List<N> ordered();

  /** Called after changes, without the lock. */
  void changed() {}

  @Override
  public final @Nullable CachedAnswer get(CacheKey key) {
    N node = nodes.get(key);
    if (node == null) {
      return null;
    }
    CachedAnswer answer = node.answer;
    int waiting = uses.record(node);
    if (waiting > waitingAllowed) {
      drain();
    }
    return answer;
  }

  private void drain() {
    if (lock.tryLock()) {
      try {
        uses.drain(tellUse);
      } finally {
        lock.unlock();
      }
      changed();
    }
  }

  private void tellUse(N node) {
    if (node.isResident) {
      used(node);
    }
  }

  @Override
  public final boolean contains(CacheKey key) {
    return nodes.containsKey(key);
  }

  @Override
  public final void put(CacheKey key, CachedAnswer answer) {
    requireNonNull(key, "key");
    long size = HeapSize.of(answer) + nodeBytes;
    if (size > maximumBytes / LARGEST_PART || size > Integer.MAX_VALUE) {
      remove(key);
      return;
    }
    lock.lock();
    try {
      uses.drain(tellUse);
      N node = nodes.get(key);
      if (node == null) {
        add(node(key, answer), (int) size);
      } else {
        replace(node, answer, (int) size);
      }
      while (accounted > maximumBytes) {
        evict(victim());
      }
      publish();
    } finally {
      lock.unlock();
    }
    changed();
  }

  private void publish() {
    bytes = accounted;
    waitingAllowed = (int) Math.min(UseBuffer.CAPACITY - 1, count / WAITING_PART / uses.stripes());
  }

  private void add(N node, int size) {
    node.bytes = size;
    node.isResident = true;
    accounted += size;
    nodes.put(node.key, node);
    count++;
    added(node);
  }

  private void replace(N node, CachedAnswer answer, int size) {
    int old = node.bytes;
    node.answer = answer;
    node.bytes = size;
    accounted += size - old;
    if (size != old) {
      resized(node, old);
    }
    used(node);
  }

  private void evict(N node) {
    nodes.remove(node.key);
    removed(node);
    count--;
    node.isResident = false;
    accounted -= node.bytes;
  }

  @Override
  public final void remove(CacheKey key) {
    lock.lock();
    try {
      uses.drain(tellUse);
      N node = nodes.get(key);
      if (node != null) {
        evict(node);
        publish();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final long bytes() {
    return bytes;
  }

  @Override
  public final long maximumBytes() {
    return maximumBytes;
  }

  @Override
  public final long size() {
    return nodes.mappingCount();
  }

  @Override
  public final List<Entry> best(int most) {
    lock.lock();
    try {
      uses.drain(tellUse);
      return ordered().stream()
          .limit(most)
          .map(node -> new Entry(node.key, node.answer))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final void forEach(BiConsumer<? super CacheKey, ? super CachedAnswer> action) {
    nodes.forEach((key, node) -> action.accept(key, node.answer));
  }
}
