package io.fairlead.config;

import io.fairlead.platform.Platforms;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The nearest right name for a wrong one, by edit distance (Wagner and Fischer, "The String-to-String Correction
 * Problem", 1974).
 */
public final class Nearest {
  private Nearest() {}

  /** {@return the end of a rule: the nearest name, such as {@code : did you mean model?}, or all if none is near} */
  public static String orAll(String wrong, Collection<String> names) {
    return question(wrong, names)
        .orElse(names.isEmpty() ? "" : "; there are: " + String.join(", ", names));
  }

  /** {@return the end of a rule, such as {@code : did you mean model?}; empty if no name is near} */
  public static Optional<String> question(String wrong, Collection<String> names) {
    String lower = wrong.toLowerCase(Locale.ROOT);
    int far = Math.max(2, wrong.length() / 3);
    return names.stream()
        .filter(name -> distance(lower, name.toLowerCase(Locale.ROOT)) <= far)
        .min(Comparator.comparingInt(name -> distance(lower, name.toLowerCase(Locale.ROOT))))
        .map(name -> ": did you mean " + name + "?");
  }

  /**
   * {@return the end of a rule for an id that no platform here has: the nearest id, or which module to add}
   *
   * @param there the ids of the platforms that are here
   */
  public static String platform(String id, Set<String> there) {
    Set<String> ids = Platforms.ids();
    ids.addAll(there);
    return ids.contains(id)
        ? ": " + Platforms.missing(id)
        : question(id, ids).orElseGet(() -> ": " + Platforms.missing(id));
  }

  static int distance(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[other.length()];
  }
}
