package io.fairlead.serverless.internal.http;

import java.util.Locale;

/** The negotiation of content types, by the header {@code Accept}. */
final class Accept {
  private Accept() {}

  /**
   * {@return the weight of a type, from 0 to 1}
   *
   * @param wild whether ranges such as {@code text/*} count
   */
  static double quality(String accept, String type, boolean wild) {
    return preference(accept, type, wild).quality();
  }

  /** {@return whether CSV is wanted rather than JSON} */
  static boolean prefersCsv(String accept) {
    if (!accept.regionMatches(true, 0, "text/", 0, "text/".length()) && accept.indexOf(',') < 0) {
      // The usual case: one type, or none.
      return false;
    }
    Preference csv = preference(accept, "text/csv", true);
    Preference json = preference(accept, Answer.JSON_TYPE, true);
    if (csv.quality() != json.quality()) {
      return csv.quality() > json.quality();
    }
    if (csv.quality() == 0 || csv.precision() != json.precision()) {
      return csv.quality() > 0 && csv.precision() > json.precision();
    }
    return csv.place() < json.place();
  }

  /**
   * What a header says of a type.
   *
   * @param precision 2 if it names the type, 1 if it names its kind, 0 otherwise
   * @param place the place in the list
   */
  private record Preference(double quality, int precision, int place) {}

  private static Preference preference(String accept, String type, boolean wild) {
    Preference best = new Preference(0, 0, Integer.MAX_VALUE);
    String kind = type.substring(0, type.indexOf('/')) + "/*";
    boolean found = false;
    String[] ranges = accept.toLowerCase(Locale.ROOT).split(",", -1);
    for (int place = 0; place < ranges.length; place++) {
      String[] parts = ranges[place].split(";", -1);
      String range = parts[0].strip();
      int precision = range.equals(type) ? 2 : (wild && range.equals(kind)) ? 1 : 0;
      if ((precision > 0 || (wild && range.equals("*/*")))
          && (!found || precision > best.precision())) {
        best = new Preference(weight(parts), precision, place);
        found = true;
      }
    }
    return best;
  }

  private static double weight(String[] parts) {
    for (String part : parts) {
      String parameter = part.strip();
      if (parameter.startsWith("q=")) {
        String digits = parameter.substring(2).strip();
        return digits.matches("[01](\\.\\d{0,3})?") ? Double.parseDouble(digits) : 1;
      }
    }
    return 1;
  }
}
