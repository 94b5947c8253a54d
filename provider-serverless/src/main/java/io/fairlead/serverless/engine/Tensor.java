package io.fairlead.serverless.engine;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.reflect.Array;
import org.jspecify.annotations.Nullable;

/**
 * Elements of one type in row-major order, with a name and a shape.
 *
 * <p>The elements are a {@code byte[]} for BOOL (0 and 1), INT8 and UINT8, a {@code String[]} for BYTES, and the array
 * of the primitive type of that size for the others. They are not copied.
 */
final class Tensor {
  private final String name;
  private final Datatype datatype;
  private final long[] shape;
  private final Object elements;
  private final @Nullable Tensor keys;

  Tensor(String name, Datatype datatype, long[] shape, Object elements) {
    this(name, datatype, shape, elements, null);
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

  String name() {
    return name;
  }

  Datatype datatype() {
    return datatype;
  }

  long[] shape() {
    return shape;
  }

  /** {@return the keys of the columns, if the rows were maps} */
  @Nullable
  Tensor keys() {
    return keys;
  }

  byte[] bytes() {
    return (byte[]) elements;
  }

  short[] shorts() {
    return (short[]) elements;
  }

  int[] ints() {
    return (int[]) elements;
  }

  long[] longs() {
    return (long[]) elements;
  }

  float[] floats() {
    return (float[]) elements;
  }

  double[] doubles() {
    return (double[]) elements;
  }

  String[] strings() {
    return (String[]) elements;
  }

  int size() {
    return Array.getLength(elements);
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
