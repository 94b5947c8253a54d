package io.fairlead.serverless;

import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.reconcile.ForwardingFunctionPlatform;
import java.util.function.Function;

/** A function platform that also says what its functions look like. */
final class HostedPlatform extends ForwardingFunctionPlatform implements ServerlessPlatform {
  private final Function<String, FunctionStatus> statuses;

  HostedPlatform(FunctionPlatform platform, Function<String, FunctionStatus> statuses) {
    super(platform);
    this.statuses = statuses;
  }

  @Override
  public FunctionStatus status(ModelFunction function) {
    return statuses.apply(function.name());
  }
}
