package io.fairlead.reconcile;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.FunctionPlatform;
import java.net.URI;
import java.util.function.Function;

/**
 * A function platform that does what another does, for a provider that adds what its platform alone can.
 *
 * <p>Every method forwards; a subclass adds its own, and closes what they need in {@link #close}.
 */
public abstract class ForwardingFunctionPlatform
    extends ForwardingPlatform<ModelFunction, FunctionPlatform> implements FunctionPlatform {
  /**
   * Forwards to a platform.
   *
   * @param platform what does the work; closed with this
   */
  protected ForwardingFunctionPlatform(FunctionPlatform platform) {
    super(platform);
  }

  @Override
  public Operation<ModelFunction> deploy(ModelArtifact artifact, FunctionLimits limits) {
    return platform.deploy(artifact, limits);
  }

  @Override
  public URI url(ModelFunction function) {
    return platform.url(function);
  }

  @Override
  public Plan preview(Function<? super FunctionPlatform, ? extends Operation<?>> change) {
    return platform.preview(change);
  }
}
