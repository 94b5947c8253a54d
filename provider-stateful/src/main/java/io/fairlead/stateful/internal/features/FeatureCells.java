package io.fairlead.stateful.internal.features;

import java.util.Optional;

/** The cells of a model: sets of rows whose answers are the same, or differ by no more than a bound. */
public interface FeatureCells {
  /**
   * {@return what names the cell of a row, to be hashed: rows of one cell have equal bytes; empty if the row is in none}
   *
   * <p>The form of the request is part of it, and nothing else of the request but its numbers.
   */
  Optional<byte[]> cell(FeatureRow row);

  /** {@return the most by which the raw scores of two rows in one cell differ; 0 if their answers are bit-identical} */
  double errorBound();
}
