package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeOptions;
import java.util.regex.Pattern;

/**
 * What Vertex AI alone knows of the machines that a container runs on, for {@link
 * io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <p>An accelerator goes with a {@link VertexScaling} that says how many: Vertex AI takes both or neither.
 *
 * @param accelerator the type of accelerator in each replica, as Vertex AI names it, such as {@code NVIDIA_TESLA_A100};
 *     empty for none
 * @param serviceAccount the e-mail of the service account that the container runs as; empty for Vertex AI's own
 * @param containerLogging whether what the container prints goes to Cloud Logging
 * @param accessLogging whether each request is logged, with its latency
 */
public record VertexRuntime(
    String accelerator, String serviceAccount, boolean containerLogging, boolean accessLogging)
    implements RuntimeOptions {
  private static final Pattern TYPE = Pattern.compile("[A-Z][A-Z0-9_]*");
  private static final Pattern ACCOUNT = Pattern.compile("[^@\\s]+@[^@\\s]+");

  /** No accelerator, Vertex AI's own service account, and what the container prints in the log. */
  public static final VertexRuntime DEFAULT = new VertexRuntime("", "", true, false);

  public VertexRuntime {
    requireNonNull(accelerator, "accelerator");
    requireNonNull(serviceAccount, "serviceAccount");
    Problems.in("VertexRuntime")
        .check(
            accelerator.isEmpty() || TYPE.matcher(accelerator).matches(),
            "accelerator",
            "must be a type of accelerator in capitals, such as NVIDIA_TESLA_A100",
            accelerator)
        .check(
            serviceAccount.isEmpty() || ACCOUNT.matcher(serviceAccount).matches(),
            "serviceAccount",
            "must be a service account's e-mail address",
            serviceAccount)
        .throwIfAny();
  }

  public static VertexRuntime accelerator(String type) {
    return new VertexRuntime(type, "", true, false);
  }

  public VertexRuntime withServiceAccount(String email) {
    return new VertexRuntime(accelerator, email, containerLogging, accessLogging);
  }

  public VertexRuntime withContainerLogging(boolean logging) {
    return new VertexRuntime(accelerator, serviceAccount, logging, accessLogging);
  }

  public VertexRuntime withAccessLogging(boolean logging) {
    return new VertexRuntime(accelerator, serviceAccount, containerLogging, logging);
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
