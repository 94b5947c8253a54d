package io.fairlead.engine;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;

/** A model that answers requests as they come. */
public non-sealed interface RequestModel extends Model {
  /**
   * {@return the answer to a request}
   *
   * @param call says how long it may take, and ends it
   * @throws io.fairlead.grammar.InvalidValueException if the request is wrong, before the model runs
   * @throws io.fairlead.error.ServingException if the model fails or is stopped
   */
  Response answer(Request request, Call call);
}
