package io.fairlead.reconcile;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.Version;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.reconcile.Resource.Goal;
import io.fairlead.reconcile.Resource.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * An endpoint platform made of a provider's parts: its mapper, its kinds of resources and its invoker.
 *
 * <p>Every operation becomes a {@link Walk} here, once for all platforms.
 */
public final class ReconciledEndpointPlatform extends ReconciledPlatform<Endpoint>
    implements EndpointPlatform {
  private final EndpointMapper mapper;

  /**
   * Makes a platform.
   *
   * @param reconciler what walks; closed with the platform
   * @param mapper from values to resources
   * @param invoker what asks models
   * @param onClose what closes the provider's clients, called once, after the reconciler has stopped
   */
  public ReconciledEndpointPlatform(
      Reconciler reconciler, EndpointMapper mapper, Invoker<Endpoint> invoker, Runnable onClose) {
    super(reconciler, mapper.options(), invoker, onClose);
    this.mapper = mapper;
  }

  private ReconciledEndpointPlatform(ReconciledEndpointPlatform real, Preview preview) {
    super(real, preview);
    this.mapper = real.mapper;
  }

  @Override
  public Operation<Container> packageModel(
      ModelArtifact artifact, RuntimeSpec runtime, Dependencies dependencies) {
    return run(packageWalk(new Container(artifact, runtime, dependencies)));
  }

  @Override
  public Operation<Endpoint> deploy(Container container, Scaling scaling, Routing routing) {
    return run(deployWalk(new Endpoint(container, scaling, routing)));
  }

  @Override
  public Operation<Endpoint> scale(Endpoint endpoint, Scaling scaling) {
    return run(scaleWalk(endpoint.withScaling(scaling)));
  }

  @Override
  public Operation<Version> route(Version stable, Version candidate, TrafficWeight weight) {
    return run(routeWalk(stable, candidate, weight));
  }

  @Override
  public Operation<Endpoint> undeploy(Endpoint endpoint) {
    return run(undeployWalk(endpoint));
  }

  // ---- from operations to walks ----

  private Walk<Container> packageWalk(Container container) {
    checkOptions(container);
    Mapping mapping = mapper.container(ownOptionsOnly(container));
    String subject = describe(container.artifact());
    return new Walk<>("package", subject, subject, mapping.resources(), container, mapping.lossy());
  }

  private Walk<Endpoint> deployWalk(Endpoint endpoint) {
    Mapping mapping = mapping(endpoint);
    String variant = endpoint.routing().variant();
    List<Resource<?>> resources = new ArrayList<>(mapping.resources());
    resources.add(Resource.adjusted(
        mapper.traffic(),
        endpoint.name(),
        now -> now.filter(traffic -> !traffic.weights().isEmpty())
            .orElseGet(() -> Traffic.allTo(variant))));
    return walk("deploy", endpoint, resources, mapping.lossy());
  }

  private Walk<Endpoint> scaleWalk(Endpoint endpoint) {
    Mapping mapping = mapping(endpoint);
    List<Resource<?>> resources = new ArrayList<>();
    resources.add(variantOf(mapping).to(Goal.REQUIRED));
    resources.addAll(mapping.resources());
    return walk("scale", endpoint, resources, mapping.lossy());
  }

  private Walk<Version> routeWalk(Version stable, Version candidate, TrafficWeight weight) {
    Routing from = stable.endpoint().routing();
    Routing to = candidate.endpoint().routing();
    Problems.in("route")
        .check(
            from.name().equals(to.name()),
            "candidate.endpoint.routing.name",
            "must be the stable version's, \"" + from.name() + '"',
            to.name())
        .check(
            !from.variant().equals(to.variant()),
            "candidate.endpoint.routing.variant",
            "must not be the stable version's",
            to.variant())
        .throwIfAny();
    Resource<?> stableVariant = variantOf(mapping(stable.endpoint())).to(Goal.REQUIRED);
    Resource<?> candidateVariant = variantOf(mapping(candidate.endpoint())).to(Goal.REQUIRED);
    Resource<Traffic> traffic = Resource.adjusted(
        mapper.traffic(),
        from.name(),
        now -> now.orElse(Traffic.NONE).split(from.variant(), to.variant(), weight.percent()));
    return new Walk<>(
        "route",
        to.path() + " to " + weight.percent() + "%",
        from.name(),
        List.of(stableVariant, candidateVariant, traffic),
        candidate.endpoint().at(weight),
        List.of());
  }

  private Walk<Endpoint> undeployWalk(Endpoint endpoint) {
    Mapping mapping = mapping(endpoint);
    List<Resource<?>> resources = new ArrayList<>();
    resources.add(
        Resource.adjusted(mapper.traffic(), endpoint.name(), now -> trafficWithout(endpoint, now))
            .to(Goal.ADJUSTED_IF_PRESENT));
    resources.addAll(goingAway(mapping));
    return walk("undeploy", endpoint, resources, List.of());
  }

  @Override
  List<Resource<?>> beforeAllGoes(String name) {
    return List.of(Resource.adjusted(mapper.traffic(), name, now -> Traffic.NONE)
        .to(Goal.ADJUSTED_IF_PRESENT));
  }

  private Traffic trafficWithout(Endpoint endpoint, Optional<Traffic> now) {
    Traffic traffic = now.orElse(Traffic.NONE);
    String variant = endpoint.routing().variant();
    if (!traffic.canSpare(variant) && othersAreServed(endpoint)) {
      throw ServingException.builder(
              id(),
              ErrorKind.CONFLICT,
              endpoint.routing().path() + " has all requests to " + endpoint.name()
                  + ", which other variants would not "
                  + "answer: route its requests to another variant first, or undeploy the others first")
          .retryable(false)
          .build();
    }
    return traffic.without(variant);
  }

  private boolean othersAreServed(Endpoint endpoint) {
    Preview earlier = earlier();
    Stream<ResourceRef> there = reconciler.inventory().entries().stream()
        .filter(entry -> entry.root() && entry.status() == Observed.Status.READY)
        .map(Listed::ref)
        .filter(ref -> !earlier.isGone(ref));
    return Stream.concat(there, earlier.plannedVariants().stream())
        .map(ResourceRef::name)
        .anyMatch(name -> name.startsWith(endpoint.name() + "/")
            && !name.equals(endpoint.routing().path()));
  }

  private Walk<Endpoint> walk(
      String verb, Endpoint endpoint, List<Resource<?>> resources, List<String> lossy) {
    return new Walk<>(verb, endpoint.routing().path(), endpoint.name(), resources, endpoint, lossy);
  }

  /** {@return the resources of an endpoint, its container's first} */
  private Mapping mapping(Endpoint endpoint) {
    checkOptions(endpoint);
    Endpoint own = ownOptionsOnly(endpoint);
    Mapping container = mapper.container(own.container());
    Mapping beyond = mapper.endpoint(own);
    return new Mapping(
        Stream.concat(container.resources().stream(), beyond.resources().stream())
            .toList(),
        Stream.concat(container.lossy().stream(), beyond.lossy().stream()).toList());
  }

  private static Resource<?> variantOf(Mapping mapping) {
    return mapping.resources().stream()
        .filter(resource -> resource.role() == Role.VARIANT)
        .findFirst()
        .orElseThrow(() ->
            new IllegalStateException("the mapper has no resource with the role of a variant"));
  }

  private Endpoint ownOptionsOnly(Endpoint endpoint) {
    Scaling scaling = endpoint.scaling();
    Routing routing = endpoint.routing();
    return new Endpoint(
        ownOptionsOnly(endpoint.container()),
        new Scaling(
            scaling.instanceType(),
            scaling.count(),
            scaling.min(),
            scaling.max(),
            own(scaling.options())),
        new Routing(routing.name(), routing.variant(), own(routing.options())));
  }

  private Container ownOptionsOnly(Container container) {
    Dependencies dependencies = container.dependencies();
    return new Container(
        ownOptionsOnly(container.artifact()),
        new RuntimeSpec(container.runtime().image(), own(container.runtime().options())),
        new Dependencies(
            dependencies.environment(), dependencies.packages(), own(dependencies.options())));
  }

  private void checkOptions(Endpoint endpoint) {
    checkOptions(endpoint.container());
    checkOptions("Scaling", endpoint.scaling().options());
    checkOptions("Routing", endpoint.routing().options());
  }

  private void checkOptions(Container container) {
    checkOptions(container.artifact());
    checkOptions("RuntimeSpec", container.runtime().options());
    checkOptions("Dependencies", container.dependencies().options());
  }

  private static String describe(ModelArtifact artifact) {
    Optional<String> name = artifact.metadata().name();
    if (name.isPresent()) {
      return name.get();
    }
    // Without a query, where signed URLs carry their signature.
    String whole = artifact.weights().getSchemeSpecificPart();
    int query = whole.indexOf('?');
    String path = query < 0 ? whole : whole.substring(0, query);
    String last = path.substring(path.lastIndexOf('/') + 1);
    return last.isEmpty() ? artifact.weights().getScheme() : last;
  }

  // ---- reading ----

  @Override
  public Plan preview(Function<? super EndpointPlatform, ? extends Operation<?>> change) {
    return plan(preview -> change.apply(new ReconciledEndpointPlatform(this, preview)));
  }

  @Override
  public List<Deployment> list() {
    Map<String, Traffic> trafficByName = new HashMap<>();
    List<Deployment> deployments = new ArrayList<>();
    for (Listed entry : roots().toList()) {
      int slash = entry.ref().name().indexOf('/');
      if (slash > 0) {
        String name = entry.ref().name().substring(0, slash);
        String variant = entry.ref().name().substring(slash + 1);
        Traffic traffic = trafficByName.computeIfAbsent(
            name,
            key ->
                reconciler.reading(() -> mapper.traffic().read(key).value().orElse(Traffic.NONE)));
        deployments.add(new Deployment(
            name,
            Optional.of(variant),
            state(entry),
            new TrafficWeight(traffic.of(variant)),
            entry.detail()));
      }
    }
    deployments.sort(Comparator.comparing(Deployment::name)
        .thenComparing(one -> one.variant().orElse("")));
    return List.copyOf(deployments);
  }

  @Override
  public String toString() {
    return "EndpointPlatform[" + id() + "]";
  }
}
