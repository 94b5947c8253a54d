package io.fairlead.engine.internal.tensor;

import io.fairlead.engine.Tensor;
import java.lang.reflect.Array;
import java.util.List;

/** Joining and splitting of tensors by rows. */
public final class Tensors {
  private Tensors() {}

  /** {@return the rows of tensors that differ in the length of their first dimension at most} */
  public static Tensor joined(List<Tensor> parts) {
    Tensor first = parts.get(0);
    int size = parts.stream().mapToInt(Tensor::size).reduce(0, Math::addExact);
    Object all = Array.newInstance(first.elements().getClass().getComponentType(), size);
    long rows = 0;
    int at = 0;
    for (Tensor part : parts) {
      System.arraycopy(part.elements(), 0, all, at, part.size());
      at += part.size();
      rows += part.shape()[0];
    }
    long[] shape = first.shape().clone();
    shape[0] = rows;
    return Tensor.of(first.name(), first.datatype(), shape, all);
  }

  /** {@return a copy of one or more of the rows} */
  public static Tensor rows(Tensor tensor, int from, int count) {
    int width = tensor.size() / (int) tensor.shape()[0];
    Object some = Array.newInstance(tensor.elements().getClass().getComponentType(), count * width);
    System.arraycopy(tensor.elements(), from * width, some, 0, count * width);
    long[] shape = tensor.shape().clone();
    shape[0] = count;
    Tensor part = Tensor.of(tensor.name(), tensor.datatype(), shape, some);
    return tensor.keys().map(part::withKeys).orElse(part);
  }
}
