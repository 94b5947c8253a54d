package io.fairlead.serverless.internal;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.ManagedResource;
import io.fairlead.reconcile.ForwardingFunctionPlatform;
import io.fairlead.serverless.FunctionMetrics;
import io.fairlead.serverless.ServerlessPlatform;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A function platform with the metrics of its functions.
 *
 * <p>Undeploying a function cancels its deployments that are in progress or queued: it would wait for a load that may never
 * end.
 */
final class DefaultServerlessPlatform extends ForwardingFunctionPlatform
    implements ServerlessPlatform {
  private final Function<String, FunctionMetrics> metrics;
  private final Consumer<String> abandonLoad;
  private final ConcurrentMap<String, Set<Operation<ModelFunction>>> deployments =
      new ConcurrentHashMap<>();

  /**
   * Creates a platform.
   *
   * @param abandonLoad gives up the load of a function's next revision
   */
  DefaultServerlessPlatform(
      FunctionPlatform platform,
      Function<String, FunctionMetrics> metrics,
      Consumer<String> abandonLoad) {
    super(platform);
    this.metrics = metrics;
    this.abandonLoad = abandonLoad;
  }

  @Override
  public Operation<ModelFunction> deploy(ModelArtifact artifact, FunctionLimits limits) {
    Operation<ModelFunction> deployment = super.deploy(artifact, limits);
    String name = new ModelFunction(artifact, limits).name();
    deployments.compute(name, (key, known) -> {
      Set<Operation<ModelFunction>> all = known == null ? new HashSet<>() : known;
      all.add(deployment);
      return all;
    });
    var unused = deployment.toFuture().whenComplete((function, thrown) -> ended(name, deployment));
    return deployment;
  }

  private void ended(String name, Operation<ModelFunction> deployment) {
    deployments.computeIfPresent(name, (key, all) -> {
      all.remove(deployment);
      return all.isEmpty() ? null : all;
    });
  }

  @Override
  public Operation<ModelFunction> undeploy(ModelFunction function) {
    supersede(function.name());
    return super.undeploy(function);
  }

  @Override
  public Operation<List<ManagedResource>> undeployAll(String name) {
    supersede(name);
    return super.undeployAll(name);
  }

  private void supersede(String name) {
    List<Operation<ModelFunction>> earlier = new ArrayList<>();
    deployments.computeIfPresent(name, (key, all) -> {
      earlier.addAll(all);
      return all;
    });
    earlier.forEach(Operation::cancel);
    if (!earlier.isEmpty()) {
      abandonLoad.accept(name);
    }
  }

  @Override
  public FunctionMetrics metrics(ModelFunction function) {
    return metrics.apply(function.name());
  }
}
