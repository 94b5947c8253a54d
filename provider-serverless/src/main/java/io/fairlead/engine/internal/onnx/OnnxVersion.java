package io.fairlead.engine.internal.onnx;

import ai.onnxruntime.OrtEnvironment;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The check of ONNX Runtime's version, which a bill of materials or another dependency may decide. */
final class OnnxVersion {
  private static final Pattern VERSION = Pattern.compile("(\\d{1,9})\\.(\\d{1,9})([.+-].*)?");
  // The first that checks itself where the weights of a model are.
  private static final int MAJOR = 1;
  private static final int MINOR = 24;

  private OnnxVersion() {}

  /** {@return the version of its jar, without loading its native library; empty if unknown} */
  static Optional<String> ofJar() {
    try {
      // A class literal: the class is not initialised by it. Where jars were merged, the version is
      // of another.
      return Optional.ofNullable(OrtEnvironment.class.getPackage())
          .filter(jar -> String.valueOf(jar.getImplementationTitle()).startsWith("onnxruntime"))
          .map(Package::getImplementationVersion);
    } catch (LinkageError e) {
      return Optional.empty();
    }
  }

  /**
   * Checks a version.
   *
   * @throws ServingException if it is earlier than 1.24, or no version
   */
  static void check(String version, Failures failures) {
    Matcher matcher = VERSION.matcher(version);
    boolean recent = false;
    if (matcher.matches()) {
      int major = Integer.parseInt(matcher.group(1));
      recent = major > MAJOR || (major == MAJOR && Integer.parseInt(matcher.group(2)) >= MINOR);
    }
    if (!recent) {
      throw refusal(version, failures, null);
    }
  }

  static ServingException refusal(String version, Failures failures, @Nullable Throwable cause) {
    return failures.failure(
        ErrorKind.UNSUPPORTED,
        "ONNX Runtime " + version + " does not run models here, because " + MAJOR + "." + MINOR
            + " is the first version that checks which files a model reads: set the version of"
            + " com.microsoft.onnxruntime:onnxruntime to " + MAJOR + "." + MINOR
            + " or later, which a bill of materials or another dependency has set, or the property"
            + " onnxruntime.native.path",
        cause);
  }
}
