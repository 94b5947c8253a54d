package io.fairlead.reconcile;

import io.fairlead.grammar.Served;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;

/**
 * The one call of a provider that is not about resources: asking a model.
 *
 * @param <S> what the platform serves
 */
@FunctionalInterface
public interface Invoker<S extends Served> {
  /**
   * Asks the model behind a name, within the request's timeout; where there are variants, by the weights or pinned to
   * one.
   *
   * @return the answer, marked with the variant that gave it, if there are any
   * @throws io.fairlead.error.ServingException if there is none
   */
  Response invoke(S served, Request request);
}
