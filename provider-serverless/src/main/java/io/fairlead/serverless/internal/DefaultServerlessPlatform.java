package io.fairlead.serverless.internal;

import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.reconcile.ForwardingFunctionPlatform;
import io.fairlead.serverless.FunctionMetrics;
import io.fairlead.serverless.ServerlessPlatform;
import java.util.function.Function;

/** A function platform with the metrics of its functions. */
final class DefaultServerlessPlatform extends ForwardingFunctionPlatform
    implements ServerlessPlatform {
  private final Function<String, FunctionMetrics> metrics;

  DefaultServerlessPlatform(FunctionPlatform platform, Function<String, FunctionMetrics> metrics) {
    super(platform);
    this.metrics = metrics;
  }

  @Override
  public FunctionMetrics metrics(ModelFunction function) {
    return metrics.apply(function.name());
  }
}
