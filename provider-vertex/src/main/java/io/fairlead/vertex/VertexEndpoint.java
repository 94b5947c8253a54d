package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import java.time.Duration;
import java.util.List;

/**
 * How an endpoint is reached, for {@link io.fairlead.grammar.Routing#with}. Without it, it is shared.
 *
 * <p>It is the endpoint's, so all variants under a name have it; one that says nothing leaves it as it is. How it is
 * reached cannot be changed later, the time for requests can.
 *
 * @param access over which network
 * @param inferenceTimeout how long a request may take, in whole seconds, at most an hour; 0 for Vertex AI's default, which
 *     is fixed at a minute for a shared endpoint
 * @param allowedProjects the projects whose networks may connect, by id or number; for private service connect only
 */
public record VertexEndpoint(Access access, Duration inferenceTimeout, List<String> allowedProjects)
    implements RoutingOptions {
  /** Over which network an endpoint is reached. */
  public enum Access {
    /** Through the region's host, which all endpoints share; 1.5 MB for each request. */
    SHARED,
    /** Through a host of its own, apart from other traffic; 10 MB for each request. */
    DEDICATED,
    /** From networks of chosen projects, through a forwarding rule that these make. */
    PRIVATE_SERVICE_CONNECT
  }

  private static final Duration LONGEST = Duration.ofHours(1);

  public VertexEndpoint {
    requireNonNull(access, "access");
    requireNonNull(inferenceTimeout, "inferenceTimeout");
    allowedProjects = List.copyOf(allowedProjects);
    boolean isPrivate = access == Access.PRIVATE_SERVICE_CONNECT;
    Problems.in("VertexEndpoint")
        .check(
            !inferenceTimeout.isNegative()
                && inferenceTimeout.toNanosPart() == 0
                && inferenceTimeout.compareTo(LONGEST) <= 0,
            "inferenceTimeout",
            "must be whole seconds, at most an hour",
            inferenceTimeout)
        .check(
            inferenceTimeout.isZero() || access != Access.SHARED,
            "inferenceTimeout",
            "must be 0 for a shared endpoint, whose minute is fixed",
            inferenceTimeout)
        .check(
            isPrivate || allowedProjects.isEmpty(),
            "allowedProjects",
            "must be empty, unless it is reached by private service connect",
            allowedProjects)
        .check(
            !isPrivate || !allowedProjects.isEmpty(),
            "allowedProjects",
            "must have a project, for nobody else may connect",
            allowedProjects)
        .throwIfAny();
  }

  public static VertexEndpoint shared() {
    return new VertexEndpoint(Access.SHARED, Duration.ZERO, List.of());
  }

  public static VertexEndpoint dedicated() {
    return new VertexEndpoint(Access.DEDICATED, Duration.ZERO, List.of());
  }

  public static VertexEndpoint privateServiceConnect(String... allowedProjects) {
    return new VertexEndpoint(
        Access.PRIVATE_SERVICE_CONNECT, Duration.ZERO, List.of(allowedProjects));
  }

  public VertexEndpoint withInferenceTimeout(Duration newTimeout) {
    return new VertexEndpoint(access, newTimeout, allowedProjects);
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
