package io.fairlead.reconcile;

import java.util.List;

/**
 * Resources that a value of the grammar comes to on a platform.
 *
 * @param resources in the order in which they depend on each other
 * @param lossy what the platform cannot say as the grammar does, one sentence each
 */
public record Mapping(List<Resource<?>> resources, List<String> lossy) {
  public Mapping {
    resources = List.copyOf(resources);
    lossy = List.copyOf(lossy);
  }

  public static Mapping of(Resource<?>... resources) {
    return new Mapping(List.of(resources), List.of());
  }
}
