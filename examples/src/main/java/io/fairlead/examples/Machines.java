package io.fairlead.examples;

import io.fairlead.grammar.Scaling;
import java.util.Optional;

/** A small instance type of each platform. */
final class Machines {
  private Machines() {}

  /** {@return an instance type of the platform, if it has any} */
  static Optional<String> usual(String platform) {
    return switch (platform) {
      case "sagemaker" -> Optional.of("ml.m5.large");
      case "azureml" -> Optional.of("Standard_DS3_v2");
      case "vertex" -> Optional.of("n1-standard-4");
      default -> Optional.empty();
    };
  }

  /** {@return a fixed number of instances of a type, if the platform has any} */
  static Scaling scaling(Optional<String> type, int count) {
    return type.map(chosen -> Scaling.fixed(chosen, count)).orElseGet(() -> Scaling.fixed(count));
  }
}
