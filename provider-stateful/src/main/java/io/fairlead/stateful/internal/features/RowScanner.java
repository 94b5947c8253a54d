package io.fairlead.stateful.internal.features;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/**
 * A scanner for the body of a request of one row.
 *
 * <p>It works on the bytes and stops at whatever it does not know: a general parser costs several times as much, and
 * this is on the way of each request.
 */
final class RowScanner {
  private static final int MOST_VALUES = 1 << 16;
  private static final int AT_FIRST = 16;
  private static final int MOST_DIGITS = 18;
  private static final int LONGEST_NUMBER = 100;
  private static final int LARGEST_POWER = 22;
  /** The powers of ten that a double holds exactly. */
  private static final double[] POWERS = new double[LARGEST_POWER + 1];

  /** The bits of a double that a float has not. */
  private static final int REST = (1 << 29) - 1;

  private static final int HALF = 1 << 28;
  /** Two roundings in sum; one more for each is for caution. */
  private static final int CLOSE_TO_HALF = 4;

  private static final byte[] INSTANCES = "instances".getBytes(US_ASCII);
  private static final byte[] INPUTS = "inputs".getBytes(US_ASCII);
  private static final byte[] NAME = "name".getBytes(US_ASCII);
  private static final byte[] SHAPE = "shape".getBytes(US_ASCII);
  private static final byte[] DATATYPE = "datatype".getBytes(US_ASCII);
  private static final byte[] FP32 = "FP32".getBytes(US_ASCII);
  private static final byte[] DATA = "data".getBytes(US_ASCII);
  private static final byte[] NAN = "NaN".getBytes(US_ASCII);
  private static final byte[] INFINITY = "Infinity".getBytes(US_ASCII);
  private static final byte[] MINUS_INFINITY = "-Infinity".getBytes(US_ASCII);

  static {
    double power = 1;
    for (int i = 0; i < POWERS.length; i++, power *= 10) {
      POWERS[i] = power;
    }
  }

  private final byte[] body;
  private int at;
  /** Of the last string, without its quotes. */
  private int stringFrom;

  private int stringTo;
  private float value;
  private float[] values = new float[AT_FIRST];
  private int size;
  private int from;
  private int to;
  private String form = "";

  RowScanner(byte[] body) {
    this.body = body;
  }

  /** {@return the name of the form that was read} */
  String form() {
    return form;
  }

  /** {@return the numbers that were read} */
  float[] values() {
    return Arrays.copyOf(values, size);
  }

  /** {@return the index at which the numbers begin} */
  int from() {
    return from;
  }

  /** {@return the index after the numbers} */
  int to() {
    return to;
  }

  /** {@return whether the body is one row in JSON} */
  boolean readJson() {
    boolean isRow;
    if (skips('[')) {
      form = "array";
      isRow = readRow() && skips(']');
    } else {
      isRow = skips('{') && readString() && skips(':') && readMember() && skips('}');
    }
    skipSpace();
    return isRow && at == body.length;
  }

  private boolean readMember() {
    if (isString(INSTANCES)) {
      form = "instances";
      return skips('[') && readRow() && skips(']');
    }
    return isString(INPUTS) && skips('[') && readTensor() && skips(']');
  }

  private boolean readTensor() {
    if (!skips('{')) {
      return false;
    }
    String name = null;
    boolean isFloat = false;
    long length = -1;
    boolean hasData = false;
    do {
      if (!readString() || !skips(':')) {
        return false;
      }
      boolean isRight;
      if (isString(NAME)) {
        isRight = name == null && readString();
        name = isRight ? new String(body, stringFrom, stringTo - stringFrom, ISO_8859_1) : null;
      } else if (isString(DATATYPE)) {
        isRight = !isFloat && readString() && isString(FP32);
        isFloat = true;
      } else if (isString(SHAPE)) {
        isRight = length < 0 && readShape();
        length = (long) value;
      } else {
        isRight = isString(DATA) && !hasData && readData();
        hasData = true;
      }
      if (!isRight) {
        return false;
      }
    } while (skips(','));
    form = "inputs " + name;
    return skips('}') && name != null && isFloat && hasData && length == size;
  }

  /** Reads {@code [1, length]}, as the value. */
  private boolean readShape() {
    return skips('[')
        && skips('1')
        && skips(',')
        && readNumber()
        && value == Math.rint(value)
        && skips(']');
  }

  /** Reads a row that may be nested once more. */
  private boolean readData() {
    int start = at;
    if (skips('[')) {
      skipSpace();
      if (at < body.length && body[at] == '[') {
        return readRow() && skips(']');
      }
    }
    at = start;
    return readRow();
  }

  private boolean readRow() {
    if (!skips('[')) {
      return false;
    }
    skipSpace();
    from = at;
    do {
      if (!readValue()) {
        return false;
      }
      to = at;
    } while (skips(','));
    return skips(']');
  }

