package io.fairlead.serverless;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Belonging;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/** A function platform that also says what its functions look like. */
final class HostedPlatform implements ServerlessPlatform {
  private final FunctionPlatform platform;
  private final Function<String, FunctionStatus> statuses;

  HostedPlatform(FunctionPlatform platform, Function<String, FunctionStatus> statuses) {
    this.platform = platform;
    this.statuses = statuses;
  }

  @Override
  public FunctionStatus status(ModelFunction function) {
    return statuses.apply(function.name());
  }

  @Override
  public String id() {
    return platform.id();
  }

  @Override
  public Operation<ModelFunction> deploy(ModelArtifact artifact, FunctionLimits limits) {
    return platform.deploy(artifact, limits);
  }

  @Override
  public Response invoke(ModelFunction function, Request request) {
    return platform.invoke(function, request);
  }

  @Override
  public URI url(ModelFunction function) {
    return platform.url(function);
  }

  @Override
  public Operation<ModelFunction> undeploy(ModelFunction function) {
    return platform.undeploy(function);
  }

  @Override
  public Operation<List<Belonging>> undeployAll(String name) {
    return platform.undeployAll(name);
  }

  @Override
  public Plan preview(Function<? super FunctionPlatform, ? extends Operation<?>> change) {
    return platform.preview(change);
  }

  @Override
  public List<Deployment> list() {
    return platform.list();
  }

  @Override
  public List<Belonging> inventory() {
    return platform.inventory();
  }

  @Override
  public Operation<List<Belonging>> sweep(Duration minimumAge) {
    return platform.sweep(minimumAge);
  }

  @Override
  public void close() {
    platform.close();
  }

  @Override
  public String toString() {
    return platform.toString();
  }
}
