package io.fairlead.operation;

import static java.util.Objects.requireNonNull;

/**
 * The id of one run of an operation, for logs and messages.
 *
 * <p>It is not needed to resume an operation: the same operation, called again from any machine, resumes it.
 *
 * @param platform the id of the platform
 * @param value unique on the platform, such as {@code deploy-3f9a1c0742b86ed1}
 */
public record OperationId(String platform, String value) {
  public OperationId {
    requireNonNull(platform, "platform");
    requireNonNull(value, "value");
  }

  @Override
  public String toString() {
    return platform + ":" + value;
  }
}
