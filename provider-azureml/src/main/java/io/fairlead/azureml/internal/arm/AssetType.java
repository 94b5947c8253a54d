package io.fairlead.azureml.internal.arm;

/** A type of asset of a workspace, which has immutable versions in a container of its name. */
public enum AssetType {
  MODEL("models"),
  ENVIRONMENT("environments"),
  CODE("codes");

  private final String path;

  AssetType(String path) {
    this.path = path;
  }

  /** {@return its segment in paths of Azure Resource Manager, such as {@code models}} */
  public String path() {
    return path;
  }

  /** {@return its name in messages, such as {@code model}} */
  public String noun() {
    return path.substring(0, path.length() - 1);
  }
}
