package io.fairlead.sagemaker.internal;

/**
 * A variant's name, {@code endpoint/variant}.
 *
 * @param endpoint the endpoint's name, which is the public name
 * @param variant the variant's name on it
 */
record VariantName(String endpoint, String variant) {
  static VariantName of(String path) {
    int slash = path.indexOf('/');
    return new VariantName(path.substring(0, slash), path.substring(slash + 1));
  }

  @Override
  public String toString() {
    return endpoint + "/" + variant;
  }
}
