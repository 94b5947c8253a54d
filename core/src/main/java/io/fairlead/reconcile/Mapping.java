package io.fairlead.reconcile;

import java.util.List;
import java.util.stream.Stream;

/**
 * The resources that represent a value of the grammar on a platform.
 *
 * @param resources the resources, each after those that it depends on
 * @param warnings what the platform ignores or does differently than the values say, one sentence each
 */
public record Mapping(List<Resource<?>> resources, List<String> warnings) {
  public Mapping {
    resources = List.copyOf(resources);
    warnings = List.copyOf(warnings);
  }

  /** {@return a copy, followed by other resources} */
  public Mapping and(Resource<?>... others) {
    return new Mapping(Stream.concat(resources.stream(), Stream.of(others)).toList(), warnings);
  }

  public static Mapping of(Resource<?>... resources) {
    return new Mapping(List.of(resources), List.of());
  }
}
