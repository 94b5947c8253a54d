package io.fairlead.provider;

import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problems;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A scheme of resource names that are derived from content: {@code fairlead-READABLE-HASH}, equal for equal content.
 *
 * <p>Names have letters, digits and hyphens only.
 *
 * @param longest the maximum length of a name, in characters
 * @param lowercase whether letters are lowercase
 */
public record ContentName(int longest, boolean lowercase) {
  /** The prefix of all names, by which a list can be filtered. */
  public static final String PREFIX = "fairlead-";

  private static final int HASH = 16;
  private static final int LONGEST_MODEL_NAME = 63;
  private static final int SHORTEST = PREFIX.length() + HASH;
  private static final Pattern OTHERS = Pattern.compile("[^a-zA-Z0-9]+");
  private static final Pattern LAST_SLASHES = Pattern.compile("/+$");
  private static final Pattern OUTER_HYPHENS = Pattern.compile("^-+|-+$");
  private static final Pattern NAME = Pattern.compile(PREFIX + "([a-zA-Z0-9-]*-)?[0-9a-f]{16}");

  public ContentName {
    Problems.in("ContentName")
        .check(longest >= SHORTEST, "longest", "must be " + SHORTEST + " or more", longest)
        .throwIfAny();
  }

  /**
   * {@return the name of a resource}
   *
   * @param readable the readable part; as much of it as fits is in the name
   * @param content all content that makes the resource different from others
   */
  public String of(String readable, String... content) {
    return beginning(readable) + Fingerprint.of(content);
  }

  /** {@return the prefix of all names with this readable part} */
  public String beginning(String readable) {
    String cased = lowercase ? readable.toLowerCase(Locale.ROOT) : readable;
    String part = trimmed(OTHERS.matcher(cased).replaceAll("-"));
    int room = Math.max(0, longest - SHORTEST - 1);
    part = trimmed(part.substring(0, Math.min(part.length(), room)));
    return PREFIX + (part.isEmpty() ? "" : part + "-");
  }

  /** {@return the readable part of a name, of which {@link #of} makes the same name again; may be empty} */
  public String readable(String name) {
    if (!isMadeHere(name)) {
      throw new IllegalArgumentException(name + " is not a name of this scheme");
    }
    return trimmed(name.substring(PREFIX.length(), name.length() - HASH));
  }

  /**
   * {@return the readable part for a model, which is a name by the rules of its metadata}
   *
   * <p>It is the model's name, or the last part of the location of its weights, or else {@code model}.
   */
  public static String readablePart(ModelArtifact artifact) {
    return artifact.metadata().name().orElseGet(() -> lastPart(artifact.weights()));
  }

  private static String lastPart(URI location) {
    String whole = Optional.ofNullable(location.getPath()).orElse("");
    String path = LAST_SLASHES.matcher(whole).replaceFirst("");
    String last = OTHERS.matcher(path.substring(path.lastIndexOf('/') + 1)).replaceAll("-");
    String part = trimmed(last.substring(0, Math.min(last.length(), LONGEST_MODEL_NAME)));
    return part.isEmpty() ? "model" : part;
  }

  private static String trimmed(String part) {
    return OUTER_HYPHENS.matcher(part).replaceAll("");
  }

  /** {@return whether a name has the form of this scheme} */
  public boolean isMadeHere(String name) {
    return name.length() <= longest
        && NAME.matcher(name).matches()
        && (!lowercase || name.equals(name.toLowerCase(Locale.ROOT)));
  }
}
