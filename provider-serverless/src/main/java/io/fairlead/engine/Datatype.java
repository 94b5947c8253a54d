package io.fairlead.engine;

/** The element type of a tensor, named as in the Open Inference Protocol. */
public enum Datatype {
  BOOL(byte[].class),
  UINT8(byte[].class),
  INT8(byte[].class),
  INT16(short[].class),
  INT32(int[].class),
  INT64(long[].class),
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
