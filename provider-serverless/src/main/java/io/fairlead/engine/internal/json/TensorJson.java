package io.fairlead.engine.internal.json;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.internal.tensor.SmallFloat;
import java.io.IOException;

/** The JSON encoding of tensor elements. */
final class TensorJson {
  private TensorJson() {}

  /** Writes the elements from one index up to another as values. Numbers that JSON lacks become strings: "NaN". */
  static void write(JsonGenerator json, Tensor tensor, int from, int to) throws IOException {
    switch (tensor.datatype()) {
      case BOOL -> {
        for (int i = from; i < to; i++) {
          json.writeBoolean(tensor.bytes()[i] != 0);
        }
      }
      case UINT8 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(tensor.bytes()[i] & 0xff);
        }
      }
      case INT8 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(tensor.bytes()[i]);
        }
      }
      case INT16 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(tensor.shorts()[i]);
        }
      }
      case INT32 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(tensor.ints()[i]);
        }
      }
      case INT64 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(tensor.longs()[i]);
        }
      }
      case UINT16 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(Short.toUnsignedInt(tensor.shorts()[i]));
        }
      }
      case UINT32 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(Integer.toUnsignedLong(tensor.ints()[i]));
        }
      }
      case UINT64 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(Long.toUnsignedString(tensor.longs()[i]));
        }
      }
      case FP16 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(SmallFloat.HALF.toFloat(tensor.shorts()[i]));
        }
      }
      case BF16 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(SmallFloat.BFLOAT.toFloat(tensor.shorts()[i]));
        }
      }
      case FP32 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(tensor.floats()[i]);
        }
      }
      case FP64 -> {
        for (int i = from; i < to; i++) {
          json.writeNumber(tensor.doubles()[i]);
        }
      }
      case BYTES -> {
        for (int i = from; i < to; i++) {
          json.writeString(tensor.strings()[i]);
        }
      }
    }
  }

  /** Writes the elements from one index up to another, nested by the dimensions after the first {@code outer}. */
  static void writeNested(JsonGenerator json, Tensor tensor, int outer, int from, int to)
      throws IOException {
    if (outer == tensor.shape().length) {
      write(json, tensor, from, to);
      return;
    }
    int parts = (int) tensor.shape()[outer];
    json.writeStartArray();
    for (int i = 0, step = parts == 0 ? 0 : (to - from) / parts; i < parts; i++) {
      writeNested(json, tensor, outer + 1, from + i * step, from + (i + 1) * step);
    }
    json.writeEndArray();
  }
}
