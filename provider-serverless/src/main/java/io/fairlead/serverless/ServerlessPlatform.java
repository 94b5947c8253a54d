package io.fairlead.serverless;

import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.FunctionPlatform;

/** A function platform in this JVM, or in processes that it starts. */
public interface ServerlessPlatform extends FunctionPlatform {
  /**
   * {@return the current metrics of a function}
   *
   * @throws io.fairlead.error.ServingException of kind {@code NOT_FOUND} if it is not deployed
   */
  FunctionMetrics metrics(ModelFunction function);
}
