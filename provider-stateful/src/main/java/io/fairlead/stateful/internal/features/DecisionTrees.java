package io.fairlead.stateful.internal.features;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The trees of the ensembles that read a row, to find the leaves that the row reaches.
 *
 * <p>They are walked only where all runtimes agree on the way: for trees that are trees in each reading of the file, and
 * for rows without NaN and without floats that are not normal.
 *
 * <p>Immutable.
 */
final class DecisionTrees {
  /** The most steps of a walk; beyond, the walk costs as much as the model. */
  private static final int MOST_STEPS = 1 << 13;

  private static final int MOST_NODES = 1 << 20;

  /** Of the nodes of all trees; the children of a node are next to each other, and a leaf has its number, negated. */
  private final int[] children;

  private final int[] features;
  private final float[] thresholds;
  private final byte[] modes;
  private final int[] roots;
  /** Whether all comparisons are of the one kind that nearly all models have, which is faster. */
  private final boolean allLeq;

  private final int mostLeaves;
  private final int bytesOfALeaf;

  private DecisionTrees(Builder nodes) {
    this.children = Arrays.copyOf(nodes.children, nodes.size);
    this.features = Arrays.copyOf(nodes.features, nodes.size);
    this.thresholds = Arrays.copyOf(nodes.thresholds, nodes.size);
    this.modes = Arrays.copyOf(nodes.modes, nodes.size);
    this.roots = Arrays.copyOf(nodes.roots, nodes.trees);
    this.allLeq = nodes.allLeq;
    this.mostLeaves = nodes.mostLeaves;
    this.bytesOfALeaf = nodes.mostLeaves <= 1 << Byte.SIZE
        ? 1
        : nodes.mostLeaves <= 1 << Short.SIZE ? Short.BYTES : Integer.BYTES;
  }

  /** {@return the trees of a model that has split values; null if they are not to be walked} */
  static @Nullable DecisionTrees find(OnnxGraph graph) throws NoCellsException {
    Builder builder = new Builder();
    for (OnnxNode node : graph.readers()) {
      if (node.operator().equals("TreeEnsemble") || !builder.add(node)) {
        return null;
      }
    }
    return new DecisionTrees(builder);
  }

  /** {@return how many bytes the leaves of a row take} */
  int length() {
    return roots.length * bytesOfALeaf;
  }

  int count() {
    return roots.length;
  }

  /** {@return how many leaves the largest tree has} */
  int mostLeaves() {
    return mostLeaves;
  }

  int root(int tree) {
    return roots[tree];
  }

  boolean isLeaf(int node) {
    return children[node] < 0;
  }

  /** {@return the node after a comparison that is true, or after one that is false} */
  int child(int node, boolean isTrue) {
    return children[node] + (isTrue ? 0 : 1);
  }

  int feature(int node) {
    return features[node];
  }

  boolean isTrue(int node, float value) {
    return SplitValues.isTrue(modes[node], value, thresholds[node]);
  }

  /** {@return whether a value goes the same way in all runtimes} */
  static boolean isPlain(float value) {
    // Also false for NaN.
    return Math.abs(value) >= Float.MIN_NORMAL || value == 0;
  }

  /** Writes the leaf of each tree that a row of plain values reaches, from an index on. */
  void writeLeaves(FeatureRow row, byte[] leaves, int from) {
    int at = from;
    for (int root : roots) {
      int leaf = -1 - (allLeq ? walkLeq(row, root) : walk(row, root));
      leaves[at++] = (byte) leaf;
      for (int k = 1; k < bytesOfALeaf; k++) {
        leaves[at++] = (byte) (leaf >>> (k * Byte.SIZE));
      }
    }
  }

  private int walkLeq(FeatureRow row, int root) {
    int node = root;
    int next = children[node];
    while (next >= 0) {
      node = next + (row.value(features[node]) <= thresholds[node] ? 0 : 1);
      next = children[node];
    }
    return next;
  }

  private int walk(FeatureRow row, int root) {
    int node = root;
    int next = children[node];
    while (next >= 0) {
      node = next + (isTrue(node, row.value(features[node])) ? 0 : 1);
      next = children[node];
    }
    return next;
  }

