package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

/**
 * The kind and name of one resource on a platform.
 *
 * @param kind its kind there, such as {@code endpoint}
 * @param name its name there, which the mapper has chosen and can compute again
 */
public record ResourceRef(String kind, String name) {
  public ResourceRef {
    requireNonNull(kind, "kind");
    requireNonNull(name, "name");
  }

  @Override
  public String toString() {
    return kind + " " + name;
  }
}
