package io.fairlead.engine.internal.json;

import io.fairlead.platform.Response;
import io.fairlead.platform.ResponseDetail;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The names of a request's parameters that had no effect on its response.
 *
 * @param names the first of them, short and in ASCII
 */
public record IgnoredParameters(List<String> names) implements ResponseDetail {
  /** The number of names that are told. */
  static final int MAX_NAMES = 5;

  private static final int MAX_LENGTH = 40;

  public IgnoredParameters {
    names = List.copyOf(names);
  }

  /** {@return the response, with these names if there are any} */
  public static Response in(Response response, Collection<String> names) {
    return names.isEmpty() ? response : response.with(new IgnoredParameters(List.copyOf(names)));
  }

  /** The names that are collected while a request is read. */
  static final class Collected {
    private Set<String> names = Set.of();

    void add(String name) {
      if (names.isEmpty()) {
        // Most requests have none.
        names = new LinkedHashSet<>();
      }
      if (names.size() < MAX_NAMES) {
        names.add(shown(name));
      }
    }

    Set<String> names() {
      return names;
    }
  }

  /** Names become a header and parts of messages. */
  static String shown(String name) {
    String ascii = name.replaceAll("[^!-~]|,", "?");
    return ascii.length() <= MAX_LENGTH ? ascii : ascii.substring(0, MAX_LENGTH) + "...";
  }
}
