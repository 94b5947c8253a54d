package io.fairlead.serverless.comparison;

import java.util.Arrays;
import java.util.Locale;

/** Prints measured figures, one line for each, beside the bars that they are meant to clear. */
final class Bars {
  private int missed;

  void title(String title) {
    System.out.printf("%n%-68s %10s  %s%n", title, "measured", "bar");
  }

  /** A figure that is only told. */
  void tell(String what, double measured, String unit) {
    System.out.printf("%-68s %10s%n", what, text(measured, unit));
  }

  void atLeast(String what, double measured, double bar, String unit) {
    compare(what, measured, ">= " + text(bar, unit), measured >= bar, unit);
  }

  void atMost(String what, double measured, double bar, String unit) {
    compare(what, measured, "<= " + text(bar, unit), measured <= bar, unit);
  }

  private void compare(String what, double measured, String bar, boolean holds, String unit) {
    missed += holds ? 0 : 1;
    System.out.printf(
        "%-68s %10s  %-10s %s%n", what, text(measured, unit), bar, holds ? "" : "MISSED");
  }

  private static String text(double value, String unit) {
    double size = Math.abs(value);
    return String.format(
            Locale.ROOT, size >= 100 ? "%.0f %s" : size >= 10 ? "%.1f %s" : "%.2f %s", value, unit)
        .strip();
  }

  void close() {
    System.out.printf("%n%s%n", missed == 0 ? "All bars hold." : missed + " bars are missed.");
  }

  static double median(double... values) {
    return quantile(0.5, values);
  }

  static double quantile(double part, double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  }
}
