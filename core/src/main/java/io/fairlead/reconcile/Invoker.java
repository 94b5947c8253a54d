package io.fairlead.reconcile;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;

/** The one call of a provider that is not about resources: asking a model. */
@FunctionalInterface
public interface Invoker {
  /**
   * Asks the model behind a public name, by the weights or pinned to a variant, within the request's timeout.
   *
   * @return the answer, marked with the variant that gave it
   * @throws io.fairlead.error.ServingException if there is none
   */
  Response invoke(Endpoint endpoint, Request request);
}
