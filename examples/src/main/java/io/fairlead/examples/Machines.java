package io.fairlead.examples;

/** A small machine of each platform, for examples that have to name one. */
final class Machines {
  private Machines() {}

  /** {@return a machine type that the platform has; empty where there is nothing to choose} */
  static String usual(String platform) {
    return switch (platform) {
      case "sagemaker" -> "ml.m5.large";
      case "azureml" -> "Standard_DS3_v2";
      case "vertex" -> "n1-standard-4";
      default -> "";
    };
  }
}
