package io.fairlead.engine;

import java.util.List;

/** A model that an engine has loaded, and that answers any number of callers at the same time. */
public sealed interface Model extends AutoCloseable permits RequestModel, TensorModel {
  /** {@return what it takes, in order; empty if it does not say} */
  List<TensorSpec> inputs();

  /** {@return what it gives, in order; empty if it does not say} */
  List<TensorSpec> outputs();

  /** Frees what it holds. No call is under way, and none follows. */
  @Override
  void close();
}
