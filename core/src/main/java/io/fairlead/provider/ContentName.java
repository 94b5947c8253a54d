package io.fairlead.provider;

import io.fairlead.grammar.Problems;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Names of resources that are derived from what they are: {@code fairlead-READABLE-HASH}, the same for the same content.
 *
 * <p>They have letters, digits and hyphens only.
 *
 * @param longest the most characters that a name may have
 * @param lowercase whether its letters are lowercase
 */
public record ContentName(int longest, boolean lowercase) {
  /** What all names begin with, so that a listing can ask for them alone. */
  public static final String PREFIX = "fairlead-";

  private static final int HASH = 16;
  private static final int SHORTEST = PREFIX.length() + HASH;
  private static final Pattern OTHERS = Pattern.compile("[^a-zA-Z0-9]+");
  private static final Pattern OUTER_HYPHENS = Pattern.compile("^-+|-+$");
  private static final Pattern NAME = Pattern.compile(PREFIX + "([a-zA-Z0-9-]*-)?[0-9a-f]{16}");

  public ContentName {
    Problems.in("ContentName")
        .check(longest >= SHORTEST, "longest", "must be " + SHORTEST + " or more", longest)
        .throwIfAny();
  }

  /**
   * {@return the name of something}
   *
   * @param readable what people recognise it by; as much of it as fits is in the name
   * @param content all that makes it different from others
   */
  public String of(String readable, String... content) {
    return beginning(readable) + Fingerprint.of(content);
  }

  /** {@return what all names with one readable part begin with} */
  public String beginning(String readable) {
    String cased = lowercase ? readable.toLowerCase(Locale.ROOT) : readable;
    String part = trimmed(OTHERS.matcher(cased).replaceAll("-"));
    int room = Math.max(0, longest - SHORTEST - 1);
    part = trimmed(part.substring(0, Math.min(part.length(), room)));
    return PREFIX + (part.isEmpty() ? "" : part + "-");
  }

  private static String trimmed(String part) {
    return OUTER_HYPHENS.matcher(part).replaceAll("");
  }

  /** {@return whether a name may be one of these, from how it is written} */
  public boolean isMadeHere(String name) {
    return name.length() <= longest
        && NAME.matcher(name).matches()
        && (!lowercase || name.equals(name.toLowerCase(Locale.ROOT)));
  }
}
