package io.fairlead.stateful.internal.cache;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A store that evicts the answer that saves the least inference time for its bytes.
 *
 * <p>The policy is Greedy-Dual-Size-Frequency (Cherkasova: Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency
 * Caching Policy, 1998): an answer's priority is its uses times its cost by its bytes, on top of an age that rises to the
 * priority of each answer that is evicted.
 */
final class GdsfStore extends BoundedStore<GdsfStore.Priced> {
  private static final long NODE_BYTES =
      HeapSize.object(4, 3 * Integer.BYTES + 2 * Byte.BYTES + Double.BYTES)
          + 2L * HeapSize.REFERENCE;

  /** A binary heap, the entry of the lowest priority first. */
  private final List<Priced> heap = new ArrayList<>();

  private double age;

  GdsfStore(long maximumBytes) {
    super(maximumBytes, NODE_BYTES);
  }

  /** An entry with its priority. */
  static final class Priced extends Node {
    private double priority;
    private int place;

    private Priced(CacheKey key, CachedAnswer answer) {
      super(key, answer);
    }
  }

  @Override
  Priced node(CacheKey key, CachedAnswer answer) {
    return new Priced(key, answer);
  }

  @Override
  void added(Priced node) {
    node.priority = priority(node);
    heap.add(node);
    raise(node, heap.size() - 1);
  }

  @Override
  void used(Priced node) {
    node.uses++;
    reprice(node);
  }

  @Override
  void resized(Priced node, int oldBytes) {
    reprice(node);
  }

  @Override
  void removed(Priced node) {
    Priced last = heap.remove(heap.size() - 1);
    if (last != node) {
      raise(last, node.place);
      sink(last, last.place);
    }
  }

  /** The age rises only here: an answer that is removed for another reason says nothing of what evictions cost. */
  @Override
  Priced victim() {
    Priced victim = heap.get(0);
    age = victim.priority;
    return victim;
  }

  @Override
  List<Priced> ordered() {
    List<Priced> nodes = new ArrayList<>(heap);
    nodes.sort(Comparator.comparingDouble((Priced node) -> node.priority).reversed());
    return nodes;
  }

  private double priority(Priced node) {
    return age + (double) node.uses * Math.max(1, node.answer.costNanos()) / node.bytes;
  }

  private void reprice(Priced node) {
    node.priority = priority(node);
    raise(node, node.place);
    sink(node, node.place);
  }

  private void raise(Priced node, int from) {
    int place = from;
    while (place > 0) {
      int parent = (place - 1) >>> 1;
      if (heap.get(parent).priority <= node.priority) {
        break;
      }
      set(place, heap.get(parent));
      place = parent;
    }
    set(place, node);
  }

  private void sink(Priced node, int from) {
    int place = from;
    while (2 * place + 1 < heap.size()) {
      int child = 2 * place + 1;
      if (child + 1 < heap.size() && heap.get(child + 1).priority < heap.get(child).priority) {
        child++;
      }
      if (node.priority <= heap.get(child).priority) {
        break;
      }
      set(place, heap.get(child));
      place = child;
    }
    set(place, node);
  }

  private void set(int place, Priced node) {
    heap.set(place, node);
    node.place = place;
  }
}
