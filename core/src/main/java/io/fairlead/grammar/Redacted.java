package io.fairlead.grammar;

import java.net.URI;
import java.util.Collection;
import java.util.Comparator;
import java.util.regex.Pattern;

/**
 * Texts and locations as messages and logs may show them.
 *
 * <p>It is part of the grammar because values of the grammar print themselves; providers use it for what a platform said.
 */
public final class Redacted {
  private static final String MARK = "(not shown)";
  private static final int SHORTEST_SECRET = 8;

  /**
   * Where signed URLs carry their signature, up to a blank, but without the punctuation of the sentence. What is marked
   * already stays as it is.
   */
  private static final Pattern QUERY = Pattern.compile("(\\b[a-zA-Z][\\w+.-]*:[^\\s?\"]+)\\?(?!\\Q"
      + MARK + "\\E)[^\\s\"]*?(?=[').,;:]*(?:[\\s\"]|$))");

  private static final Pattern USER =
      Pattern.compile("((?:\\b[a-zA-Z][\\w+.-]*:)?//)[^\\s/?#\"]*@");

  private Redacted() {}

  /** {@return a location without its query and without a user and password} */
  public static String uri(URI uri) {
    String text = uri.toString();
    int query = text.indexOf('?');
    return withoutUser(query < 0 ? text : text.substring(0, query) + "?" + MARK);
  }

  /** {@return a text in which no URL has a query, nor a user and password; redacting it again changes nothing} */
  public static String text(String text) {
    return withoutUser(QUERY.matcher(text).replaceAll("$1?" + MARK));
  }

  private static String withoutUser(String text) {
    return USER.matcher(text).replaceAll("$1");
  }

  /**
   * {@return a text in which no URL has a query, nor a user and password, and none of these values is}
   *
   * @param secrets values that must not be shown, such as those of an environment; those of less than 8 characters are
   *     left, because they are in too many words
   */
  public static String text(String text, Collection<String> secrets) {
    String redacted = text;
    // The longest first: one value may be in another.
    for (String secret : secrets.stream()
        .filter(value -> value.length() >= SHORTEST_SECRET)
        .sorted(Comparator.comparingInt(String::length).reversed())
        .toList()) {
      redacted = redacted.replace(secret, MARK);
    }
    return text(redacted);
  }
}
