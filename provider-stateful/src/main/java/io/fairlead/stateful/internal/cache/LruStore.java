package io.fairlead.stateful.internal.cache;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A store that evicts the least recently used answer. */
final class LruStore extends BoundedStore<BoundedStore.Node> {
  /** The bytes that a {@link Node} takes. */
  static final long NODE_BYTES = HeapSize.object(4, 2 * Integer.BYTES + 2 * Byte.BYTES);

  private final UseOrder order = new UseOrder();

  LruStore(long maximumBytes) {
    super(maximumBytes, NODE_BYTES);
  }

  @Override
  Node node(CacheKey key, CachedAnswer answer) {
    return new Node(key, answer);
  }

  @Override
  void added(Node node) {
    order.add(node);
  }

  @Override
  void used(Node node) {
    node.uses++;
    order.renew(node);
  }

  @Override
  void resized(Node node, int oldBytes) {
    order.resized(node.bytes - oldBytes);
  }

  @Override
  void removed(Node node) {
    order.remove(node);
  }

  @Override
  Node victim() {
    return (Node) requireNonNull(order.oldest());
  }

  /** What was used again comes before what was not: many of the latter never will be. The last used is first in each. */
  @Override
  List<Node> ordered() {
    List<Node> nodes = new ArrayList<>();
    order.newestFirst(node -> nodes.add((Node) node));
    nodes.sort(Comparator.comparing((Node node) -> node.uses == 1));
    return nodes;
  }
}
