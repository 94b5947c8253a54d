package io.fairlead.operation;

import static java.util.Objects.requireNonNull;

/**
 * The name of one run of an operation, for logs and messages.
 *
 * <p>Nothing has to be kept to resume: running the same operation again, from any machine, goes on where it stopped.
 *
 * @param platform the id of the platform it runs on
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
