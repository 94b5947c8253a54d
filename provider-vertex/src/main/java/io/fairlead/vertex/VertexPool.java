package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import java.util.regex.Pattern;

/**
 * A deployment resource pool: machines that several deployments share, for {@link io.fairlead.grammar.Scaling#with}.
 *
 * <p>All deployments with the same name share the pool, on any endpoint. It is created with the first and deleted
 * with the last. The machine type and the replicas are those of the last deployment. Models in a pool are not
 * isolated from each other.
 *
 * @param name the pool's name, 1 to 54 lowercase letters, digits and hyphens that end with a letter or digit
 */
public record VertexPool(String name) implements ScalingOptions {
  private static final int LONGEST = 54;
  private static final Pattern NAME = Pattern.compile("[a-z0-9](-*[a-z0-9])*");

  public VertexPool {
    requireNonNull(name, "name");
    Problems.in("VertexPool")
        .check(
            name.length() <= LONGEST && NAME.matcher(name).matches(),
            "name",
            "must be 1 to " + LONGEST
                + " lowercase letters, digits and hyphens that begin and end with a letter or digit",
            name)
        .throwIfAny();
  }

  public static VertexPool named(String name) {
    return new VertexPool(name);
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