  private boolean readValue() {
    skipSpace();
    if (at < body.length && body[at] == '"') {
      if (!readString()) {
        return false;
      }
      if (isString(NAN)) {
        return add(Float.NaN);
      }
      return isString(INFINITY)
          ? add(Float.POSITIVE_INFINITY)
          : isString(MINUS_INFINITY) && add(Float.NEGATIVE_INFINITY);
    }
    return readNumber() && add(value);
  }

  private boolean add(float next) {
    if (size == values.length) {
      if (size == MOST_VALUES) {
        return false;
      }
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = next;
    return true;
  }

  /** {@return whether the body is one row in CSV} */
  boolean readCsv() {
    do {
      boolean isNegative = at < body.length && body[at] == '-';
      if (isText("nan")) {
        add(Float.NaN);
      } else if (isText("inf") || isText("-inf")) {
        add(isNegative ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY);
      } else if (!(isNegative || isDigit()) || !readNumber() || !add(value)) {
        return false;
      }
      to = at;
    } while (isText(","));
    boolean ended = isText("\r\n") || isText("\n") || at == body.length;
    return ended && at == body.length;
  }

  private boolean isText(String text) {
    int length = text.length();
    if (at + length > body.length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (body[at + i] != text.charAt(i)) {
        return false;
      }
    }
    at += length;
    return true;
  }

  private void skipSpace() {
    while (at < body.length
        && (body[at] == ' ' || body[at] == '\n' || body[at] == '\r' || body[at] == '\t')) {
      at++;
    }
  }

  /** Skips white space and, if it is there, a letter. */
  private boolean skips(char letter) {
    skipSpace();
    if (at < body.length && body[at] == letter) {
      at++;
      return true;
    }
    return false;
  }

  /** Reads a string of printable ASCII without escapes. */
  private boolean readString() {
    if (!skips('"')) {
      return false;
    }
    stringFrom = at;
    while (at < body.length && body[at] != '"') {
      if (body[at] < ' ' || body[at] == '\\' || body[at] == 0x7f) {
        return false;
      }
      at++;
    }
    stringTo = at;
    at++;
    return at <= body.length;
  }

  private boolean isString(byte[] text) {
    return Arrays.equals(body, stringFrom, stringTo, text, 0, text.length);
  }

  /**
   * Reads a number of JSON that has one value in FP32, whether the text is rounded to a float or by way of a double.
   *
   * <p>Digits that fit in a long, times or over a power of ten that a double holds: this has at most two roundings, so
   * both ways end at the nearest float unless the product is next to the middle of two floats (W. Clinger, How to Read
   * Floating Point Numbers Accurately, 1990).
   */
  private boolean readNumber() {
    skipSpace();
    int start = at;
    boolean isNegative = at < body.length && body[at] == '-';
    at += isNegative ? 1 : 0;
    long digits = 0;
    int count = 0;
    int power = 0;
    int first = at;
    for (; isDigit(); at++) {
      digits = digits * 10 + (body[at] - '0');
      count += digits == 0 ? 0 : 1;
    }
    if (at == first || (body[first] == '0' && at > first + 1)) {
      return false;
    }
    boolean isWhole = true;
    if (at < body.length && body[at] == '.') {
      isWhole = false;
      first = ++at;
      for (; isDigit(); at++) {
        digits = digits * 10 + (body[at] - '0');
        count += digits == 0 ? 0 : 1;
      }
      if (at == first) {
        return false;
      }
      power = first - at;
    }
    if (at < body.length && (body[at] == 'e' || body[at] == 'E')) {
      isWhole = false;
      at++;
      boolean isSmall = at < body.length && body[at] == '-';
      at += isSmall || (at < body.length && body[at] == '+') ? 1 : 0;
      first = at;
      int exponent = 0;
      for (; isDigit(); at++) {
        exponent = Math.min(exponent * 10 + (body[at] - '0'), 100_000);
      }
      if (at == first) {
        return false;
      }
      power += isSmall ? -exponent : exponent;
    }
    if (at - start > LONGEST_NUMBER || (isWhole && isNegative && digits == 0 && count == 0)) {
      // A whole -0 keeps its sign for some readers only.
      return false;
    }
    if (count > MOST_DIGITS || Math.abs(power) > LARGEST_POWER) {
      return readSlowly(start);
    }
    double product = power < 0 ? digits / POWERS[-power] : digits * POWERS[power];
    int rest = (int) Double.doubleToRawLongBits(product) & REST;
    if ((product < Float.MIN_NORMAL && digits != 0)
        || product > Float.MAX_VALUE
        || Math.abs(rest - HALF) <= CLOSE_TO_HALF) {
      return readSlowly(start);
    }
    value = (float) (isNegative ? -product : product);
    return true;
  }

  private boolean isDigit() {
    return at < body.length && body[at] >= '0' && body[at] <= '9';
  }

  private boolean readSlowly(int start) {
    String text = new String(body, start, at - start, US_ASCII);
    value = Float.parseFloat(text);
    return Float.isFinite(value) && value == (float) Double.parseDouble(text);
  }
}
