package io.fairlead.engine;

/** The type of a tensor's elements, under its name in the Open Inference Protocol. */
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

  /** {@return the class of the arrays that hold such elements} */
  public Class<?> arrayType() {
    return arrayType;
  }

  /** {@return whether the elements are whole or floating-point numbers} */
  public boolean isNumeric() {
    return this != BOOL && this != BYTES;
  }
}
