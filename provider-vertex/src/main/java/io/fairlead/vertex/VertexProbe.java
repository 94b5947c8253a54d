package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A probe of a container's health, as in Kubernetes; part of {@link VertexContainer}.
 *
 * <p>Absent values are Vertex AI's defaults. The command may contain secrets and is not printed.
 */
public final class VertexProbe extends Settings<VertexProbe.Draft> {
  private static final int LAST_PORT = 65_535;

  /** Vertex AI's default. */
  public static final VertexProbe NONE = new VertexProbe(new Draft());

  static final class Draft extends Settings.Draft {
    @Hidden
    List<String> command = List.of();

    Optional<String> httpPath = Optional.empty();
    Optional<Integer> port = Optional.empty();
    Optional<Duration> period = Optional.empty();
    Optional<Duration> timeout = Optional.empty();
    Optional<Duration> initialDelay = Optional.empty();
    Optional<Integer> failureThreshold = Optional.empty();
  }

  private VertexProbe(Draft draft) {
    super(draft);
    Problems problems = Problems.in("VertexProbe")
        .check(
            draft.command.isEmpty() || (draft.httpPath.isEmpty() && draft.port.isEmpty()),
            "command",
            "must be empty where a path or a port is probed");
    draft.httpPath.ifPresent(
        path -> problems.check(path.startsWith("/"), "httpPath", "must begin with /", path));
    draft.port.ifPresent(port ->
        problems.check(port >= 1 && port <= LAST_PORT, "port", "must be 1 to " + LAST_PORT, port));
    checkSeconds("period", draft.period, 1, problems);
    checkSeconds("timeout", draft.timeout, 1, problems);
    checkSeconds("initialDelay", draft.initialDelay, 0, problems);
    draft.failureThreshold.ifPresent(threshold ->
        problems.check(threshold >= 1, "failureThreshold", "must be 1 or more", threshold));
    problems.throwIfAny();
  }

  private static void checkSeconds(
      String field, Optional<Duration> value, int least, Problems problems) {
    value.ifPresent(duration -> problems.check(
        duration.toSeconds() >= least && duration.toNanosPart() == 0,
        field,
        "must be whole seconds, " + least + " or more",
        duration));
  }

  /** {@return a probe that sends a GET to a path, on the container's own port} */
  public static VertexProbe http(String path) {
    return new VertexProbe(NONE.with(draft -> draft.httpPath = Optional.of(path)));
  }

  /** {@return a probe that sends a GET to a path on a port} */
  public static VertexProbe http(String path, int port) {
    return new VertexProbe(NONE.with(draft -> {
      draft.httpPath = Optional.of(path);
      draft.port = Optional.of(port);
    }));
  }

  /** {@return a probe that connects to a port} */
  public static VertexProbe tcp(int port) {
    return new VertexProbe(NONE.with(draft -> draft.port = Optional.of(port)));
  }

  /** {@return a probe that runs a command in the container} */
  public static VertexProbe exec(String... command) {
    return new VertexProbe(NONE.with(draft -> draft.command = List.of(command)));
  }

  /**
   * {@return the command that runs in the container, which is healthy if the exit status is 0; empty for another kind
   * of probe}
   */
  public List<String> command() {
    return draft().command;
  }

  /** {@return the path of the GET request; the container is healthy if the status is 200 to 399} */
  public Optional<String> httpPath() {
    return draft().httpPath;
  }

  /** {@return the port of the GET request, or without a path, the port that has to accept a connection} */
  public Optional<Integer> port() {
    return draft().port;
  }

  /** {@return the period of the probe, in whole seconds; by default 10 s} */
  public Optional<Duration> period() {
    return draft().period;
  }

  /** {@return the timeout of the probe, in whole seconds; by default 1 s} */
  public Optional<Duration> timeout() {
    return draft().timeout;
  }

  /** {@return the delay before the first probe, in whole seconds} */
  public Optional<Duration> initialDelay() {
    return draft().initialDelay;
  }

  /** {@return the number of consecutive failures after which the container is unhealthy; by default 3} */
  public Optional<Integer> failureThreshold() {
    return draft().failureThreshold;
  }

  public VertexProbe every(Duration period) {
    return new VertexProbe(with(draft -> draft.period = Optional.of(period)));
  }

  public VertexProbe withTimeout(Duration timeout) {
    return new VertexProbe(with(draft -> draft.timeout = Optional.of(timeout)));
  }

  public VertexProbe withInitialDelay(Duration delay) {
    return new VertexProbe(with(draft -> draft.initialDelay = Optional.of(delay)));
  }

  public VertexProbe withFailureThreshold(int threshold) {
    return new VertexProbe(with(draft -> draft.failureThreshold = Optional.of(threshold)));
  }
}
