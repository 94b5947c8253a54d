package io.fairlead.reconcile;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.Version;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Rollout;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/**
 * An endpoint platform that forwards to another, for a provider that adds operations of its own.
 *
 * <p>Every method forwards. A subclass adds methods, and releases their resources in {@link #close}.
 */
public abstract class ForwardingEndpointPlatform
    extends ForwardingPlatform<Endpoint, EndpointPlatform> implements EndpointPlatform {
  /**
   * Creates a platform that forwards to another.
   *
   * @param platform the other platform, which is closed with this one
   */
  protected ForwardingEndpointPlatform(EndpointPlatform platform) {
    super(platform);
  }

  @Override
  public Operation<Container> packageModel(
      ModelArtifact artifact, RuntimeSpec runtime, Dependencies dependencies) {
    return platform.packageModel(artifact, runtime, dependencies);
  }

  @Override
  public Operation<Endpoint> deploy(Container container, Scaling scaling, Routing routing) {
    return platform.deploy(container, scaling, routing);
  }

  @Override
  public Operation<Endpoint> scale(Endpoint endpoint, Scaling scaling) {
    return platform.scale(endpoint, scaling);
  }

  @Override
  public Operation<Version> route(Version stable, Version candidate, TrafficWeight weight) {
    return platform.route(stable, candidate, weight);
  }

  @Override
  public Operation<Version> rollOut(
      Endpoint stable, Endpoint candidate, Rollout rollout, Evidence evidence) {
    return platform.rollOut(stable, candidate, rollout, evidence);
  }

  @Override
  public Optional<Description<Endpoint>> describe(String name, String variant, Duration limit) {
    return platform.describe(name, variant, limit);
  }

  @Override
  public Plan preview(Function<? super EndpointPlatform, ? extends Operation<?>> change) {
    return platform.preview(change);
  }

  @Override
  public Plan preview(
      Duration limit, Function<? super EndpointPlatform, ? extends Operation<?>> change) {
    return platform.preview(limit, change);
  }
}
