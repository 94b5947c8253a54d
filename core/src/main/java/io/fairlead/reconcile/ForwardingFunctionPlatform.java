package io.fairlead.reconcile;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Description;
import io.fairlead.platform.FunctionPlatform;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/**
 * A function platform that forwards to another, for a provider that adds operations of its own.
 *
 * <p>Every method forwards. A subclass adds methods, and releases their resources in {@link #close}.
 */
public abstract class ForwardingFunctionPlatform
    extends ForwardingPlatform<ModelFunction, FunctionPlatform> implements FunctionPlatform {
  /**
   * Creates a platform that forwards to another.
   *
   * @param platform the other platform, which is closed with this one
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
  public Optional<Description<ModelFunction>> describe(String name, Duration limit) {
    return platform.describe(name, limit);
  }

  @Override
  public Plan preview(Function<? super FunctionPlatform, ? extends Operation<?>> change) {
    return platform.preview(change);
  }

  @Override
  public Plan preview(
      Duration limit, Function<? super FunctionPlatform, ? extends Operation<?>> change) {
    return platform.preview(limit, change);
  }
}
