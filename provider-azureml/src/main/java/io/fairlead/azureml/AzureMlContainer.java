package io.fairlead.azureml;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeOptions;
import io.fairlead.spi.Settings;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How Azure ML runs a container and talks to it, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <pre>{@code
 * RuntimeSpec runtime = RuntimeSpec.of("ghcr.io/example/server:1")
 *     .with(AzureMlContainer.DEFAULT.withServer(8080, "/predict", "/health", "/health"));
 * }</pre>
 */
public final class AzureMlContainer extends Settings<AzureMlContainer.Draft>
    implements RuntimeOptions {
  private static final Pattern PATH = Pattern.compile("/[^\\s?#]*");
  private static final Pattern MOUNT = Pattern.compile("/[^\\s]+");
  private static final int LARGEST_PORT = 65_535;

  /** A container with Azure ML's own inference server. */
  public static final AzureMlContainer DEFAULT = new AzureMlContainer(new Draft());

  static final class Draft extends Settings.Draft {
    Optional<Server> server = Optional.empty();
    Optional<String> modelMountPath = Optional.empty();
    AzureMlProbe livenessProbe = AzureMlProbe.DEFAULT;
    AzureMlProbe readinessProbe = AzureMlProbe.DEFAULT;
    boolean egress = true;
  }

  /**
   * Where a server of one's own listens in its container.
   *
   * @param port its port, 1 to 65535
   * @param scoringPath the path of requests, which becomes that of the scoring URI
   * @param livenessPath the path that tells whether it lives
   * @param readinessPath the path that tells whether it can answer
   */
  public record Server(int port, String scoringPath, String livenessPath, String readinessPath) {
    public Server {
      Problems problems = Problems.in("AzureMlContainer.Server")
          .check(port >= 1 && port <= LARGEST_PORT, "port", "must be 1 to 65535", port);
      check("scoringPath", scoringPath, problems);
      check("livenessPath", livenessPath, problems);
      check("readinessPath", readinessPath, problems);
      problems.throwIfAny();
    }

    private static void check(String field, String path, Problems problems) {
      problems.check(
          PATH.matcher(path).matches(), field, "must be a path that begins with a slash", path);
    }
  }

  private AzureMlContainer(Draft draft) {
    super(draft);
    Problems.in("AzureMlContainer")
        .check(
            draft.modelMountPath.filter(path -> !MOUNT.matcher(path).matches()).isEmpty(),
            "modelMountPath",
            "must be an absolute path, such as /var/models",
            draft.modelMountPath.orElse(""))
        .throwIfAny();
  }

  /** {@return where the server listens; by default Azure ML's own server is expected} */
  public Optional<Server> server() {
    return draft().server;
  }

  /** {@return where the model is mounted in the container; by default Azure ML's folder, AZUREML_MODEL_DIR} */
  public Optional<String> modelMountPath() {
    return draft().modelMountPath;
  }

  /** {@return the times of the probe that restarts the container} */
  public AzureMlProbe livenessProbe() {
    return draft().livenessProbe;
  }

  /** {@return the times of the probe that says whether the container gets requests} */
  public AzureMlProbe readinessProbe() {
    return draft().readinessProbe;
  }

  /** {@return whether the container can reach public networks; by default it can} */
  public boolean egress() {
    return draft().egress;
  }

  /** {@return a copy for a server of one's own, by its port and its three paths} */
  public AzureMlContainer withServer(
      int port, String scoringPath, String livenessPath, String readinessPath) {
    return new AzureMlContainer(with(draft ->
        draft.server = Optional.of(new Server(port, scoringPath, livenessPath, readinessPath))));
  }

  /** {@return a copy with the model at an absolute path of the container, such as {@code /var/models}} */
  public AzureMlContainer withModelMountPath(String path) {
    return new AzureMlContainer(with(draft -> draft.modelMountPath = Optional.of(path)));
  }

  /** {@return a copy with other times of the probe that restarts the container} */
  public AzureMlContainer withLivenessProbe(AzureMlProbe probe) {
    return new AzureMlContainer(with(draft -> draft.livenessProbe = probe));
  }

  /** {@return a copy with other times of the probe that says whether the container gets requests} */
  public AzureMlContainer withReadinessProbe(AzureMlProbe probe) {
    return new AzureMlContainer(with(draft -> draft.readinessProbe = probe));
  }

  /** {@return a copy that cannot reach public networks} */
  public AzureMlContainer withoutEgress() {
    return new AzureMlContainer(with(draft -> draft.egress = false));
  }

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }
}
