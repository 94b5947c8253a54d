package io.fairlead.engine;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * What a model says of one of its inputs or outputs.
 *
 * @param name the name in the model
 * @param datatype the type of the elements
 * @param shape the length of each dimension, where -1 is any; empty for a scalar, and for a model that does not say
 */
public record TensorSpec(String name, Datatype datatype, List<Long> shape) {
  public TensorSpec {
    requireNonNull(name, "name");
    requireNonNull(datatype, "datatype");
    shape = List.copyOf(shape);
  }
}
