package io.fairlead.stateful.internal.features;

import static io.fairlead.stateful.internal.features.OnnxFile.floats;
import static io.fairlead.stateful.internal.features.OnnxFile.ints;
import static io.fairlead.stateful.internal.features.OnnxFile.number;
import static io.fairlead.stateful.internal.features.OnnxFile.packedFloats;
import static io.fairlead.stateful.internal.features.OnnxFile.packedInts;
import static io.fairlead.stateful.internal.features.OnnxFile.texts;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A tree ensemble that is built node by node; each leaf has a weight of its own. */
final class Forest {
  static final String[] MODES = {
    "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"
  };
  private static final float[] SPECIAL = {
    0f,
    -0f,
    Float.MIN_NORMAL,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    1f,
    2f,
    3f,
    // The last ones are not normal.
    Float.MIN_VALUE,
    -Float.MIN_VALUE
  };
  private static final int NORMAL = SPECIAL.length - 2;

  private record Node(
      int tree, int id, int feature, String mode, float threshold, int yes, int no, int missing) {}

  private final List<Node> nodes = new ArrayList<>();
  private final List<Float> weights = new ArrayList<>();
  private int trees;
  private boolean small;

  /** Adds a tree with one split. */
  Forest stump(int feature, String mode, float threshold) {
    return stump(feature, mode, threshold, 0);
  }

  Forest stump(int feature, String mode, float threshold, int missing) {
    nodes.add(new Node(trees, 0, feature, mode, threshold, 1, 2, missing));
    leaf(1);
    leaf(2);
    trees++;
    return this;
  }

  /**
   * Adds a tree that compares one feature with several values, one after the other; the weights of its first leaves are
   * equal.
   */
  Forest chain(int feature, String mode, float... thresholds) {
    int last = 2 * thresholds.length;
    for (int i = 0; i < thresholds.length; i++) {
      nodes.add(new Node(trees, 2 * i, feature, mode, thresholds[i], 2 * i + 1, 2 * i + 2, 0));
      leaf(2 * i + 1, 1);
    }
    leaf(last, 2);
    trees++;
    return this;
  }

  private void leaf(int id) {
    leaf(id, 1 + weights.size() * 0.37f);
  }

  private void leaf(int id, float weight) {
    nodes.add(new Node(trees, id, 0, "LEAF", 0, 0, 0, 0));
    weights.add(weight);
  }

  /** Lets the thresholds of further random trees be also floats that are not normal. */
  Forest withSmallThresholds() {
    small = true;
    return this;
  }

  /** Adds a full tree of random splits, of which the thresholds and the modes are few enough to meet often. */
  Forest random(SplittableRandom random, int depth, int features) {
    int inner = (1 << depth) - 1;
    for (int id = 0; id < inner; id++) {
      float threshold = random.nextInt(4) == 0
          ? SPECIAL[random.nextInt(small ? SPECIAL.length : NORMAL)]
          : (float) random.nextInt(-20, 20) / 4;
      nodes.add(new Node(
          trees,
          id,
          random.nextInt(features),
          MODES[random.nextInt(MODES.length)],
          threshold,
          2 * id + 1,
          2 * id + 2,
          random.nextInt(2)));
    }
    for (int id = inner; id < 2 * inner + 1; id++) {
      leaf(id);
    }
    trees++;
    return this;
  }

  /** Changes the threshold of the first split. */
  Forest withFirstThreshold(float threshold) {
    Node first = nodes.get(0);
    nodes.set(
        0,
        new Node(
            first.tree(),
            first.id(),
            first.feature(),
            first.mode(),
            threshold,
            first.yes(),
            first.no(),
            first.missing()));
    return this;
  }

  /** {@return the attributes that tell the splits} */
  Proto[] splits(boolean packed) {
    long[] features = nodes.stream().mapToLong(Node::feature).toArray();
    long[] missing = nodes.stream().mapToLong(Node::missing).toArray();
    float[] thresholds = new float[nodes.size()];
    for (int i = 0; i < thresholds.length; i++) {
      thresholds[i] = nodes.get(i).threshold();
    }
    return new Proto[] {
      packed ? packedInts("nodes_featureids", features) : ints("nodes_featureids", features),
      packed ? packedFloats("nodes_values", thresholds) : floats("nodes_values", thresholds),
      texts("nodes_modes", nodes.stream().map(Node::mode).toArray(String[]::new)),
      ints("nodes_missing_value_tracks_true", missing)
    };
  }

  /** {@return the attributes that tell which node follows which, and the weights} */
  Proto[] structure() {
    List<Node> leaves =
        nodes.stream().filter(node -> node.mode().equals("LEAF")).toList();
    float[] all = new float[leaves.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = weights.get(i);
    }
    return new Proto[] {
      ints("nodes_treeids", nodes.stream().mapToLong(Node::tree).toArray()),
      ints("nodes_nodeids", nodes.stream().mapToLong(Node::id).toArray()),
      ints("nodes_truenodeids", nodes.stream().mapToLong(Node::yes).toArray()),
      ints("nodes_falsenodeids", nodes.stream().mapToLong(Node::no).toArray()),
      ints("target_treeids", leaves.stream().mapToLong(Node::tree).toArray()),
      ints("target_nodeids", leaves.stream().mapToLong(Node::id).toArray()),
      ints("target_ids", new long[leaves.size()]),
      floats("target_weights", all),
      number("n_targets", 1)
    };
  }

  Proto[] attributes() {
    return attributes(false);
  }

  Proto[] attributes(boolean packed) {
    List<Proto> all = new ArrayList<>(List.of(splits(packed)));
    all.addAll(List.of(structure()));
    return all.toArray(Proto[]::new);
  }

  /** {@return a model of the trees alone} */
  byte[] model(int width) {
    return OnnxFile.of(width)
        .ml("TreeEnsembleRegressor", "X", "Y", attributes())
        .output("Y")
        .bytes();
  }
}
