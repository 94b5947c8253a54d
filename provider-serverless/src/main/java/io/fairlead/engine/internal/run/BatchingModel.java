package io.fairlead.engine.internal.run;

import java.util.Optional;

/** A model whose requests may be batched. */
public interface BatchingModel {
  /** {@return {@code on}, or {@code off} with the reason; empty if its requests are not to be batched} */
  Optional<String> batching();
}
