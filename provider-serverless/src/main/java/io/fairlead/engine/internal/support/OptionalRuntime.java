package io.fairlead.engine.internal.support;

import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelSource;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A library that runs models of one format, and that is there only where somebody added it.
 *
 * @param model what its models are called, with an article
 * @param packages the beginning of the names of its classes, with slashes
 * @param type one of its classes
 * @param artifacts what to add to the class path for it
 * @param conversion the command that makes an ONNX model of one of its models
 */
public record OptionalRuntime(
    String model, String packages, String type, String artifacts, String conversion) {
  private static final Logger LOG = LoggerFactory.getLogger(OptionalRuntime.class);
  private static final Path MAPPED = Path.of("/proc/self/maps");

  /** Refuses a model if the library is not there, which it does not touch. */
  public void checkThere(ModelSource source, Failures failures) {
    try {
      Class.forName(type, false, OptionalRuntime.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      LinkageError missing = new NoClassDefFoundError(type.replace('.', '/'));
      missing.initCause(e);
      throw unusable(source, missing, failures);
    } catch (LinkageError e) {
      throw unusable(source, e, failures);
    }
  }

  /** {@return the failure of a model whose library is missing or does not load} */
  public ServingException unusable(ModelSource source, LinkageError e, Failures failures) {
    String reason = Failures.reason(e);
    if (e instanceof NoClassDefFoundError && reason.contains(packages)) {
      return failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " is " + model + " model, and its runtime is not on the class path: add "
              + artifacts + ", or convert it to ONNX with " + conversion,
          e);
    }
    return failures.failure(
        ErrorKind.UNSUPPORTED,
        source + " is " + model + " model, and its runtime does not load on "
            + System.getProperty("os.name") + " " + System.getProperty("os.arch") + " ("
            + Failures.rootReason(e) + "): add " + artifacts
            + " with all that it depends on, or convert it to ONNX with " + conversion,
        e);
  }

  /**
   * Makes sure that a model is to be loaded as it can be.
   *
   * @param threadsSetting what sets the threads of the whole process, if there is such a thing
   */
  public void checkDefaults(
      ModelSource source, LoadOptions options, String threadsSetting, Failures failures) {
    if (options.threads() > 1) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " is " + model
              + " model, whose runtime has one number of threads for the whole process: load it with"
              + " 1 thread for each run, which is the default"
              + (threadsSetting.isEmpty()
                  ? ""
                  : ", and set others for all models with " + threadsSetting));
    }
    if (options.maxBatch() > 1) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " is " + model
              + " model, of which nobody knows whether its rows may be computed together: load it with"
              + " a maxBatch of 1, which is the default");
    }
  }

  /**
   * Deletes the temporary file that this process has loaded a library from.
   *
   * <p>Such a file is otherwise left behind by a process that is killed. What is loaded stays loaded; where the system
   * does not tell what is, or does not let go of it, the file stays as well.
   *
   * @param prefix how the file's name begins
   */
  public static void deleteUnpacked(String prefix) {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    try {
      List<String> lines = Files.exists(MAPPED) ? Files.readAllLines(MAPPED) : List.of();
      for (String line : lines) {
        int at = line.indexOf('/');
        Path file = Path.of(at < 0 ? "" : line.substring(at));
        if (file.startsWith(temporary)
            && temporary.equals(file.getParent())
            && file.getFileName().toString().startsWith(prefix)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("A library that was unpacked as {}* stays in {}", prefix, temporary, e);
    }
  }
}
