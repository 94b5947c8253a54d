package io.fairlead.engine.internal.run;

import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.internal.tensor.SmallFloat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The comparison of what requests are answered in a batch with what each is answered alone.
 *
 * <p>Of each shape the first batches are compared, until {@value #FIRST} requests had equal answers, and then one of
 * {@value #EVERY}. Beyond {@value #MOST_SHAPES} shapes every batch is.
 */
final class BatchComparison {
  static final int FIRST = 16;
  static final int EVERY = 64;
  static final int MOST_SHAPES = 1024;

  // The order of additions in a matrix product depends on the number of rows. In single precision
  // that changes a
  // sum of n numbers by at most n * 2^-24 of the sum of their sizes; seen were 1e-6 of an answer's
  // largest number.
  private static final double TOLERANCE = 1e-4;
  // For an answer of zeros.
  private static final double LEAST = 1e-6;

  private final Map<Shape, Count> counts = new ConcurrentHashMap<>();

  /**
   * What requests have in common that may be in one batch.
   *
   * @param outputs the names of the outputs
   * @param rows the length of each dimension but the first, of each input
   */
  record Shape(List<String> outputs, List<List<Long>> rows) {
    static Shape of(List<String> outputs, List<Tensor> inputs) {
      List<List<Long>> rows = new ArrayList<>();
      for (Tensor input : inputs) {
        rows.add(Arrays.stream(input.shape()).skip(1).boxed().toList());
      }
      return new Shape(outputs, rows);
    }
  }

  private static final class Count {
    private final AtomicInteger batches = new AtomicInteger();
    private final AtomicInteger equal = new AtomicInteger();
  }

  /** {@return whether the next batch of a shape is to be compared} */
  boolean isDue(Shape shape) {
    Count count = counts.get(shape);
    if (count == null && counts.size() < MOST_SHAPES) {
      count = counts.computeIfAbsent(shape, it -> new Count());
    }
    return count == null
        || count.equal.get() < FIRST
        || count.batches.incrementAndGet() % EVERY == 0;
  }

  /** Counts a request whose answers were equal. */
  void equal(Shape shape) {
    Count count = counts.get(shape);
    if (count != null) {
      count.equal.incrementAndGet();
    }
  }

  /** {@return the name of the first output that differs by more than rounding; empty if none does} */
  static Optional<String> difference(List<Tensor> alone, List<Tensor> together) {
    for (int i = 0; i < alone.size(); i++) {
      if (!isEqual(alone.get(i), together.get(i))) {
        return Optional.of(alone.get(i).name());
      }
    }
    return Optional.empty();
  }

  private static boolean isEqual(Tensor alone, Tensor together) {
    Tensor keys = alone.keys().orElse(null);
    Tensor otherKeys = together.keys().orElse(null);
    return alone.datatype() == together.datatype()
        && Arrays.equals(alone.shape(), together.shape())
        && (keys == null
            ? otherKeys == null
            : otherKeys != null && Arrays.deepEquals(elements(keys), elements(otherKeys)))
        && hasEqualElements(alone, together);
  }

  private static Object[] elements(Tensor tensor) {
    return new Object[] {tensor.elements()};
  }

  private static boolean hasEqualElements(Tensor alone, Tensor together) {
    if (!isFloating(alone.datatype())) {
      return Arrays.deepEquals(elements(alone), elements(together));
    }
    double largest = 0;
    for (int i = 0; i < alone.size(); i++) {
      double size = Math.abs(number(alone, i));
      largest = Double.isFinite(size) ? Math.max(largest, size) : largest;
    }
    double most = Math.max(LEAST, TOLERANCE * largest);
    for (int i = 0; i < alone.size(); i++) {
      double one = number(alone, i);
      double other = number(together, i);
      // Also of two that are infinite, or no number.
      if (Double.compare(one, other) != 0 && !(Math.abs(one - other) <= most)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isFloating(Datatype datatype) {
    return switch (datatype) {
      case FP16, BF16, FP32, FP64 -> true;
      default -> false;
    };
  }

  private static double number(Tensor tensor, int i) {
    return switch (tensor.datatype()) {
      case FP16 -> SmallFloat.HALF.toFloat(tensor.shorts()[i]);
      case BF16 -> SmallFloat.BFLOAT.toFloat(tensor.shorts()[i]);
      case FP32 -> tensor.floats()[i];
      default -> tensor.doubles()[i];
    };
  }
}