  /** The trees while they are read. */
  private static final class Builder {
    private int[] children = {};
    private int[] features = {};
    private float[] thresholds = {};
    private byte[] modes = {};
    private int[] roots = {};
    private final Set<Long> ids = new HashSet<>();
    private int size;
    private int trees;
    private int steps;
    private int mostLeaves;
    private boolean allLeq = true;

    /** Adds the trees of an ensemble, and returns whether all are such that they can be walked. */
    boolean add(OnnxNode node) throws NoCellsException {
      Ensemble ensemble = Ensemble.read(node);
      int count = ensemble.size();
      if (!ensemble.isEven() || size + count > MOST_NODES) {
        return false;
      }
      children = Arrays.copyOf(children, size + count);
      features = Arrays.copyOf(features, size + count);
      thresholds = Arrays.copyOf(thresholds, size + count);
      modes = Arrays.copyOf(modes, size + count);
      roots = Arrays.copyOf(roots, trees + count);
      ids.clear();
      int from = 0;
      while (from < count) {
        int to = from + 1;
        while (to < count && ensemble.trees[to] == ensemble.trees[from]) {
          to++;
        }
        if (!ids.add(ensemble.trees[from]) || !addTree(ensemble, from, to)) {
          return false;
        }
        from = to;
      }
      return steps <= MOST_STEPS;
    }

    /**
     * Adds a tree level by level. Its root is the first of its nodes and has the number 0, and each other node has one
     * parent: so it is the same tree for whom the root is the first, for whom it is number 0, and for whom it is the node
     * without a parent.
     */
    private boolean addTree(Ensemble ensemble, int from, int to) {
      Map<Long, Integer> byNumber = new HashMap<>();
      for (int i = from; i < to; i++) {
        if (byNumber.put(ensemble.numbers[i], i) != null) {
          return false;
        }
      }
      if (ensemble.numbers[from] != 0) {
        return false;
      }
      int[] order = new int[to - from];
      int[] depths = new int[to - from];
      boolean[] reached = new boolean[to - from];
      int ordered = 1;
      order[0] = from;
      reached[0] = true;
      int leaves = 0;
      for (int i = 0; i < ordered; i++) {
        int node = order[i];
        features[size + i] = (int) ensemble.features[node];
        thresholds[size + i] = ensemble.thresholds[node];
        modes[size + i] = ensemble.modes[node];
        if (ensemble.modes[node] == SplitValues.LEAF) {
          children[size + i] = -1 - leaves++;
          continue;
        }
        allLeq &= ensemble.modes[node] == SplitValues.LEQ;
        float threshold = ensemble.thresholds[node];
        if (!isPlain(threshold)) {
          return false;
        }
        children[size + i] = size + ordered;
        for (long number : new long[] {ensemble.yes[node], ensemble.no[node]}) {
          Integer child = byNumber.get(number);
          if (child == null || reached[child - from]) {
            return false;
          }
          reached[child - from] = true;
          depths[ordered] = depths[i] + 1;
          order[ordered++] = child;
        }
      }
      if (ordered != to - from) {
        return false;
      }
      roots[trees++] = size;
      size += ordered;
      steps += depths[ordered - 1];
      mostLeaves = Math.max(mostLeaves, leaves);
      return true;
    }
  }

  /** The lists of an ensemble, with an element for each node. */
  private static final class Ensemble {
    private final long[] trees;
    private final long[] numbers;
    private final long[] features;
    private final float[] thresholds;
    private final byte[] modes;
    private final long[] yes;
    private final long[] no;

    private Ensemble(OnnxNode node) throws NoCellsException {
      trees = node.attribute("nodes_treeids").ints();
      numbers = node.attribute("nodes_nodeids").ints();
      features = node.attribute("nodes_featureids").ints();
      thresholds = node.attribute("nodes_values").floats();
      modes = node.attribute("nodes_modes").texts(SplitValues::mode);
      yes = node.attribute("nodes_truenodeids").ints();
      no = node.attribute("nodes_falsenodeids").ints();
    }

    static Ensemble read(OnnxNode node) throws NoCellsException {
      return new Ensemble(node);
    }

    int size() {
      return trees.length;
    }

    boolean isEven() {
      return numbers.length == trees.length
          && features.length == trees.length
          && thresholds.length == trees.length
          && modes.length == trees.length
          && yes.length == trees.length
          && no.length == trees.length;
    }
  }
}
