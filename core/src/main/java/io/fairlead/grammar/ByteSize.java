package io.fairlead.grammar;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes in bytes as text, such as {@code 2GB}; 1 GB is 1,024 MB and so on. */
final class ByteSize {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,9})\\s*(B|KB|MB|GB|TB)");

  static final List<String> UNITS = List.of("B", "KB", "MB", "GB", "TB");

  private ByteSize() {}

  /**
   * {@return a size in bytes}
   *
   * @param subject the value that messages are about, such as {@code FunctionLimits}
   * @param field its field
   * @param size a number with a unit
   * @throws InvalidValueException if it is not a size
   */
  static long parse(String subject, String field, String size) {
    Matcher matcher = SIZE.matcher(size.trim().toUpperCase(Locale.ROOT));
    Problems.in(subject)
        .check(
            matcher.matches(),
            field,
            "must be a number with B, KB, MB, GB or TB, such as 2GB",
            size)
        .throwIfAny();
    long number = Long.parseLong(matcher.group(1));
    long unit = 1L << (10 * "BKMGT".indexOf(matcher.group(2).charAt(0)));
    Problems.in(subject)
        .check(
            number <= Long.MAX_VALUE / unit,
            field,
            "must be at most " + Long.MAX_VALUE + " bytes",
            size)
        .throwIfAny();
    return number * unit;
  }
}
