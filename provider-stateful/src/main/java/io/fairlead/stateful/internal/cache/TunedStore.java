package io.fairlead.stateful.internal.cache;

import static java.util.Objects.requireNonNull;

import io.fairlead.stateful.internal.cache.TuningListener.WindowChange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A store whose policy is anything from LRU to W-TinyLFU: {@link WindowTinyLfu} with a share that {@link WindowTuner} chooses.
 *
 * <p>Caffeine has no public way to set the share of its window. The miniatures of a tuner take at most 0.6 MB, which is not
 * accounted for.
 */
final class TunedStore extends BoundedStore<BoundedStore.Node> {
  /** The share with which the policy is LRU. */
  static final double LRU = 1;

  /** The share with which the policy is W-TinyLFU as published. */
  static final double W_TINYLFU = 0.01;

  /** A node, and at most so much of the frequency sketch, whose length is a power of two. */
  private static final long NODE_BYTES = LruStore.NODE_BYTES + 2 * Long.BYTES;

  private final FrequencySketch sketch = new FrequencySketch();
  private final WindowTinyLfu policy;
  private final @Nullable WindowTuner tuner;
  private final TuningListener listener;
  private final AtomicReference<@Nullable WindowChange> untold = new AtomicReference<>();
  private long entries;
  private boolean isCounting;

  /**
   * Creates an empty store.
   *
   * @param share the share of the window, at the start or for ever
   * @param tuned whether the share is tuned
   * @param listener is told of changes of the share
   */
  TunedStore(long maximumBytes, double share, boolean tuned, TuningListener listener) {
    super(maximumBytes, NODE_BYTES);
    this.policy = new WindowTinyLfu(sketch, maximumBytes, share);
    this.tuner = tuned ? new WindowTuner(sketch, maximumBytes, share) : null;
    this.listener = requireNonNull(listener, "listener");
  }

  @Override
  Node node(CacheKey key, CachedAnswer answer) {
    return new Node(key, answer);
  }

  @Override
  void added(Node node) {
    entries++;
    count(node);
    policy.added(node);
  }

  @Override
  void used(Node node) {
    count(node);
    policy.used(node);
  }

  private void count(Node node) {
    // Before, nothing competes, and how many entries there will be is not known.
    isCounting |= policy.bytes() > maximumBytes() / 2;
    if (isCounting) {
      sketch.ensureCapacity((long) ((double) entries * maximumBytes() / (policy.bytes() + 1)));
      sketch.increment(node.hash());
    }
    if (tuner != null) {
      WindowChange change = tuner.use(node.hash(), node.bytes, entries);
      if (change != null) {
        policy.share(change.newShare());
        untold.set(change);
      }
    }
  }

  @Override
  void changed() {
    if (untold.get() != null) {
      WindowChange change = untold.getAndSet(null);
      if (change != null) {
        listener.changed(change);
      }
    }
  }

  @Override
  void resized(Node node, int oldBytes) {
    policy.resized(node, node.bytes - oldBytes);
  }

  @Override
  void removed(Node node) {
    entries--;
    policy.removed(node);
  }

  @Override
  Node victim() {
    return (Node) policy.victim();
  }

  /** By frequency, and by {@link WindowTinyLfu#forEach} where that is the same. */
  @Override
  List<Node> ordered() {
    List<Node> nodes = new ArrayList<>();
    policy.forEach(node -> nodes.add((Node) node));
    nodes.sort(Comparator.comparingInt((Node node) -> -sketch.frequency(node.hash())));
    return nodes;
  }
}
