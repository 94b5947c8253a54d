package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The network access of an endpoint, for {@link io.fairlead.grammar.Routing#with}. The default is a shared endpoint.
 *
 * <p>It applies to all variants of the public name. Deploying a variant without this option leaves it unchanged. The
 * access cannot be changed later, but the inference timeout can.
 */
public final class VertexEndpoint extends Settings<VertexEndpoint.Draft> implements RoutingOptions {
  /** The network over which an endpoint is invoked. */
  public enum Access {
    /** Shared: by the region's host; at most 1.5 MB for each request. */
    SHARED,
    /** Dedicated: by a host of its own, isolated from other traffic; at most 10 MB for each request. */
    DEDICATED,
    /** Private Service Connect: from networks of allowed projects, by a forwarding rule that these create. */
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
            "must be left out for a shared endpoint, whose timeout is fixed at a minute",
            timeout));
    problems
        .check(
            isPrivate || draft.allowedProjects.isEmpty(),
            "allowedProjects",
            "must be empty, unless the access is by Private Service Connect",
            draft.allowedProjects)
        .check(
            !isPrivate || !draft.allowedProjects.isEmpty(),
            "allowedProjects",
            "must have a project: only those listed may connect",
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

  /** {@return the network over which it is invoked} */
  public Access access() {
    return draft().access;
  }

  /**
   * {@return the timeout of a request, in whole seconds, at most an hour; by default Vertex AI's, which is fixed at a
   * minute for a shared endpoint}
   */
  public Optional<Duration> inferenceTimeout() {
    return draft().inferenceTimeout;
  }

  /** {@return the projects whose networks may connect, by id or number; for Private Service Connect only} */
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
