package io.fairlead.serverless.engine;

/** The type of a tensor's elements, under its name in the Open Inference Protocol. */
public enum Datatype {
  BOOL(0, 1),
  UINT8(0, 255),
  INT8(Byte.MIN_VALUE, Byte.MAX_VALUE),
  INT16(Short.MIN_VALUE, Short.MAX_VALUE),
  INT32(Integer.MIN_VALUE, Integer.MAX_VALUE),
  INT64(Long.MIN_VALUE, Long.MAX_VALUE),
  FP32(0, 0),
  FP64(0, 0),
  /** Strings. */
  BYTES(0, 0);

  /** The bounds of the whole numbers that fit in; meaningless for the others. */
  final long min;

  final long max;

  Datatype(long min, long max) {
    this.min = min;
    this.max = max;
  }

  /** {@return the class of the arrays that hold such elements} */
  Class<?> array() {
    return switch (this) {
      case BOOL, UINT8, INT8 -> byte[].class;
      case INT16 -> short[].class;
      case INT32 -> int[].class;
      case INT64 -> long[].class;
      case FP32 -> float[].class;
      case FP64 -> double[].class;
      case BYTES -> String[].class;
    };
  }

  boolean isFloating() {
    return this == FP32 || this == FP64;
  }

  boolean isNumeric() {
    return this != BOOL && this != BYTES;
  }
}
