package io.fairlead.grammar;

import java.net.URI;
import java.util.Collection;
import java.util.Comparator;
import java.util.regex.Pattern;

/**
 * Redaction of texts and locations for messages and logs.
 *
 * <p>It is part of the grammar because values of the grammar redact themselves; providers use it for messages of a
 * platform.
 */
public final class Redacted {
  private static final String MARK = "(not shown)";
  private static final int SHORTEST_SECRET = 8;

  /**
   * The query of a URL, which may be a signature, up to a space, without the punctuation of the sentence; not one that
   * is redacted already.
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

  /** {@return a text without the queries, users and passwords of its URLs; idempotent} */
  public static String text(String text) {
    return withoutUser(QUERY.matcher(text).replaceAll("$1?" + MARK));
  }

  private static String withoutUser(String text) {
    return text.indexOf('@') < 0 ? text : USER.matcher(text).replaceAll("$1");
  }

  /**
   * {@return a text without the queries, users and passwords of its URLs, and without these secrets}
   *
   * @param secrets values that must not be shown, such as those of an environment; values of less than 8 characters are
   *     not redacted, because they are part of too many words
   */
  public static String text(String text, Collection<String> secrets) {
    String redacted = text;
    // The longest first: one value may contain another.
    for (String secret : secrets.stream()
        .filter(value -> value.length() >= SHORTEST_SECRET)
        .sorted(Comparator.comparingInt(String::length).reversed())
        .toList()) {
      redacted = redacted.replace(secret, MARK);
    }
    return text(redacted);
  }
}
