package io.fairlead.engine;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * The declaration of an input or output of a model.
 *
 * @param name the name in the model
 * @param datatype the type of the elements
 * @param shape the length of each dimension, -1 for any; empty for a scalar, and if it is not declared
 */
public record TensorSpec(String name, Datatype datatype, List<Long> shape) {
  public TensorSpec {
    requireNonNull(name, "name");
    requireNonNull(datatype, "datatype");
    shape = List.copyOf(shape);
  }
}
