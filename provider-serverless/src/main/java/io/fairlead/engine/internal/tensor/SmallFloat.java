package io.fairlead.engine.internal.tensor;

/** A floating-point format of 16 bits. */
public enum SmallFloat {
  /** The half-precision format of IEEE 754. */
  HALF(10, 5),
  /** The upper half of a {@code float}: bfloat16. */
  BFLOAT(7, 8);

  private final int mantissaBits;
  private final int bias;

  SmallFloat(int mantissaBits, int exponentBits) {
    this.mantissaBits = mantissaBits;
    this.bias = (1 << (exponentBits - 1)) - 1;
  }

  /** {@return the bits of the number that is nearest to a value; infinity for one that is too large} */
  public short of(double value) {
    int sign = Double.doubleToRawLongBits(value) < 0 ? 0x8000 : 0;
    int infinity = (2 * bias + 1) << mantissaBits;
    double size = Math.abs(value);
    if (Double.isNaN(size)) {
      return (short) (sign | infinity | (1 << (mantissaBits - 1)));
    }
    // Of a subnormal number the exponent is that of the smallest normal one.
    int exponent = Math.max(Math.getExponent(size), 1 - bias);
    if (exponent > bias) {
      return (short) (sign | infinity);
    }
    // Halfway between two, the even one. One too large for its exponent carries over into it.
    double steps = Math.rint(Math.scalb(size, mantissaBits - exponent));
    int bits = ((exponent + bias - 1) << mantissaBits) + (int) steps;
    return (short) (sign | Math.min(bits, infinity));
  }

  /** {@return the value of such bits} */
  public float toFloat(short bits) {
    int mantissa = bits & ((1 << mantissaBits) - 1);
    int exponent = (bits & 0x7fff) >> mantissaBits;
    float size;
    if (exponent > 2 * bias) {
      size = mantissa == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else if (exponent == 0) {
      size = Math.scalb((float) mantissa, 1 - bias - mantissaBits);
    } else {
      size = Math.scalb((float) (mantissa + (1 << mantissaBits)), exponent - bias - mantissaBits);
    }
    return bits < 0 ? -size : size;
  }
}
