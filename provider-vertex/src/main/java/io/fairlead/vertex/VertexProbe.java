package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.time.Duration;
import java.util.List;

/**
 * How Vertex AI finds out whether a container is well, as Kubernetes does; part of {@link VertexContainer}.
 *
 * @param command what is run in the container, and is well if it ends with 0; empty for another way
 * @param httpPath what is got, and is well if it is answered with 200 to 399; empty for another way
 * @param port the port of {@code httpPath}, or alone the port that has to accept a connection; 0 for the container's own
 * @param period the pause between two probes, in whole seconds; 0 for Vertex AI's default, 10 s
 * @param timeout how long a probe may take, in whole seconds; 0 for Vertex AI's default, 1 s
 * @param initialDelay the pause before the first, in whole seconds
 * @param failureThreshold how many in a row have to fail; 0 for Vertex AI's default, 3
 */
public record VertexProbe(
    List<String> command,
    String httpPath,
    int port,
    Duration period,
    Duration timeout,
    Duration initialDelay,
    int failureThreshold) {
  /** Vertex AI's own. */
  public static final VertexProbe NONE = http("", 0);

  private static final int LAST_PORT = 65_535;

  public VertexProbe {
    command = List.copyOf(command);
    requireNonNull(httpPath, "httpPath");
    requireNonNull(period, "period");
    requireNonNull(timeout, "timeout");
    requireNonNull(initialDelay, "initialDelay");
    Problems problems = Problems.in("VertexProbe")
        .check(
            command.isEmpty() || (httpPath.isEmpty() && port == 0),
            "command",
            "must be empty where a path or a port is probed",
            command)
        .check(
            httpPath.isEmpty() || httpPath.startsWith("/"),
            "httpPath",
            "must begin with /",
            httpPath)
        .check(port >= 0 && port <= LAST_PORT, "port", "must be 1 to 65535, or 0 for none", port)
        .check(failureThreshold >= 0, "failureThreshold", "must not be negative", failureThreshold);
    check(problems, "period", period);
    check(problems, "timeout", timeout);
    check(problems, "initialDelay", initialDelay);
    problems.throwIfAny();
  }

  private static void check(Problems problems, String field, Duration value) {
    problems.check(
        !value.isNegative() && value.toNanosPart() == 0,
        field,
        "must be whole seconds, 0 or more",
        value);
  }

  /** {@return a probe that gets a path} */
  public static VertexProbe http(String path, int port) {
    return new VertexProbe(List.of(), path, port, Duration.ZERO, Duration.ZERO, Duration.ZERO, 0);
  }

  /** {@return a probe that connects to a port} */
  public static VertexProbe tcp(int port) {
    return http("", port);
  }

  /** {@return a probe that runs a command in the container} */
  public static VertexProbe exec(String... command) {
    return new VertexProbe(List.of(command), "", 0, Duration.ZERO, Duration.ZERO, Duration.ZERO, 0);
  }

  public VertexProbe every(Duration newPeriod) {
    return new VertexProbe(
        command, httpPath, port, newPeriod, timeout, initialDelay, failureThreshold);
  }

  public VertexProbe withTimeout(Duration newTimeout) {
    return new VertexProbe(
        command, httpPath, port, period, newTimeout, initialDelay, failureThreshold);
  }

  public VertexProbe withInitialDelay(Duration newDelay) {
    return new VertexProbe(command, httpPath, port, period, timeout, newDelay, failureThreshold);
  }

  public VertexProbe withFailureThreshold(int newThreshold) {
    return new VertexProbe(command, httpPath, port, period, timeout, initialDelay, newThreshold);
  }
}
