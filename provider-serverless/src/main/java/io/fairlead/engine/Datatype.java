package io.fairlead.engine;

/**
 * The element type of a tensor, named as in the Open Inference Protocol.
 *
 * <p>Unsigned integers are in arrays of the signed type of their size, as the same bits, and floating-point numbers of 16
 * bits in arrays of {@code short}.
 */
public enum Datatype {
  BOOL(byte[].class),
  UINT8(byte[].class),
  UINT16(short[].class),
  UINT32(int[].class),
  UINT64(long[].class),
  INT8(byte[].class),
  INT16(short[].class),
  INT32(int[].class),
  INT64(long[].class),
  /** The half-precision format of IEEE 754. */
  FP16(short[].class),
  /** The upper half of an FP32: bfloat16. Not in the protocol, but a common extension of it. */
  BF16(short[].class),
  FP32(float[].class),
  FP64(double[].class),
  /** Strings. */
  BYTES(String[].class);

  private final Class<?> arrayType;

  Datatype(Class<?> arrayType) {
    this.arrayType = arrayType;
  }

  /** {@return the array class for elements of this type} */
  public Class<?> arrayType() {
    return arrayType;
  }

  /** {@return whether the elements are integers or floating-point numbers} */
  public boolean isNumeric() {
    return this != BOOL && this != BYTES;
  }
}
