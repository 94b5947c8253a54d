package io.fairlead.grammar;

import java.net.URI;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The rules that several values of the grammar share. */
final class Names {
  static final String RULE =
      "must be 1 to 63 letters, digits and hyphens that begin and end with a letter or digit";

  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
  private static final int LONGEST = 63;

  private Names() {}

  static boolean isName(String text) {
    return text.length() <= LONGEST && NAME.matcher(text).matches();
  }

  /** {@return a sorted copy, so that equal maps are printed, hashed and written in the same order} */
  static SortedMap<String, String> sorted(Map<String, String> map) {
    return Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(map)));
  }

  /** {@return whether a location has user information; URI does not find it for a host such as {@code my_bucket}} */
  static boolean hasUser(URI uri) {
    return uri.getRawAuthority() != null && uri.getRawAuthority().indexOf('@') >= 0;
  }
}
