package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A version of a model in Vertex AI's model registry, which a container becomes, for {@link
 * io.fairlead.grammar.ModelMetadata#with}.
 *
 * <p>The model is created with its first version. Without this option, each container is a model of its own, with an
 * id that is derived from its content. Endpoints always deploy a version by its number, never by an alias, which may
 * move.
 *
 * @param parent the model's id, 1 to 63 lowercase letters, digits, hyphens and underscores, of which the first is no
 *     digit and no hyphen; a model that is not managed by Fairlead is refused
 * @param aliases aliases of the version, such as {@code champion}, which are moved from the version that had them
 */
public record VertexVersion(String parent, List<String> aliases) implements ArtifactOptions {
  /** The prefix of ids that are derived from content. */
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
            "must not begin with " + DERIVED + ", the prefix of ids that are derived from content",
            parent);
    for (String alias : aliases) {
      problems.check(
          ALIAS.matcher(alias).matches(),
          "aliases",
          "must be 2 to 128 letters, digits and hyphens, the first a lowercase letter, the last a lowercase "
              + "letter or a digit",
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
