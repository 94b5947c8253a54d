package io.fairlead.reconcile;

import java.util.List;
import java.util.stream.Stream;

/**
 * Resources that a value of the grammar comes to on a platform.
 *
 * @param resources in the order in which they depend on each other
 * @param warnings what the platform ignores or has to do otherwise than the values say, one sentence each
 */
public record Mapping(List<Resource<?>> resources, List<String> warnings) {
  public Mapping {
    resources = List.copyOf(resources);
    warnings = List.copyOf(warnings);
  }

  /** {@return the same, followed by other resources} */
  public Mapping and(Resource<?>... others) {
    return new Mapping(Stream.concat(resources.stream(), Stream.of(others)).toList(), warnings);
  }

  public static Mapping of(Resource<?>... resources) {
    return new Mapping(List.of(resources), List.of());
  }
}
