package io.fairlead.engine;

import static java.util.Objects.requireNonNull;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A tensor: elements of one type in row-major order, with a name and a shape.
 *
 * <p>The elements are a {@code byte[]} for BOOL (0 and 1), INT8 and UINT8, a {@code String[]} for BYTES, a {@code short[]}
 * for FP16 and BF16, and the array of the primitive type of that size for the others, of which unsigned integers have the
 * same bits. Neither they nor the shape are copied, here or by the accessors:
 * changes to these arrays change the tensor.
 */
public final class Tensor {
  private final String name;
  private final Datatype datatype;
  private final long[] shape;
  private final Object elements;
  private final @Nullable Tensor keys;

  /**
   * {@return a tensor of these elements}
   *
   * @param elements an array of the datatype's {@link Datatype#arrayType}, with as many elements as the shape has
   * @throws IllegalArgumentException if the array has another type or length
   */
  public static Tensor of(String name, Datatype datatype, long[] shape, Object elements) {
    requireNonNull(name, "name");
    if (elements.getClass() != datatype.arrayType()) {
      throw new IllegalArgumentException("Tensor '" + name + "' of " + datatype + " takes a "
          + datatype.arrayType().getSimpleName() + ", not a "
          + elements.getClass().getSimpleName());
    }
    long count = 1;
    for (long length : shape) {
      count = Math.multiplyExact(count, length);
    }
    if (count != Array.getLength(elements)) {
      throw new IllegalArgumentException("Tensor '" + name + "' of shape " + Arrays.toString(shape)
          + " takes " + count + " elements, not " + Array.getLength(elements));
    }
    return new Tensor(name, datatype, shape, elements, null);
  }

  private Tensor(
      String name, Datatype datatype, long[] shape, Object elements, @Nullable Tensor keys) {
    this.name = name;
    this.datatype = datatype;
    this.shape = shape;
    this.elements = elements;
    this.keys = keys;
  }

  /**
   * {@return the same tensor as a table of maps, one in each row}
   *
   * @param newKeys the keys of its columns, as INT64 or BYTES
   */
  public Tensor withKeys(Tensor newKeys) {
    return new Tensor(name, datatype, shape, elements, newKeys);
  }

  public String name() {
    return name;
  }

  public Datatype datatype() {
    return datatype;
  }

  /** {@return the length of each dimension; empty for a scalar} */
  public long[] shape() {
    return shape;
  }

  /** {@return the keys of the columns; empty unless it is a table of maps} */
  public Optional<Tensor> keys() {
    return Optional.ofNullable(keys);
  }

  /** {@return the elements, as an array of the datatype's {@link Datatype#arrayType}} */
  public Object elements() {
    return elements;
  }

  /** {@return the elements of a tensor of BOOL, INT8 or UINT8} */
  public byte[] bytes() {
    return (byte[]) elements;
  }

  /** {@return the elements of a tensor of INT16, UINT16, FP16 or BF16} */
  public short[] shorts() {
    return (short[]) elements;
  }

  /** {@return the elements of a tensor of INT32 or UINT32} */
  public int[] ints() {
    return (int[]) elements;
  }

  /** {@return the elements of a tensor of INT64 or UINT64} */
  public long[] longs() {
    return (long[]) elements;
  }

  /** {@return the elements of a tensor of FP32} */
  public float[] floats() {
    return (float[]) elements;
  }

  /** {@return the elements of a tensor of FP64} */
  public double[] doubles() {
    return (double[]) elements;
  }

  /** {@return the elements of a tensor of BYTES} */
  public String[] strings() {
    return (String[]) elements;
  }

  /** {@return the number of elements} */
  public int size() {
    return Array.getLength(elements);
  }

  /** {@return its name, type and shape, without the elements} */
  @Override
  public String toString() {
    return name + ": " + datatype + Arrays.toString(shape);
  }
}
