package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeOptions;
import java.time.Duration;
import java.util.List;

/**
 * How a container is started and asked, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <pre>{@code
 * RuntimeSpec.of(image).with(VertexContainer.DEFAULT.withPort(8080).withRoutes("/predict", "/health"))
 * }</pre>
 *
 * @param command what is run instead of the image's entry point; {@code $(NAME)} stands for an environment variable
 * @param args what it is run with, instead of the image's own
 * @param port the port that the container answers on; 0 for 8080
 * @param predictRoute where requests are sent, such as {@code /predict}; empty for the route of Vertex AI's own making
 * @param healthRoute where it is asked whether it is well, such as {@code /health}; empty for Vertex AI's own
 * @param sharedMemoryMb the size of {@code /dev/shm} in megabytes; 0 for Vertex AI's default, 64
 * @param deploymentTimeout how long a deployment may take, in whole seconds, at most 2 hours; 0 for Vertex AI's default
 * @param startupProbe what has to succeed before the others are asked
 * @param healthProbe what has to succeed for a replica to get requests
 * @param livenessProbe what has to succeed for a replica not to be started again
 */
public record VertexContainer(
    List<String> command,
    List<String> args,
    int port,
    String predictRoute,
    String healthRoute,
    int sharedMemoryMb,
    Duration deploymentTimeout,
    VertexProbe startupProbe,
    VertexProbe healthProbe,
    VertexProbe livenessProbe)
    implements RuntimeOptions {
  private static final int LAST_PORT = 65_535;
  private static final Duration LONGEST_DEPLOYMENT = Duration.ofHours(2);

  /** All as Vertex AI does by itself. */
  public static final VertexContainer DEFAULT = new VertexContainer(
      List.of(),
      List.of(),
      0,
      "",
      "",
      0,
      Duration.ZERO,
      VertexProbe.NONE,
      VertexProbe.NONE,
      VertexProbe.NONE);

  public VertexContainer {
    command = List.copyOf(command);
    args = List.copyOf(args);
    requireNonNull(predictRoute, "predictRoute");
    requireNonNull(healthRoute, "healthRoute");
    requireNonNull(deploymentTimeout, "deploymentTimeout");
    requireNonNull(startupProbe, "startupProbe");
    requireNonNull(healthProbe, "healthProbe");
    requireNonNull(livenessProbe, "livenessProbe");
    Problems.in("VertexContainer")
        .check(port >= 0 && port <= LAST_PORT, "port", "must be 1 to 65535, or 0 for 8080", port)
        .check(
            predictRoute.isEmpty() || predictRoute.startsWith("/"),
            "predictRoute",
            "must begin with /",
            predictRoute)
        .check(
            healthRoute.isEmpty() || healthRoute.startsWith("/"),
            "healthRoute",
            "must begin with /",
            healthRoute)
        .check(sharedMemoryMb >= 0, "sharedMemoryMb", "must not be negative", sharedMemoryMb)
        .check(
            !deploymentTimeout.isNegative()
                && deploymentTimeout.toNanosPart() == 0
                && deploymentTimeout.compareTo(LONGEST_DEPLOYMENT) <= 0,
            "deploymentTimeout",
            "must be whole seconds, at most 2 hours",
            deploymentTimeout)
        .throwIfAny();
  }

  public VertexContainer withCommand(String... newCommand) {
    return new VertexContainer(
        List.of(newCommand),
        args,
        port,
        predictRoute,
        healthRoute,
        sharedMemoryMb,
        deploymentTimeout,
        startupProbe,
        healthProbe,
        livenessProbe);
  }

  public VertexContainer withArgs(String... newArgs) {
    return new VertexContainer(
        command,
        List.of(newArgs),
        port,
        predictRoute,
        healthRoute,
        sharedMemoryMb,
        deploymentTimeout,
        startupProbe,
        healthProbe,
        livenessProbe);
  }

  public VertexContainer withPort(int newPort) {
    return new VertexContainer(
        command,
        args,
        newPort,
        predictRoute,
        healthRoute,
        sharedMemoryMb,
        deploymentTimeout,
        startupProbe,
        healthProbe,
        livenessProbe);
  }

  public VertexContainer withRoutes(String newPredictRoute, String newHealthRoute) {
    return new VertexContainer(
        command,
        args,
        port,
        newPredictRoute,
        newHealthRoute,
        sharedMemoryMb,
        deploymentTimeout,
        startupProbe,
        healthProbe,
        livenessProbe);
  }

  public VertexContainer withSharedMemoryMb(int megabytes) {
    return new VertexContainer(
        command,
        args,
        port,
        predictRoute,
        healthRoute,
        megabytes,
        deploymentTimeout,
        startupProbe,
        healthProbe,
        livenessProbe);
  }

  public VertexContainer withDeploymentTimeout(Duration newTimeout) {
    return new VertexContainer(
        command,
        args,
        port,
        predictRoute,
        healthRoute,
        sharedMemoryMb,
        newTimeout,
        startupProbe,
        healthProbe,
        livenessProbe);
  }

  public VertexContainer withProbes(
      VertexProbe newStartup, VertexProbe newHealth, VertexProbe newLiveness) {
    return new VertexContainer(
        command,
        args,
        port,
        predictRoute,
        healthRoute,
        sharedMemoryMb,
        deploymentTimeout,
        newStartup,
        newHealth,
        newLiveness);
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
