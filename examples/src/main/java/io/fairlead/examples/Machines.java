package io.fairlead.examples;

import io.fairlead.grammar.Scaling;
import java.util.Optional;

/** A small machine of each platform, for examples that have to name one. */
final class Machines {
  private Machines() {}

  /** {@return a machine type that the platform has, where there is one to choose} */
  static Optional<String> usual(String platform) {
    return switch (platform) {
      case "sagemaker" -> Optional.of("ml.m5.large");
      case "azureml" -> Optional.of("Standard_DS3_v2");
      case "vertex" -> Optional.of("n1-standard-4");
      default -> Optional.empty();
    };
  }

  /** {@return a fixed number of machines of a type, where there is one to choose} */
  static Scaling scaling(Optional<String> type, int count) {
    return type.map(chosen -> Scaling.fixed(chosen, count)).orElseGet(() -> Scaling.fixed(count));
  }
}
