package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Makes a container a version of a model in Vertex AI's registry, for {@link io.fairlead.grammar.ModelMetadata#with}.
 *
 * <p>The first one makes the model. Without it, each container is a model of its own, under an id that is derived from
 * its content. Endpoints are always deployed by a version's number, never by an alias, which may move.
 *
 * @param parent the model's id, 1 to 63 lowercase letters, digits, hyphens and underscores, of which the first is no digit and
 *     no hyphen; a model that was not made by this library is refused
 * @param aliases names of the version, such as {@code champion}, which are taken from the version that had them
 */
public record VertexVersion(String parent, List<String> aliases) implements ArtifactOptions {
  /** What the ids begin with that are derived from content. */
  private static final String DERIVED = "fairlead-";

  private static final Pattern MODEL_ID = Pattern.compile("[a-z_][a-z0-9_-]{0,62}");
  private static final Pattern ALIAS = Pattern.compile("[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]");

  public VertexVersion {
    requireNonNull(parent, "parent");
    aliases = List.copyOf(aliases);
    Problems problems = Problems.in("VertexVersion")
        .check(
            MODEL_ID.matcher(parent).matches(),
            "parent",
            "must be 1 to 63 lowercase letters, digits, hyphens and underscores, the first no digit and no hyphen",
            parent)
        .check(
            !parent.startsWith(DERIVED),
            "parent",
            "must not begin with " + DERIVED + ", as ids do that are derived from content",
            parent);
    for (String alias : aliases) {
      problems.check(
          ALIAS.matcher(alias).matches(),
          "aliases",
          "must be 2 to 128 letters, digits and hyphens, the first a small letter, the last a small letter or a digit",
          alias);
    }
    problems.throwIfAny();
  }

  public static VertexVersion of(String parent, String... aliases) {
    return new VertexVersion(parent, List.of(aliases));
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
