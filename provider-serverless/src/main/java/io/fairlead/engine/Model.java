package io.fairlead.engine;

import java.util.List;

/** A model that an engine has loaded; thread-safe. */
public sealed interface Model extends AutoCloseable permits RequestModel, TensorModel {
  /** {@return its inputs, in order; empty if it does not declare them} */
  List<TensorSpec> inputs();

  /** {@return its outputs, in order; empty if it does not declare them} */
  List<TensorSpec> outputs();

  /** Releases its resources. No call is in progress, and none follows. */
  @Override
  void close();
}
