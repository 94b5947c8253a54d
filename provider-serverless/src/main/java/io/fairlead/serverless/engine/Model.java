package io.fairlead.serverless.engine;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.util.List;

/** A model that is loaded and answers any number of callers at the same time. */
interface Model extends AutoCloseable {
  /** {@return what it takes; empty if it does not say} */
  List<TensorSpec> inputs();

  /** {@return what it gives; empty if it does not say} */
  List<TensorSpec> outputs();

  /**
   * {@return the answer to a request}
   *
   * @param call says how long it may take, and ends it
   * @throws io.fairlead.grammar.InvalidValueException if the request is wrong, before the model runs
   * @throws io.fairlead.error.ServingException if the model fails or is stopped
   */
  Response answer(Request request, Call call);

  /** Frees what it holds. No call is under way, and none follows. */
  @Override
  void close();
}
