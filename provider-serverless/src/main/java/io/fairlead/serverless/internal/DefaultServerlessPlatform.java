package io.fairlead.serverless.internal;

import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.reconcile.ForwardingFunctionPlatform;
import io.fairlead.serverless.FunctionStatus;
import io.fairlead.serverless.ServerlessPlatform;
import java.util.function.Function;

/** A function platform with the status of its functions. */
final class DefaultServerlessPlatform extends ForwardingFunctionPlatform
    implements ServerlessPlatform {
  private final Function<String, FunctionStatus> statuses;

  DefaultServerlessPlatform(FunctionPlatform platform, Function<String, FunctionStatus> statuses) {
    super(platform);
    this.statuses = statuses;
  }

  @Override
  public FunctionStatus status(ModelFunction function) {
    return statuses.apply(function.name());
  }
}
