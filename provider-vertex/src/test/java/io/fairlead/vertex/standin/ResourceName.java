package io.fairlead.vertex.standin;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A name such as {@code projects/P/locations/L/models/M@V}; without a collection it is a location's.
 *
 * @param version empty if none is named
 */
record ResourceName(String project, String location, String collection, String id, String version) {
  private static final Pattern NAME =
      Pattern.compile("projects/([^/]+)/locations/([^/]+)(?:/([A-Za-z]+)/([^/@]+)(?:@([^/@]+))?)?");

  static Optional<ResourceName> parse(String text) {
    Matcher matcher = NAME.matcher(text);
    return matcher.matches()
        ? Optional.of(new ResourceName(
            matcher.group(1),
            matcher.group(2),
            orEmpty(matcher.group(3)),
            orEmpty(matcher.group(4)),
            orEmpty(matcher.group(5))))
        : Optional.empty();
  }

  private static String orEmpty(String group) {
    return group == null ? "" : group;
  }

  /** {@return the name of something in the same location} */
  ResourceName sibling(String newCollection, String newId) {
    return new ResourceName(project, location, newCollection, newId, "");
  }

  /** {@return what tells it from all others of its project, under the number or the id of that} */
  String key() {
    return location + "/" + collection + "/" + id;
  }

  @Override
  public String toString() {
    return "projects/" + project + "/locations/" + location
        + (collection.isEmpty() ? "" : "/" + collection + "/" + id)
        + (version.isEmpty() ? "" : "@" + version);
  }
}
