package io.fairlead.serverless.internal.http;

import java.util.Collection;
import java.util.Optional;

/**
 * The functions that an {@link HttpFront} serves.
 *
 * <p>Called on the threads of all connections: no method may block.
 */
public interface FunctionDirectory {
  Optional<HttpFunction> find(String name);

  Collection<String> names();

  /** {@return the memory that the instances of all functions may take, in bytes} */
  long memoryBytes();

  /** {@return the memory that they take, in bytes} */
  long usedMemoryBytes();

  /** {@return whether further requests are refused, while the accepted ones end} */
  boolean isClosing();

  /** {@return the readiness: whether requests may be sent} */
  boolean isReady();
}
