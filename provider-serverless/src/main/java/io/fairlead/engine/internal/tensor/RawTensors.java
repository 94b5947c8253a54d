package io.fairlead.engine.internal.tensor;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.grammar.Problems;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The binary tensor encoding of the Open Inference Protocol.
 *
 * <p>Elements follow one another in row-major order, little endian and without padding. A BOOL is one byte, of 0 or 1;
 * an element of BYTES is its length in four bytes and then itself, in UTF-8.
 */
public final class RawTensors {
  /** The prefix of the content type of a binary body; the length of its JSON in bytes follows. */
  public static final String CONTENT_TYPE =
      "application/vnd.sagemaker-triton.binary+json;json-header-size=";

  private static final int LENGTH_SIZE = 4;

  private RawTensors() {}

  /** {@return the size of an element in bytes; BYTES has no fixed size} */
  private static int width(Datatype datatype) {
    return switch (datatype) {
      case BOOL, UINT8, INT8 -> 1;
      case INT16, UINT16, FP16, BF16 -> Short.BYTES;
      case INT32, UINT32, FP32 -> Integer.BYTES;
      case INT64, UINT64, FP64 -> Long.BYTES;
      case BYTES -> throw new IllegalArgumentException("BYTES");
    };
  }

  /**
   * {@return the tensor with the elements in a buffer; null, with a problem, if they are invalid or not as many}
   *
   * @param count the number of elements of that shape; negative if there is none
   */
  public static @Nullable Tensor read(
      TensorSpec spec, long[] shape, long count, ByteBuffer raw, Problems problems, String field) {
    ByteBuffer elements = raw.order(ByteOrder.LITTLE_ENDIAN);
    if (spec.datatype() == Datatype.BYTES) {
      String[] strings = strings(elements, count, problems, field);
      return strings == null ? null : Tensor.of(spec.name(), spec.datatype(), shape, strings);
    }
    int width = width(spec.datatype());
    if (count < 0 || count > Integer.MAX_VALUE || elements.remaining() != count * width) {
      problems.check(
          false,
          field,
          "must hold "
              + (count < 0 || count > Integer.MAX_VALUE
                  ? "fewer elements than that shape"
                  : count * width + " bytes for that shape"),
          elements.remaining());
      return null;
    }
    Object array = array(spec.datatype(), elements, (int) count);
    if (spec.datatype() == Datatype.BOOL) {
      for (byte value : (byte[]) array) {
        if (value != 0 && value != 1) {
          problems.check(false, field, "must hold 0 and 1 for a tensor of BOOL", value);
          return null;
        }
      }
    }
    return Tensor.of(spec.name(), spec.datatype(), shape, array);
  }

  /**
   * Refuses tensors that are larger than the call's memory limit.
   *
   * @param field the field of the request
   */
  public static void checkFit(Call call, String field, List<Tensor> tensors, Failures failures) {
    checkFit(call, field, size(tensors), failures);
  }

  /**
   * Refuses tensors of a size that is larger than the call's memory limit.
   *
   * @param field the field of the request
   */
  public static void checkFit(Call call, String field, long size, Failures failures) {
    if (size > call.memoryBytes()) {
      throw failures.failure(
          ErrorKind.INVALID,
          "Model '" + call.model() + "' was not invoked: " + field + " must take at most the "
              + call.memoryBytes() + " bytes of limits.memoryBytes, as tensors, and takes " + size
              + ": send less at a time, or deploy it with more memory");
    }
  }

  private static Object array(Datatype datatype, ByteBuffer elements, int count) {
    switch (datatype) {
      case INT16, UINT16, FP16, BF16 -> {
        short[] shorts = new short[count];
        elements.asShortBuffer().get(shorts);
        return shorts;
      }
      case INT32, UINT32 -> {
        int[] ints = new int[count];
        elements.asIntBuffer().get(ints);
        return ints;
      }
      case INT64, UINT64 -> {
        long[] longs = new long[count];
        elements.asLongBuffer().get(longs);
        return longs;
      }
      case FP32 -> {
        float[] floats = new float[count];
        elements.asFloatBuffer().get(floats);
        return floats;
      }
      case FP64 -> {
        double[] doubles = new double[count];
        elements.asDoubleBuffer().get(doubles);
        return doubles;
      }
      default -> {
        byte[] bytes = new byte[count];
        elements.get(bytes);
        return bytes;
      }
    }
  }

