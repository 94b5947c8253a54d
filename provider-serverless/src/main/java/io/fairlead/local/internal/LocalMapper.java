package io.fairlead.local.internal;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import io.fairlead.platform.Location;
import io.fairlead.provider.Fingerprint;
import io.fairlead.reconcile.ActualState;
import io.fairlead.reconcile.EndpointMapper;
import io.fairlead.reconcile.Found;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Mapping;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The mapping from the grammar to the resources of this JVM: models, endpoints, variants, traffic weights. */
final class LocalMapper implements EndpointMapper {
  private static final int MAX_INSTANCES = 1000;

  /**
   * {@return the name of a container's model}
   *
   * <p>It is derived from the location of the files, not from their content, so that a model can be deleted after its
   * files.
   */
  static String modelName(Container container) {
    return "model-" + Fingerprint.of(GrammarJson.write(container));
  }

  @Override
  public Mapping container(Container container) {
    List<String> warnings = new ArrayList<>();
    if (!container.artifact().code().equals(container.artifact().weights())) {
      warnings.add("artifact.code is not used: the model runs from its weights alone");
    }
    if (container.runtime().image().isPresent()) {
      warnings.add("runtime.image is not used: the model runs in this JVM");
    }
    if (!container.dependencies().equals(Dependencies.NONE)) {
      warnings.add(
          "dependencies are not installed: the model runs in this JVM with what is on its class path");
    }
    return new Mapping(
        List.of(Resource.shared(LocalKinds.MODEL, modelName(container), new LocalModel(container))),
        warnings);
  }

  @Override
  public Mapping endpoint(Endpoint endpoint) {
    Scaling scaling = endpoint.scaling();
    Problems.in("Scaling")
        .check(
            scaling.min() >= 1,
            "min",
            "must be 1 or more on platform 'local', which does not scale to zero",
            scaling.min())
        .check(
            scaling.count() <= MAX_INSTANCES,
            "count",
            "must be at most " + MAX_INSTANCES + " on platform 'local'",
            scaling.count())
        .throwIfAny();
    Mapping container = container(endpoint.container());
    List<String> warnings = new ArrayList<>(container.warnings());
    if (scaling.instanceType().isPresent()) {
      warnings.add("scaling.instanceType is not used: the model runs on this machine");
    }
    if (scaling.isAutomatic()) {
      warnings.add(
          "scaling.min and max are not used: this JVM keeps to the count, " + scaling.count());
    }
    return new Mapping(container.resources(), warnings)
        .and(
            Resource.shared(
                LocalKinds.ENDPOINT, endpoint.name(), new LocalEndpoint(endpoint.name())),
            Resource.variant(
                LocalKinds.VARIANT,
                endpoint.routing().path(),
                new LocalVariant(endpoint.container(), scaling.count())));
  }

  @Override
  public KindName<?> variantKind(Endpoint endpoint) {
    return LocalKinds.VARIANT;
  }

  @Override
  public Found<Endpoint> read(Routing routing, ActualState actual) {
    Observed<LocalVariant> variant = actual.of(LocalKinds.VARIANT, routing.path());
    return new Found<>(
        variant,
        variant
            .value()
            .map(there -> new Endpoint(there.container(), Scaling.fixed(there.count()), routing)),
        Location.of(routing.path()));
  }

  @Override
  public Set<Class<? extends PlatformOptions>> options() {
    return Set.of();
  }
}
