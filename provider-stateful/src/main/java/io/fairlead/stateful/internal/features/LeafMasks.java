package io.fairlead.stateful.internal.features;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The leaves that a row can still reach in each tree, as bits, for each interval of each feature: those of a row are the
 * intersection over its features.
 *
 * <p>The leaves of a tree are numbered from left to right, where left is what follows a comparison that is true. A
 * comparison that is false takes away the leaves to its left, and of those that remain the leftmost is the one that the
 * row reaches (C. Lucchese et al., QuickScorer, 2015). That is a fraction of what a walk costs, whose branches no
 * processor can predict.
 *
 * <p>Immutable.
 */
final class LeafMasks {
  /** What a table of masks may take of the heap. */
  private static final int MOST_MASKS = 1 << 20;

  private final int trees;
  /** Of a feature, by its index among those that are used, the masks of all trees for each interval. */
  private final long[][] masks;

  private LeafMasks(int trees, long[][] masks) {
    this.trees = trees;
    this.masks = masks;
  }

  /** {@return the masks of trees; null if a tree has too many leaves, or the masks are too many} */
  static @Nullable LeafMasks find(DecisionTrees trees, int[] features, float[][] cuts) {
    long count = 0;
    for (float[] each : cuts) {
      count += (each.length + 1L) * trees.count();
    }
    if (trees.mostLeaves() > Long.SIZE || count > MOST_MASKS) {
      return null;
    }
    long[][] masks = new long[features.length][];
    for (int i = 0; i < features.length; i++) {
      masks[i] = new long[(cuts[i].length + 1) * trees.count()];
      Arrays.fill(masks[i], -1);
    }
    for (int tree = 0; tree < trees.count(); tree++) {
      new Numbering(trees, tree, features, cuts, masks).number(trees.root(tree), 0);
    }
    return new LeafMasks(trees.count(), masks);
  }

  /** The numbering of a tree's leaves. */
  private static final class Numbering {
    private final DecisionTrees trees;
    private final int tree;
    private final int[] features;
    private final float[][] cuts;
    private final long[][] masks;

    Numbering(DecisionTrees trees, int tree, int[] features, float[][] cuts, long[][] masks) {
      this.trees = trees;
      this.tree = tree;
      this.features = features;
      this.cuts = cuts;
      this.masks = masks;
    }

    /** Numbers the leaves below a node from a number on, and returns the number after them. */
    int number(int node, int from) {
      if (trees.isLeaf(node)) {
        return from + 1;
      }
      int middle = number(trees.child(node, true), from);
      int to = number(trees.child(node, false), middle);
      long left = (-1L << from) & ~(-1L << middle);
      int index = Arrays.binarySearch(features, trees.feature(node));
      float[] values = cuts[index];
      for (int interval = 0; interval <= values.length; interval++) {
        // Each value of an interval has the same outcome; the first of them is the cut before it.
        float value =
            interval > 0 ? values[interval - 1] : values.length == 0 ? 0 : Math.nextDown(values[0]);
        if (!trees.isTrue(node, value)) {
          masks[index][interval * trees.count() + tree] &= ~left;
        }
      }
      return to;
    }
  }

  /** {@return a mask for each tree, of all its leaves} */
  long[] all() {
    long[] all = new long[trees];
    Arrays.fill(all, -1);
    return all;
  }

  /** Takes away the leaves that a row in an interval of a feature does not reach. */
  void narrow(long[] leaves, int index, int interval) {
    long[] those = masks[index];
    int from = interval * trees;
    for (int tree = 0; tree < leaves.length; tree++) {
      leaves[tree] &= those[from + tree];
    }
  }
}
