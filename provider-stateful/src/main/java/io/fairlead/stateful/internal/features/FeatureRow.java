package io.fairlead.stateful.internal.features;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.fairlead.grammar.RequestOptions;
import io.fairlead.platform.Request;
import java.io.ByteArrayOutputStream;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * A request of one row of numbers, as a model with one input of the type FP32 sees them.
 *
 * <p>These are rows, of one number or more:
 *
 * <ul>
 *   <li>{@code {"instances": [[5.1, 3.5]]}}, and the bare array {@code [[5.1, 3.5]]};
 *   <li>{@code {"inputs": [{"name": "X", "shape": [1, 2], "datatype": "FP32", "data": [5.1, 3.5]}]}}, with its members
 *       in any order and the data flat or nested;
 *   <li>one line of CSV without a header, as {@code text/csv}.
 * </ul>
 *
 * <p>Numbers that JSON lacks are the strings "NaN", "Infinity" and "-Infinity", in CSV nan, inf and -inf. Nothing else
 * is a row: neither a request with an id, with parameters or with chosen outputs, for these change the answer, nor one
 * with a number that could be read as two values of FP32.
 *
 * <p>Immutable.
 */
public final class FeatureRow {
  private static final Set<String> JSON = Set.of(
      "application/json", "application/json;charset=utf-8", "application/json; charset=utf-8");
  private static final String CSV = "text/csv";
  private static final int USUAL_LENGTH_OF_A_NUMBER = 20;

  private final Request request;
  private final String form;
  private final float[] values;
  private final int from;
  private final int to;

  /**
   * Creates a row.
   *
   * @param from the index of the body at which its numbers begin, and {@code to} that after them
   */
  private FeatureRow(Request request, String form, float[] values, int from, int to) {
    this.request = request;
    this.form = form;
    this.values = values;
    this.from = from;
    this.to = to;
  }

  /** {@return the row of a request; empty if it is not certainly one row} */
  public static Optional<FeatureRow> parse(Request request) {
    if (request.path().isPresent()) {
      // What a row means there is the container's.
      return Optional.empty();
    }
    RowScanner scanner = new RowScanner(request.bodyUnsafe());
    String type = request.contentType();
    if (isJson(type)) {
      return scanner.readJson()
          ? Optional.of(new FeatureRow(
              request, scanner.form(), scanner.values(), scanner.from(), scanner.to()))
          : Optional.empty();
    }
    return type.equalsIgnoreCase(CSV) && scanner.readCsv()
        ? Optional.of(new FeatureRow(request, CSV, scanner.values(), scanner.from(), scanner.to()))
        : Optional.empty();
  }

  /** {@return a row as instances, of values that are copied} */
  static FeatureRow instance(float... values) {
    String before = "{\"instances\": [[";
    Request request = Request.json(before + "]]}");
    return new FeatureRow(request, "instances", values.clone(), before.length(), before.length());
  }

  private static boolean isJson(String type) {
    return JSON.contains(type) || JSON.contains(type.toLowerCase(Locale.ROOT));
  }

  /** {@return how many numbers it has; 1 or more} */
  public int size() {
    return values.length;
  }

  /** {@return the value of a feature; NaN where it is missing} */
  public float value(int feature) {
    return values[feature];
  }

  /** {@return the form of the request, which its answer depends on: two requests of one form differ in their numbers alone} */
  public String form() {
    return form;
  }

  /** {@return a copy with another value of one feature} */
  public FeatureRow with(int feature, float value) {
    float[] changed = values.clone();
    changed[feature] = value;
    return new FeatureRow(request, form, changed, from, to);
  }

  /** {@return a copy with other values, as many as it has; they are copied} */
  FeatureRow withAll(float... newValues) {
    if (newValues.length != values.length) {
      throw new IllegalArgumentException(
          newValues.length + " values for a row of " + values.length);
    }
    return new FeatureRow(request, form, newValues.clone(), from, to);
  }

  /**
   * {@return a request with these values, in the form, of the content type, with the timeout and with the options of
   * the one that was parsed}
   *
   * <p>Each number is the double of the same value, so that readers of FP32 and of doubles read the same.
   */
  public Request toRequest() {
    byte[] body = request.bodyUnsafe();
    ByteArrayOutputStream changed = new ByteArrayOutputStream(
        body.length - (to - from) + values.length * USUAL_LENGTH_OF_A_NUMBER);
    changed.write(body, 0, from);
    StringBuilder numbers = new StringBuilder(values.length * USUAL_LENGTH_OF_A_NUMBER);
    for (int i = 0; i < values.length; i++) {
      append(numbers.append(i == 0 ? "" : ","), values[i]);
    }
    changed.writeBytes(numbers.toString().getBytes(US_ASCII));
    changed.write(body, to, body.length - to);
    Request copy = Request.ofUnsafe(changed.toByteArray(), request.contentType())
        .withTimeout(request.timeout());
    if (request.variant().isPresent()) {
      copy = copy.pinnedTo(request.variant().get());
    }
    for (RequestOptions option : request.options().values()) {
      copy = copy.with(option);
    }
    return copy;
  }

  private void append(StringBuilder numbers, float value) {
    boolean isCsv = form.equals(CSV);
    if (Float.isFinite(value)) {
      numbers.append((double) value);
    } else if (Float.isNaN(value)) {
      numbers.append(isCsv ? "nan" : "\"NaN\"");
    } else if (isCsv) {
      numbers.append(value < 0 ? "-inf" : "inf");
    } else {
      numbers.append(value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    }
  }

  /** {@return the form and size alone: the numbers are the user's} */
  @Override
  public String toString() {
    return "FeatureRow[" + values.length + " numbers, " + form + "]";
  }
}
