package io.fairlead.serverless.internal.process;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.LoadOptions;
import io.fairlead.grammar.ModelArtifact;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The specification of a worker JVM with one model.
 *
 * @param artifact the artifact, as for an {@link io.fairlead.engine.internal.Engine}; options of its metadata are not
 *     sent
 * @param options the load options
 * @param maxRuns the maximum number of runs of one request at the same time
 * @param limits the limits of the process
 * @param digest the required digest of the model; empty for any
 * @param classPath the class path of the process; empty for that of this JVM
 * @param environment its environment variables; of those of this process it inherits only a few, such as {@code PATH}
 *     and {@code HOME}
 */
public record WorkerSpec(
    ModelArtifact artifact,
    LoadOptions options,
    int maxRuns,
    WorkerLimits limits,
    String digest,
    List<Path> classPath,
    Map<String, String> environment) {
  public WorkerSpec {
    requireNonNull(artifact, "artifact");
    requireNonNull(options, "options");
    requireNonNull(limits, "limits");
    requireNonNull(digest, "digest");
    classPath = List.copyOf(classPath);
    environment = Map.copyOf(environment);
  }

  /** {@return the specification with the defaults for all else} */
  public static WorkerSpec of(ModelArtifact artifact, WorkerLimits limits) {
    return new WorkerSpec(
        artifact, LoadOptions.DEFAULT, Integer.MAX_VALUE, limits, "", List.of(), Map.of());
  }

  public WorkerSpec withOptions(LoadOptions newOptions) {
    return new WorkerSpec(artifact, newOptions, maxRuns, limits, digest, classPath, environment);
  }

  public WorkerSpec withMaxRuns(int newMaxRuns) {
    return new WorkerSpec(artifact, options, newMaxRuns, limits, digest, classPath, environment);
  }

  public WorkerSpec withDigest(String newDigest) {
    return new WorkerSpec(artifact, options, maxRuns, limits, newDigest, classPath, environment);
  }

  public WorkerSpec withClassPath(List<Path> newClassPath) {
    return new WorkerSpec(artifact, options, maxRuns, limits, digest, newClassPath, environment);
  }

  public WorkerSpec withEnvironment(Map<String, String> newEnvironment) {
    return new WorkerSpec(artifact, options, maxRuns, limits, digest, classPath, newEnvironment);
  }

  /** Leaves out the values of variables, which may be secrets. */
  @Override
  public String toString() {
    return "WorkerSpec[" + artifact + ", " + options + ", " + limits + ", digest=" + digest
        + ", classPath=" + classPath + ", environment=" + environment.keySet() + "]";
  }
}
