package io.fairlead.engine.internal.support;

import io.fairlead.engine.Call;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Closed;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A factory of the exceptions of one platform, with their common wording. */
public final class Failures {
  private final String platform;

  public Failures(String platform) {
    this.platform = platform;
  }

  public ServingException failure(ErrorKind kind, String sentence) {
    return failure(kind, sentence, null);
  }

  /** {@return an exception with a message, to which the full stop is added} */
  public ServingException failure(ErrorKind kind, String sentence, @Nullable Throwable cause) {
    return ServingException.builder(platform, kind, sentence + ".").cause(cause).build();
  }

  /** {@return the exception for a model that failed in a call} */
  public ServingException ofModel(Call call, String why, @Nullable Throwable cause) {
    return failure(ErrorKind.MODEL_FAILED, "Model '" + call.model() + "' failed: " + why, cause);
  }

  public ServingException closed() {
    return Closed.refusal(platform, "run a model");
  }

  /** {@return the message of a throwable on one line, for the end of a sentence} */
  public static String reason(Throwable thrown) {
    String message = thrown.getMessage();
    return message == null || message.isBlank()
        ? thrown.getClass().getSimpleName()
        : message.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /** {@return why a library was not loaded, if the JVM refuses it because another class loader has loaded its file} */
  public static Optional<String> ofOtherLoader(Throwable thrown) {
    String reason = rootReason(thrown);
    return reason.contains("another classloader")
        ? Optional.of(
            "which another class loader of this JVM has loaded (" + reason
                + "): take away the setting that names this file, so that each class loader gets a copy of its own")
        : Optional.empty();
  }

  /** {@return the message of the root cause of a throwable} */
  public static String rootReason(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return reason(root);
  }
}
