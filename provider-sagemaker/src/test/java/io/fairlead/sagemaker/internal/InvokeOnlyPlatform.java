package io.fairlead.sagemaker.internal;

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
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Rollout;
import io.fairlead.sagemaker.SageMakerProvider;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** A platform that asks models and does nothing else; it knows whether it was closed, and closes what asks. */
final class InvokeOnlyPlatform implements EndpointPlatform {
  private final SageMakerInvoker invoker;
  private boolean closed;

  InvokeOnlyPlatform(SageMakerInvoker invoker) {
    this.invoker = invoker;
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public String id() {
    return SageMakerProvider.ID;
  }

  @Override
  public Response invoke(Endpoint endpoint, Request request) {
    return invoker.invoke(endpoint, request);
  }

  @Override
  public Response invokeStreaming(
      Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces) {
    return invoker.invokeStreaming(endpoint, request, pieces);
  }

  @Override
  public void close() {
    closed = true;
    invoker.close();
  }

  private static UnsupportedOperationException none() {
    return new UnsupportedOperationException("it only asks");
  }

  @Override
  public Operation<Container> packageModel(
      ModelArtifact artifact, RuntimeSpec runtime, Dependencies dependencies) {
    throw none();
  }

  @Override
  public Operation<Endpoint> deploy(Container container, Scaling scaling, Routing routing) {
    throw none();
  }

  @Override
  public Operation<Endpoint> scale(Endpoint endpoint, Scaling scaling) {
    throw none();
  }

  @Override
  public Operation<Version> route(Version stable, Version candidate, TrafficWeight weight) {
    throw none();
  }

  @Override
  public Operation<Version> rollOut(
      Endpoint stable, Endpoint candidate, Rollout rollout, Evidence evidence) {
    throw none();
  }

  @Override
  public Operation<Endpoint> undeploy(Endpoint endpoint) {
    throw none();
  }

  @Override
  public Operation<List<ManagedResource>> undeployAll(String name) {
    throw none();
  }

  @Override
  public Plan preview(
      Duration limit, Function<? super EndpointPlatform, ? extends Operation<?>> change) {
    throw none();
  }

  @Override
  public Optional<Deployment> status(Endpoint endpoint, Duration limit) {
    throw none();
  }

  @Override
  public Optional<Description<Endpoint>> describe(String name, String variant, Duration limit) {
    throw none();
  }

  @Override
  public List<Deployment> list(Duration limit) {
    throw none();
  }

  @Override
  public List<ManagedResource> inventory(Duration limit) {
    throw none();
  }

  @Override
  public Operation<List<ManagedResource>> sweep(Duration minimumAge) {
    throw none();
  }
}
