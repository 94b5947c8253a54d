package io.fairlead.vertex;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeOptions;
import io.fairlead.spi.Settings;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Vertex AI's options of a runtime, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <p>An accelerator needs a {@link VertexScaling} with the number of accelerators: Vertex AI requires both or neither.
 */
public final class VertexRuntime extends Settings<VertexRuntime.Draft> implements RuntimeOptions {
  private static final Pattern TYPE = Pattern.compile("[A-Z][A-Z0-9_]*");
  private static final Pattern ACCOUNT = Pattern.compile("[^@\\s]+@[^@\\s]+");

  /** No accelerator, Vertex AI's own service account, and container logging. */
  public static final VertexRuntime DEFAULT = new VertexRuntime(new Draft());

  static final class Draft extends Settings.Draft {
    Optional<String> accelerator = Optional.empty();
    Optional<String> serviceAccount = Optional.empty();
    boolean containerLogging = true;
    boolean accessLogging;
  }

  private VertexRuntime(Draft draft) {
    super(draft);
    Problems problems = Problems.in("VertexRuntime");
    draft.accelerator.ifPresent(type -> problems.check(
        TYPE.matcher(type).matches(),
        "accelerator",
        "must be an accelerator type in uppercase letters, such as NVIDIA_TESLA_A100",
        type));
    draft.serviceAccount.ifPresent(email -> problems.check(
        ACCOUNT.matcher(email).matches(),
        "serviceAccount",
        "must be the e-mail address of a service account",
        email));
    problems.throwIfAny();
  }

  public static VertexRuntime accelerator(String type) {
    return new VertexRuntime(DEFAULT.with(draft -> draft.accelerator = Optional.of(type)));
  }

  /** {@return the accelerator type of each replica, as Vertex AI names it, such as {@code NVIDIA_TESLA_A100}} */
  public Optional<String> accelerator() {
    return draft().accelerator;
  }

  /** {@return the e-mail of the service account that the container runs as; by default Vertex AI's own} */
  public Optional<String> serviceAccount() {
    return draft().serviceAccount;
  }

  /** {@return whether the container's output is written to Cloud Logging} */
  public boolean containerLogging() {
    return draft().containerLogging;
  }

  /** {@return whether each request is logged, with its latency} */
  public boolean accessLogging() {
    return draft().accessLogging;
  }

  public VertexRuntime withServiceAccount(String email) {
    return new VertexRuntime(with(draft -> draft.serviceAccount = Optional.of(email)));
  }

  public VertexRuntime withContainerLogging(boolean logging) {
    return new VertexRuntime(with(draft -> draft.containerLogging = logging));
  }

  public VertexRuntime withAccessLogging(boolean logging) {
    return new VertexRuntime(with(draft -> draft.accessLogging = logging));
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
