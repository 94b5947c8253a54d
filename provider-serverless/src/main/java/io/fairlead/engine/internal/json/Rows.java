package io.fairlead.engine.internal.json;

import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorSpec;
import java.util.Arrays;
import java.util.List;

/**
 * The rows of a request, which are answered by one prediction each.
 *
 * @param count the number of rows
 * @param tensors a tensor for each input, with an element for each row; none if the rows are texts
 * @param texts the texts; none if the rows are of tensors
 */
record Rows(int count, List<Tensor> tensors, List<String> texts) {
  Rows {
    tensors = List.copyOf(tensors);
    texts = List.copyOf(texts);
  }

  static Rows ofTexts(List<String> texts) {
    return new Rows(texts.size(), List.of(), texts);
  }

  static Rows ofTensors(int count, List<Tensor> tensors) {
    return new Rows(count, tensors, List.of());
  }

  /** {@return the shape of an input's rows: as they are nested, or as the input has it where that says the same} */
  static long[] shape(TensorSpec spec, Elements elements) {
    long[] nested = elements.shape();
    int rank = spec.shape().size();
    if (elements.size() == 0 && nested.length < rank) {
      long[] whole = Arrays.copyOf(nested, rank);
      for (int i = nested.length; i < rank; i++) {
        whole[i] = Math.max(0, spec.shape().get(i));
      }
      return whole;
    }
    if (nested.length == rank - 1 && spec.shape().get(rank - 1) == 1) {
      long[] column = Arrays.copyOf(nested, rank);
      column[rank - 1] = 1;
      return column;
    }
    return nested;
  }
}
