package io.fairlead.engine.internal.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.internal.tensor.SmallFloat;
import io.fairlead.engine.internal.text.Unicode;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Problems;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;

/**
 * A reader of a tensor's elements from a JSON array, flat or nested.
 *
 * <p>It always reads to the end of the array, and keeps the first problem.
 */
final class Elements {
  private static final int DEEPEST = 16;
  private static final int AT_FIRST = 64;
  /** The largest double up to which each whole number has a double of its own. */
  private static final double LARGEST_EXACT = 1L << 53;

  private final Datatype datatype;
  private final long least;
  private final long most;
  private float[] floats = {};
  private double[] doubles = {};
  private long[] longs = {};
  private String[] strings = {};
  private int size;

  private final long[] counts = new long[DEEPEST + 1];
  private final long[] lengths = new long[DEEPEST + 1];
  private int deepest;
  private String rule = "";
  private String found = "";
  private int wrong = -1;

  private Elements(Datatype datatype) {
    this.datatype = datatype;
    this.least = least(datatype);
    this.most = most(datatype);
    Arrays.fill(lengths, -1);
  }

  /** Reads the value that the parser is at. */
  static Elements read(JsonParser json, Datatype datatype) throws IOException {
    Elements elements = new Elements(datatype);
    if (json.currentToken() == JsonToken.START_ARRAY) {
      elements.read(json, 0);
    } else {
      elements.note("must be an array", described(json.currentToken()));
      json.skipChildren();
    }
    return elements;
  }

  /** Reads the rest of an array, of which the parser is at the first value. */
  static Elements readRest(JsonParser json, Datatype datatype) throws IOException {
    Elements elements = new Elements(datatype);
    elements.deepest = 1;
    elements.read(json, 1);
    return elements;
  }

  private void read(JsonParser json, int open) throws IOException {
    int depth = open;
    do {
      switch (json.currentToken()) {
        case START_ARRAY -> {
          if (depth == DEEPEST) {
            note("must not be nested deeper than " + DEEPEST, "more");
            json.skipChildren();
          } else {
            depth++;
            counts[depth] = 0;
            checkEven(depth <= deepest || size == 0);
            deepest = Math.max(deepest, depth);
          }
        }
        case END_ARRAY -> {
          checkEven(lengths[depth] < 0 || lengths[depth] == counts[depth]);
          lengths[depth] = counts[depth];
          depth--;
          counts[depth]++;
        }
        default -> {
          checkEven(depth == deepest);
          if (!add(json)) {
            wrong = wrong < 0 ? size : wrong;
            note(rule(), "element " + size + " is " + described(json.currentToken()));
          }
          json.skipChildren();
          counts[depth]++;
          size++;
        }
      }
    } while (depth > 0 && json.nextToken() != null);
  }

  private boolean add(JsonParser json) throws IOException {
    JsonToken token = json.currentToken();
    boolean whole = token == JsonToken.VALUE_NUMBER_INT;
    switch (datatype) {
      case FP32 -> {
        float value = whole || token == JsonToken.VALUE_NUMBER_FLOAT
            ? json.getFloatValue()
            : (float) named(json);
        floats = size < floats.length ? floats : Arrays.copyOf(floats, larger());
        floats[size] = value;
        return isFloating(json, Float.isFinite(value));
      }
      case FP64, FP16, BF16 -> {
        double value =
            whole || token == JsonToken.VALUE_NUMBER_FLOAT ? json.getDoubleValue() : named(json);
        doubles = size < doubles.length ? doubles : Arrays.copyOf(doubles, larger());
        doubles[size] = value;
        return isFloating(json, Double.isFinite(rounded(value)));
      }
      case BYTES -> {
        strings = size < strings.length ? strings : Arrays.copyOf(strings, larger());
        strings[size] = token == JsonToken.VALUE_STRING ? json.getText() : "";
        if (!Unicode.isWhole(strings[size])) {
          note(Unicode.RULE, "element " + size + " has half of one");
        }
        return token == JsonToken.VALUE_STRING;
      }
      case UINT64 -> {
        longs = size < longs.length ? longs : Arrays.copyOf(longs, larger());
        BigInteger value = whole
            ? json.getBigIntegerValue()
            : BigInteger.valueOf(
                token == JsonToken.VALUE_NUMBER_FLOAT ? exact(json.getDoubleValue()) : -1);
        longs[size] = value.longValue();
        return value.signum() >= 0 && value.bitLength() <= Long.SIZE;
      }
      default -> {
        longs = size < longs.length ? longs : Arrays.copyOf(longs, larger());
        if (datatype == Datatype.BOOL) {
          longs[size] = token == JsonToken.VALUE_TRUE ? 1 : 0;
          return token.isBoolean();
        }
        if (token == JsonToken.VALUE_NUMBER_FLOAT) {
          double value = json.getDoubleValue();
          longs[size] = (long) value;
          return isWhole(value) && isInRange(longs[size]);
        }
        if (!whole || json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
          return false;
        }
        longs[size] = json.getLongValue();
        return isInRange(longs[size]);
      }
    }
  }

  /** Protocol buffers, through which Vertex AI passes JSON, have no other numbers. */
  private static boolean isWhole(double value) {
    return value == Math.rint(value) && Math.abs(value) <= LARGEST_EXACT;
  }

  /** {@return a whole number; -1 for any other} */
  private static long exact(double value) {
    return isWhole(value) ? (long) value : -1;
  }

