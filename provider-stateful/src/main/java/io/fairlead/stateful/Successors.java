package io.fairlead.stateful;

import io.fairlead.platform.Request;
import java.util.List;

/** A function of the user that knows which requests are likely to come after one. */
@FunctionalInterface
public interface Successors {
  /**
   * {@return the requests that are likely to come next, the likeliest first; empty if none is known}
   *
   * <p>Called on the caller's thread after each answer, so it has to be quick. What it throws is logged and ignored.
   *
   * @param request a request that was answered
   */
  List<Request> after(Request request);
}
