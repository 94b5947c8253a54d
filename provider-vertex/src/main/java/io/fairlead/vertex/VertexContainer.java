package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeOptions;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The container spec: how a container is started and invoked, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <pre>{@code
 * RuntimeSpec.of(image).with(VertexContainer.DEFAULT.withPort(8080).withRoutes("/predict", "/health"))
 * }</pre>
 *
 * <p>Absent values are Vertex AI's defaults. The command and its arguments may contain secrets and are not printed.
 */
public final class VertexContainer extends Settings<VertexContainer.Draft>
    implements RuntimeOptions {
  private static final int LAST_PORT = 65_535;
  private static final Duration LONGEST_DEPLOYMENT = Duration.ofHours(2);

  /** The rule of {@link io.fairlead.platform.Request#withPath}. */
  private static final Pattern PATH =
      Pattern.compile("(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+/?");

  private static final Pattern UP = Pattern.compile("(^|/)\\.\\.?(/|$)");

  /** Vertex AI's defaults. */
  public static final VertexContainer DEFAULT = new VertexContainer(new Draft());

  static final class Draft extends Settings.Draft {
    @Hidden
    List<String> command = List.of();

    @Hidden
    List<String> args = List.of();

    Optional<Integer> port = Optional.empty();
    Optional<String> predictRoute = Optional.empty();
    Optional<String> healthRoute = Optional.empty();
    boolean invokeRoutes;
    Optional<String> invokePath = Optional.empty();
    Optional<Integer> sharedMemoryMb = Optional.empty();
    Optional<Duration> deploymentTimeout = Optional.empty();
    VertexProbe startupProbe = VertexProbe.NONE;
    VertexProbe healthProbe = VertexProbe.NONE;
    VertexProbe livenessProbe = VertexProbe.NONE;
  }

  private VertexContainer(Draft draft) {
    super(draft);
    Problems problems = Problems.in("VertexContainer");
    draft.port.ifPresent(port ->
        problems.check(port >= 1 && port <= LAST_PORT, "port", "must be 1 to " + LAST_PORT, port));
    checkRoute("predictRoute", draft.predictRoute, problems);
    checkRoute("healthRoute", draft.healthRoute, problems);
    problems.check(
        !draft.invokeRoutes || draft.predictRoute.isEmpty(),
        "invokeRoutes",
        "must be off where there is a predictRoute: Vertex AI takes one of the two",
        draft.predictRoute.orElse(""));
    draft.invokePath.ifPresent(path -> problems.check(
        PATH.matcher(path).matches() && !UP.matcher(path).find(),
        "invokePath",
        "must be a path other than /, without a query, such as /v1/chat/completions",
        path));
    draft.sharedMemoryMb.ifPresent(
        size -> problems.check(size >= 1, "sharedMemoryMb", "must be 1 or more", size));
    draft.deploymentTimeout.ifPresent(timeout -> problems.check(
        timeout.compareTo(Duration.ZERO) > 0
            && timeout.toNanosPart() == 0
            && timeout.compareTo(LONGEST_DEPLOYMENT) <= 0,
        "deploymentTimeout",
        "must be whole seconds, 1 or more and at most 2 hours",
        timeout));
    problems.throwIfAny();
  }

  private static void checkRoute(String field, Optional<String> route, Problems problems) {
    route.ifPresent(path -> problems.check(path.startsWith("/"), field, "must begin with /", path));
  }

  /**
   * {@return the command in place of the image's entry point; {@code $(NAME)} is replaced by an environment variable}
   */
  public List<String> command() {
    return draft().command;
  }

  /** {@return the arguments of the command, in place of the image's} */
  public List<String> args() {
    return draft().args;
  }

  /** {@return the port of the container; by default 8080} */
  public Optional<Integer> port() {
    return draft().port;
  }

  /** {@return the path of requests, such as {@code /predict}} */
  public Optional<String> predictRoute() {
    return draft().predictRoute;
  }

  /** {@return the path of health checks, such as {@code /health}} */
  public Optional<String> healthRoute() {
    return draft().healthRoute;
  }

  /**
   * {@return whether any path of the container can be invoked, over HTTPS; a request names it by {@link
   * io.fairlead.platform.Request#withPath}}
   */
  public boolean invokeRoutes() {
    return draft().invokeRoutes;
  }

  /** {@return the path of requests that name none; only with invoke routes} */
  public Optional<String> invokePath() {
    return draft().invokePath;
  }

  /** {@return the size of {@code /dev/shm} in megabytes; by default 64} */
  public Optional<Integer> sharedMemoryMb() {
    return draft().sharedMemoryMb;
  }

  /** {@return the maximum time of a deployment, in whole seconds, at most 2 hours} */
  public Optional<Duration> deploymentTimeout() {
    return draft().deploymentTimeout;
  }

  /** {@return the startup probe, which has to succeed before the other probes start} */
  public VertexProbe startupProbe() {
    return draft().startupProbe;
  }

  /** {@return the health probe, without which a replica gets no requests} */
  public VertexProbe healthProbe() {
    return draft().healthProbe;
  }

  /** {@return the liveness probe, without which a replica is restarted} */
  public VertexProbe livenessProbe() {
    return draft().livenessProbe;
  }

  public VertexContainer withCommand(String... command) {
    return new VertexContainer(with(draft -> draft.command = List.of(command)));
  }

  public VertexContainer withArgs(String... args) {
    return new VertexContainer(with(draft -> draft.args = List.of(args)));
  }

  public VertexContainer withPort(int port) {
    return new VertexContainer(with(draft -> draft.port = Optional.of(port)));
  }

  public VertexContainer withRoutes(String predictRoute, String healthRoute) {
    return new VertexContainer(with(draft -> {
      draft.predictRoute = Optional.of(predictRoute);
      draft.healthRoute = Optional.of(healthRoute);
    }));
  }

  public VertexContainer withPredictRoute(String predictRoute) {
    return new VertexContainer(with(draft -> draft.predictRoute = Optional.of(predictRoute)));
  }

  public VertexContainer withHealthRoute(String healthRoute) {
    return new VertexContainer(with(draft -> draft.healthRoute = Optional.of(healthRoute)));
  }

  /**
   * {@return a copy of which any path can be invoked, and each variant by itself}
   *
   * <p>Vertex AI offers it on dedicated endpoints only, so that the endpoint is dedicated.
   */
  public VertexContainer withInvokeRoutes() {
    return new VertexContainer(with(draft -> {
      draft.invokeRoutes = true;
      draft.invokePath = Optional.empty();
    }));
  }

  /** {@return the same, with the path of requests that name none, such as {@code /v1/chat/completions}} */
  public VertexContainer withInvokeRoutes(String path) {
    return new VertexContainer(with(draft -> {
      draft.invokeRoutes = true;
      draft.invokePath = Optional.of(path);
    }));
  }

  public VertexContainer withSharedMemoryMb(int megabytes) {
    return new VertexContainer(with(draft -> draft.sharedMemoryMb = Optional.of(megabytes)));
  }

  public VertexContainer withDeploymentTimeout(Duration timeout) {
    return new VertexContainer(with(draft -> draft.deploymentTimeout = Optional.of(timeout)));
  }

  /** {@return a copy with probes; {@link VertexProbe#NONE} for Vertex AI's default} */
  public VertexContainer withProbes(VertexProbe startup, VertexProbe health, VertexProbe liveness) {
    return new VertexContainer(with(draft -> {
      draft.startupProbe = startup;
      draft.healthProbe = health;
      draft.livenessProbe = liveness;
    }));
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