  private boolean isInRange(long value) {
    return value >= least && value <= most;
  }

  private double rounded(double value) {
    return switch (datatype) {
      case FP16 -> SmallFloat.HALF.toFloat(SmallFloat.HALF.of(value));
      case BF16 -> SmallFloat.BFLOAT.toFloat(SmallFloat.BFLOAT.of(value));
      default -> value;
    };
  }

  /** {@return the smallest value of an integer type; meaningless for other types} */
  private static long least(Datatype datatype) {
    return switch (datatype) {
      case INT8 -> Byte.MIN_VALUE;
      case INT16 -> Short.MIN_VALUE;
      case INT32 -> Integer.MIN_VALUE;
      case INT64 -> Long.MIN_VALUE;
      default -> 0;
    };
  }

  /** {@return the largest value of an integer type; meaningless for other types} */
  private static long most(Datatype datatype) {
    return switch (datatype) {
      case BOOL -> 1;
      case UINT8 -> 255;
      case UINT16 -> 65_535;
      case UINT32 -> 4_294_967_295L;
      case INT8 -> Byte.MAX_VALUE;
      case INT16 -> Short.MAX_VALUE;
      case INT32 -> Integer.MAX_VALUE;
      case INT64 -> Long.MAX_VALUE;
      default -> 0;
    };
  }

  private int larger() {
    return Math.max(AT_FIRST, Math.multiplyExact(size, 2));
  }

  /** The numbers that JSON has no way to write, as strings. */
  private static double named(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      return 0;
    }
    return switch (json.getText()) {
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      case "NaN" -> Double.NaN;
      default -> 0;
    };
  }

  private static boolean isFloating(JsonParser json, boolean finite) {
    return json.currentToken() == JsonToken.VALUE_STRING
        ? !finite
        : json.currentToken().isNumeric() && finite;
  }

  private String rule() {
    return switch (datatype) {
      case FP16, BF16, FP32, FP64 ->
        "must hold numbers that fit in " + datatype
            + ", or \"NaN\", \"Infinity\" and \"-Infinity\"";
      case BOOL -> "must hold true and false";
      case BYTES -> "must hold strings";
      case UINT64 -> "must hold whole numbers from 0 to " + Long.toUnsignedString(-1);
      default -> "must hold whole numbers from " + least + " to " + most;
    };
  }

  private static String described(JsonToken token) {
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NULL -> "null";
      case VALUE_TRUE, VALUE_FALSE -> "a boolean";
      case VALUE_NUMBER_FLOAT, VALUE_NUMBER_INT -> "another number";
      default -> token.toString();
    };
  }

  private void checkEven(boolean even) {
    if (!even) {
      note(
          "must be nested evenly, with as many elements in one array as in the next",
          "element " + size + " is not");
    }
  }

  private void note(String newRule, String newFound) {
    if (rule.isEmpty()) {
      rule = newRule;
      found = newFound;
    }
  }

  /** Adds the problem, if there was one, and returns whether there was none. */
  boolean check(Problems problems, String field) {
    if (!rule.isEmpty()) {
      problems.add(new Problem(field, rule, found));
    }
    return rule.isEmpty();
  }

  int size() {
    return size;
  }

  /** {@return the index of the first element that is not of the type; -1 if there is none} */
  int wrong() {
    return wrong;
  }

  /** {@return the lengths of the nested arrays, from the outermost} */
  long[] shape() {
    return Arrays.copyOfRange(lengths, 1, deepest + 1);
  }

  /** {@return whether the data is flat, or nested as a shape; of one with no elements, arrays of length 0 have nothing in them} */
  boolean isNestedAs(long[] shape) {
    long[] own = shape();
    if (own.length <= 1 || Arrays.equals(own, shape)) {
      return true;
    }
    return size == 0
        && own.length < shape.length
        && own[own.length - 1] == 0
        && Arrays.equals(own, Arrays.copyOf(shape, own.length));
  }

  Tensor tensor(String name, long[] shape) {
    return Tensor.of(name, datatype, shape, array());
  }

  private Object array() {
    switch (datatype) {
      case FP32 -> {
        return floats.length == size ? floats : Arrays.copyOf(floats, size);
      }
      case FP64 -> {
        return doubles.length == size ? doubles : Arrays.copyOf(doubles, size);
      }
      case BYTES -> {
        return strings.length == size ? strings : Arrays.copyOf(strings, size);
      }
      case INT64, UINT64 -> {
        return longs.length == size ? longs : Arrays.copyOf(longs, size);
      }
      case INT32, UINT32 -> {
        int[] ints = new int[size];
        for (int i = 0; i < size; i++) {
          ints[i] = (int) longs[i];
        }
        return ints;
      }
      case FP16, BF16 -> {
        SmallFloat format = datatype == Datatype.FP16 ? SmallFloat.HALF : SmallFloat.BFLOAT;
        short[] shorts = new short[size];
        for (int i = 0; i < size; i++) {
          shorts[i] = format.of(doubles[i]);
        }
        return shorts;
      }
      case INT16, UINT16 -> {
        short[] shorts = new short[size];
        for (int i = 0; i < size; i++) {
          shorts[i] = (short) longs[i];
        }
        return shorts;
      }
      default -> {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
          bytes[i] = (byte) longs[i];
        }
        return bytes;
      }
    }
  }
}