  private static String @Nullable [] strings(
      ByteBuffer raw, long count, Problems problems, String field) {
    // Each has a length of 4 bytes, so no array is larger than the body allows.
    if (count < 0 || count > raw.remaining() / LENGTH_SIZE) {
      problems.check(
          false,
          field,
          "must hold as many elements as that shape, each with its length in four bytes",
          raw.remaining());
      return null;
    }
    String[] strings = new String[(int) count];
    CharsetDecoder utf8 = UTF_8.newDecoder();
    for (int i = 0; i < strings.length; i++) {
      long length = raw.remaining() < LENGTH_SIZE ? -1 : Integer.toUnsignedLong(raw.getInt());
      if (length < 0 || length > raw.remaining()) {
        problems.check(false, field, "must hold whole elements", "element " + i + " is cut off");
        return null;
      }
      try {
        ByteBuffer element = raw.slice(raw.position(), (int) length);
        CharBuffer text = utf8.decode(element);
        strings[i] = text.toString();
      } catch (CharacterCodingException e) {
        problems.check(false, field, "must hold texts in UTF-8", "element " + i + " is none");
        return null;
      }
      raw.position(raw.position() + (int) length);
    }
    if (raw.hasRemaining()) {
      problems.check(
          false, field, "must end after its last element", raw.remaining() + " bytes more");
      return null;
    }
    return strings;
  }

  /** {@return the texts of a tensor of BYTES, encoded} */
  private static byte[][] encoded(Tensor tensor) {
    byte[][] encoded = new byte[tensor.size()][];
    for (int i = 0; i < encoded.length; i++) {
      encoded[i] = tensor.strings()[i].getBytes(UTF_8);
    }
    return encoded;
  }

  /** {@return the size of the elements of tensors in bytes} */
  public static long size(List<Tensor> tensors) {
    long size = 0;
    for (Tensor tensor : tensors) {
      if (tensor.datatype() == Datatype.BYTES) {
        for (byte[] element : encoded(tensor)) {
          size += LENGTH_SIZE + element.length;
        }
      } else {
        size += (long) tensor.size() * width(tensor.datatype());
      }
    }
    return size;
  }

  /** {@return a tensor's elements} */
  public static byte[] write(Tensor tensor) {
    if (tensor.datatype() == Datatype.BYTES) {
      return write(encoded(tensor));
    }
    ByteBuffer raw = ByteBuffer.allocate(
            Math.multiplyExact(tensor.size(), width(tensor.datatype())))
        .order(ByteOrder.LITTLE_ENDIAN);
    switch (tensor.datatype()) {
      case INT16, UINT16, FP16, BF16 -> raw.asShortBuffer().put(tensor.shorts());
      case INT32, UINT32 -> raw.asIntBuffer().put(tensor.ints());
      case INT64, UINT64 -> raw.asLongBuffer().put(tensor.longs());
      case FP32 -> raw.asFloatBuffer().put(tensor.floats());
      case FP64 -> raw.asDoubleBuffer().put(tensor.doubles());
      default -> raw.duplicate().put(tensor.bytes());
    }
    return raw.array();
  }

  private static byte[] write(byte[][] elements) {
    int size = Math.multiplyExact(LENGTH_SIZE, elements.length);
    for (byte[] element : elements) {
      size = Math.addExact(size, element.length);
    }
    ByteBuffer raw = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    for (byte[] element : elements) {
      raw.putInt(element.length).put(element);
    }
    return raw.array();
  }
}
