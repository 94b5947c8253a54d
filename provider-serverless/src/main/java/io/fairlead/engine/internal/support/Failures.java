package io.fairlead.engine.internal.support;

import io.fairlead.engine.Call;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Closed;
import org.jspecify.annotations.Nullable;

/** Makes the failures of one platform, and words what they have in common. */
public final class Failures {
  private final String platform;

  public Failures(String platform) {
    this.platform = platform;
  }

  public ServingException failure(ErrorKind kind, String sentence) {
    return failure(kind, sentence, null);
  }

  /** Makes a failure of a sentence, to which it adds the full stop. */
  public ServingException failure(ErrorKind kind, String sentence, @Nullable Throwable cause) {
    return ServingException.builder(platform, kind, sentence + ".").cause(cause).build();
  }

  /** {@return the failure of a model in a call} */
  public ServingException ofModel(Call call, String why, @Nullable Throwable cause) {
    return failure(ErrorKind.MODEL_FAILED, "Model '" + call.model() + "' failed: " + why, cause);
  }

  public ServingException closed() {
    return Closed.refusal(platform, "run a model");
  }

  /** What a throwable says of itself, for the end of a sentence. */
  public static String reason(Throwable thrown) {
    String message = thrown.getMessage();
    return message == null || message.isBlank()
        ? thrown.getClass().getSimpleName()
        : message.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /** What the first of the throwables that led to this one says. */
  public static String rootReason(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return reason(root);
  }
}
