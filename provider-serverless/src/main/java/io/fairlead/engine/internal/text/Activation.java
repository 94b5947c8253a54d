package io.fairlead.engine.internal.text;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** A function that makes the score of a pair of texts from a cross-encoder's logit, as in sentence-transformers. */
enum Activation {
  SIGMOID("sigmoid", "torch.nn.modules.activation.Sigmoid", "torch.nn.Sigmoid"),
  IDENTITY("identity", "torch.nn.modules.linear.Identity", "torch.nn.Identity");

  private final String id;
  private final String path;
  private final String shortPath;

  Activation(String id, String path, String shortPath) {
    this.id = id;
    this.path = path;
    this.shortPath = shortPath;
  }

  /** {@return its name in the label} */
  String id() {
    return id;
  }

  /** {@return the one that a model's config.json names by its class in PyTorch} */
  static Optional<Activation> ofPath(String path) {
    return Arrays.stream(values())
        .filter(it -> it.path.equals(path) || it.shortPath.equals(path))
        .findFirst();
  }

  static Optional<Activation> of(String id) {
    return Arrays.stream(values()).filter(it -> it.id.equals(id)).findFirst();
  }

  static String ids() {
    return Arrays.stream(values()).map(Activation::id).collect(Collectors.joining(" or "));
  }

  double of(double logit) {
    return this == IDENTITY ? logit : 1 / (1 + Math.exp(-logit));
  }
}
