package io.fairlead.serverless.engine;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Elements of one type in row-major order, with a name and a shape.
 *
 * <p>The elements are a {@code byte[]} for BOOL (0 and 1), INT8 and UINT8, a {@code String[]} for BYTES, and the array
 * of the primitive type of that size for the others. Neither they nor the shape are copied, here or by the methods that
 * give them: whoever changes them changes the tensor.
 */
public final class Tensor {
  private final String name;
  private final Datatype datatype;
  private final long[] shape;
  private final Object elements;
  private final @Nullable Tensor keys;

  Tensor(String name, Datatype datatype, long[] shape, Object elements) {
    this(name, datatype, shape, elements, null);
  }

  /**
   * {@return a tensor of these elements}
   *
   * @param elements an array of the type that belongs to the datatype, with an element for each of the shape
   * @throws IllegalArgumentException if it is another array, or of another length
   */
  public static Tensor of(String name, Datatype datatype, long[] shape, Object elements) {
    requireNonNull(name, "name");
    if (elements.getClass() != datatype.array()) {
      throw new IllegalArgumentException("Tensor '" + name + "' of " + datatype + " takes a "
          + datatype.array().getSimpleName() + ", not a "
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
    return new Tensor(name, datatype, shape, elements);
  }

  private Tensor(
      String name, Datatype datatype, long[] shape, Object elements, @Nullable Tensor keys) {
    this.name = name;
    this.datatype = datatype;
    this.shape = shape;
    this.elements = elements;
    this.keys = keys;
  }

  /** {@return the same tensor, which holds the values of one map in each row} */
  Tensor withKeys(Tensor newKeys) {
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

  /** {@return the keys of the columns, if the rows were maps} */
  @Nullable
  Tensor keys() {
    return keys;
  }

  /** {@return the elements of a tensor of BOOL, INT8 or UINT8} */
  public byte[] bytes() {
    return (byte[]) elements;
  }

  /** {@return the elements of a tensor of INT16} */
  public short[] shorts() {
    return (short[]) elements;
  }

  /** {@return the elements of a tensor of INT32} */
  public int[] ints() {
    return (int[]) elements;
  }

  /** {@return the elements of a tensor of INT64} */
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

  /** {@return how many elements there are} */
  public int size() {
    return Array.getLength(elements);
  }

  /** {@return the rows of tensors that differ in the length of their first dimension at most} */
  static Tensor joined(List<Tensor> parts) {
    Tensor first = parts.get(0);
    int size = parts.stream().mapToInt(Tensor::size).reduce(0, Math::addExact);
    Object all = Array.newInstance(first.elements.getClass().getComponentType(), size);
    long rows = 0;
    int at = 0;
    for (Tensor part : parts) {
      System.arraycopy(part.elements, 0, all, at, part.size());
      at += part.size();
      rows += part.shape[0];
    }
    long[] shape = first.shape.clone();
    shape[0] = rows;
    return new Tensor(first.name, first.datatype, shape, all);
  }

  /** {@return a copy of some of the rows, of which there is at least one} */
  Tensor rows(int from, int count) {
    int width = size() / (int) shape[0];
    Object some = Array.newInstance(elements.getClass().getComponentType(), count * width);
    System.arraycopy(elements, from * width, some, 0, count * width);
    long[] newShape = shape.clone();
    newShape[0] = count;
    return new Tensor(name, datatype, newShape, some, keys);
  }

  /** {@return its name, type and shape, without the elements} */
  @Override
  public String toString() {
    return name + ": " + datatype + Arrays.toString(shape);
  }

  /** Writes the elements from one index up to another as values. Numbers that JSON lacks become strings: "NaN". */
  void write(JsonGenerator json, int from, int to) throws IOException {
    switch (datatype) {
      case BOOL -> {
        for (int i = from; i < to; i++) {
          json.writeBoolean(bytes()[i] != 0);
        }
      }
      case UINT8 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(bytes()[i] & 0xff);
        }
      }
      case INT8 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(bytes()[i]);
        }
      }
      case INT16 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(shorts()[i]);
        }
      }
      case INT32 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(ints()[i]);
        }
      }
      case INT64 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(longs()[i]);
        }
      }
      case FP32 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(floats()[i]);
        }
      }
      case FP64 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(doubles()[i]);
        }
      }
      case BYTES -> {
        for (int i = from; i < to; i++) {
          json.writeString(strings()[i]);
        }
      }
    }
  }

  /** Writes the elements from one index up to another, nested by the dimensions after the first {@code outer}. */
  void writeNested(JsonGenerator json, int outer, int from, int to) throws IOException {
    if (outer == shape.length) {
      write(json, from, to);
      return;
    }
    int parts = (int) shape[outer];
    json.writeStartArray();
    for (int i = 0, step = parts == 0 ? 0 : (to - from) / parts; i < parts; i++) {
      writeNested(json, outer + 1, from + i * step, from + (i + 1) * step);
    }
    json.writeEndArray();
  }
}
