package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How an endpoint is reached, for {@link io.fairlead.grammar.Routing#with}. Without it, it is shared.
 *
 * <p>It is the endpoint's, so all variants under a name have it; one that says nothing leaves it as it is. How it is
 * reached cannot be changed later, the time for requests can.
 */
public final class VertexEndpoint extends Settings<VertexEndpoint.Draft> implements RoutingOptions {
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

  static final class Draft extends Settings.Draft {
    Access access = Access.SHARED;
    Optional<Duration> inferenceTimeout = Optional.empty();
    List<String> allowedProjects = List.of();
  }

  private VertexEndpoint(Draft draft) {
    super(draft);
    boolean isPrivate = draft.access == Access.PRIVATE_SERVICE_CONNECT;
    Problems problems = Problems.in("VertexEndpoint");
    draft.inferenceTimeout.ifPresent(timeout -> problems
        .check(
            timeout.compareTo(Duration.ZERO) > 0
                && timeout.toNanosPart() == 0
                && timeout.compareTo(LONGEST) <= 0,
            "inferenceTimeout",
            "must be whole seconds, 1 or more and at most an hour",
            timeout)
        .check(
            draft.access != Access.SHARED,
            "inferenceTimeout",
            "must be left out for a shared endpoint, whose minute is fixed",
            timeout));
    problems
        .check(
            isPrivate || draft.allowedProjects.isEmpty(),
            "allowedProjects",
            "must be empty, unless it is reached by private service connect",
            draft.allowedProjects)
        .check(
            !isPrivate || !draft.allowedProjects.isEmpty(),
            "allowedProjects",
            "must have a project, for no other may connect",
            draft.allowedProjects)
        .throwIfAny();
  }

  private static VertexEndpoint of(Access access, List<String> allowedProjects) {
    Draft draft = new Draft();
    draft.access = access;
    draft.allowedProjects = allowedProjects;
    return new VertexEndpoint(draft);
  }

  public static VertexEndpoint shared() {
    return of(Access.SHARED, List.of());
  }

  public static VertexEndpoint dedicated() {
    return of(Access.DEDICATED, List.of());
  }

  public static VertexEndpoint privateServiceConnect(String... allowedProjects) {
    return of(Access.PRIVATE_SERVICE_CONNECT, List.of(allowedProjects));
  }

  /** {@return over which network it is reached} */
  public Access access() {
    return draft().access;
  }

  /**
   * {@return how long a request may take, in whole seconds, at most an hour; by default what Vertex AI gives, which is
   * fixed at a minute for a shared endpoint}
   */
  public Optional<Duration> inferenceTimeout() {
    return draft().inferenceTimeout;
  }

  /** {@return the projects whose networks may connect, by id or number; for private service connect only} */
  public List<String> allowedProjects() {
    return draft().allowedProjects;
  }

  public VertexEndpoint withInferenceTimeout(Duration timeout) {
    return new VertexEndpoint(with(draft -> draft.inferenceTimeout = Optional.of(timeout)));
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
