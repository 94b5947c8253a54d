package io.fairlead.stateful.internal.features;

import io.fairlead.platform.Request;
import java.util.StringJoiner;

/** Rows to test with. */
final class Rows {
  private Rows() {}

  static FeatureRow of(double... values) {
    StringJoiner numbers = new StringJoiner(",", "{\"instances\":[[", "]]}");
    for (double value : values) {
      numbers.add(Double.isFinite(value) ? Double.toString((float) value) : "\"" + value + "\"");
    }
    return FeatureRow.parse(Request.json(numbers.toString())).orElseThrow();
  }
}
