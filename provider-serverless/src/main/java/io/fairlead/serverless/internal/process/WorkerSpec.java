package io.fairlead.serverless.internal.process;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.LoadOptions;
import io.fairlead.grammar.ModelArtifact;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model for a JVM of its own.
 *
 * @param artifact what an {@link io.fairlead.engine.internal.Engine} would load; options of its metadata stay here
 * @param options how it is loaded
 * @param limits what the process may take
 * @param digest the only digest that the model may have; empty for any
 * @param classPath where the process finds its classes; empty for those of this JVM
 * @param environment variables for it, beside the few that say where and who it is: it sees no others of this process
 */
public record WorkerSpec(
    ModelArtifact artifact,
    LoadOptions options,
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

  /** {@return a model as this JVM would load it} */
  public static WorkerSpec of(ModelArtifact artifact, WorkerLimits limits) {
    return new WorkerSpec(artifact, LoadOptions.DEFAULT, limits, "", List.of(), Map.of());
  }

  public WorkerSpec withOptions(LoadOptions newOptions) {
    return new WorkerSpec(artifact, newOptions, limits, digest, classPath, environment);
  }

  public WorkerSpec withDigest(String newDigest) {
    return new WorkerSpec(artifact, options, limits, newDigest, classPath, environment);
  }

  public WorkerSpec withClassPath(List<Path> newClassPath) {
    return new WorkerSpec(artifact, options, limits, digest, newClassPath, environment);
  }

  public WorkerSpec withEnvironment(Map<String, String> newEnvironment) {
    return new WorkerSpec(artifact, options, limits, digest, classPath, newEnvironment);
  }

  /** Leaves out the values of variables, which may be secrets. */
  @Override
  public String toString() {
    return "WorkerSpec[" + artifact + ", " + options + ", " + limits + ", digest=" + digest
        + ", classPath=" + classPath + ", environment=" + environment.keySet() + "]";
  }
}
