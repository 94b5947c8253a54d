package io.fairlead.azureml.internal;

/**
 * A version of an asset of the workspace: {@code NAME:VERSION}, as Azure ML writes it.
 *
 * @param name the name of the asset
 * @param version its version
 */
record AssetRef(String name, String version) {
  /** {@return the reference in a text; a name has no colon} */
  static AssetRef parse(String text) {
    int colon = text.indexOf(':');
    return new AssetRef(text.substring(0, colon), text.substring(colon + 1));
  }

  @Override
  public String toString() {
    return name + ":" + version;
  }
}
