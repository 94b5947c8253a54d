package io.fairlead.serverless.internal.http;

import java.util.Collection;
import java.util.Optional;

/**
 * The functions that an {@link HttpFront} serves.
 *
 * <p>It is asked on the threads that all connections share, so that it has to answer at once.
 */
public interface FunctionDirectory {
  Optional<HttpFunction> find(String name);

  Collection<String> names();

  /** {@return whether the process works at all; one that does not is restarted by whoever watches it} */
  boolean isLive();

  /** {@return whether requests may be sent} */
  boolean isReady();
}
