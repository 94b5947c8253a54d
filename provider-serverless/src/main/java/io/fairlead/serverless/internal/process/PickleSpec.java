package io.fairlead.serverless.internal.process;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.nio.file.Path;
import java.util.Map;

/**
 * The specification of a Python worker with a pickled model that is trusted to run code.
 *
 * @param python the interpreter; it needs the packages that the pickle was made with
 * @param pickle the file, written by {@code pickle.dump} or {@code joblib.dump}
 * @param name the model's name in messages and responses
 * @param digest the SHA-256 of the trusted file, as 64 hexadecimal digits; no other is unpickled
 * @param limits the limits of the process
 * @param environment its environment variables; of those of this process it inherits only a few, such as {@code PATH}
 *     and {@code HOME}
 */
public record PickleSpec(
    Path python,
    Path pickle,
    String name,
    String digest,
    WorkerLimits limits,
    Map<String, String> environment) {
  public PickleSpec {
    requireNonNull(python, "python");
    requireNonNull(pickle, "pickle");
    requireNonNull(limits, "limits");
    environment = Map.copyOf(environment);
    Problems.in("PickleSpec")
        .check(!name.isBlank(), "name", "must not be blank")
        .check(
            digest.matches("[0-9a-f]{64}"),
            "digest",
            "must be the SHA-256 of the pickle that is trusted, as 64 hexadecimal digits",
            digest)
        .throwIfAny();
  }

  public static PickleSpec of(
      Path python, Path pickle, String name, String digest, WorkerLimits limits) {
    return new PickleSpec(python, pickle, name, digest, limits, Map.of());
  }

  public PickleSpec withEnvironment(Map<String, String> newEnvironment) {
    return new PickleSpec(python, pickle, name, digest, limits, newEnvironment);
  }

  /** Leaves out the values of variables, which may be secrets. */
  @Override
  public String toString() {
    return "PickleSpec[" + pickle + ", python=" + python + ", name=" + name + ", digest=" + digest
        + ", " + limits + ", environment=" + environment.keySet() + "]";
  }
}
