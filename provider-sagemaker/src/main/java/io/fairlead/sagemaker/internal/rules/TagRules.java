package io.fairlead.sagemaker.internal.rules;

import io.fairlead.grammar.Problems;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** AWS's rules for tags of users beside the library's own. */
public final class TagRules {
  /** AWS allows 50 on a resource, of which a configuration has up to 37 of the library's and of the metadata. */
  public static final int MOST = 13;

  public static final int LONGEST_KEY = 128;
  public static final int LONGEST_VALUE = 256;
  /** The prefix of the library's own tags. */
  public static final String OWN = "fairlead-";
  /** The prefix of AWS's own tags, which is reserved in any case. */
  public static final String RESERVED = "aws:";

  private static final Pattern ALLOWED = Pattern.compile("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");

  private TagRules() {}

  /** {@return whether a key is the library's or AWS's own} */
  public static boolean isReserved(String key) {
    String lower = key.toLowerCase(Locale.ROOT);
    return lower.startsWith(OWN) || lower.startsWith(RESERVED);
  }

  /** Checks tags that are written as they are given. */
  public static void check(String field, Map<String, String> tags, Problems problems) {
    problems.check(
        tags.size() <= MOST,
        field,
        "must be at most " + MOST + ", which is what SageMaker has room for",
        tags.size());
    tags.forEach((key, value) -> problems
        .check(
            !isReserved(key),
            field,
            "must not have keys that begin with " + OWN + " or " + RESERVED
                + ", which are the library's and AWS's own",
            key)
        .check(
            !key.isEmpty()
                && key.length() <= LONGEST_KEY
                && ALLOWED.matcher(key).matches(),
            field,
            "must have keys of 1 to " + LONGEST_KEY
                + " letters, digits, spaces and characters of _.:/=+-@",
            key)
        .check(
            value.length() <= LONGEST_VALUE && ALLOWED.matcher(value).matches(),
            field,
            "must have values of at most " + LONGEST_VALUE
                + " letters, digits, spaces and characters of _.:/=+-@",
            key + "=" + value));
  }
}
