package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.Version;
import io.fairlead.operation.Operation;
import io.fairlead.operation.OperationId;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Belonging;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.reconcile.EndpointMapper.Mapping;
import io.fairlead.reconcile.Resource.Goal;
import io.fairlead.reconcile.Resource.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * An endpoint platform made of a provider's parts: its mapper, its kinds of resources and its invoker.
 *
 * <p>Every operation becomes a {@link Walk} here, once for all platforms.
 */
public final class ReconciledEndpointPlatform implements EndpointPlatform {
  private final Reconciler reconciler;
  private final EndpointMapper mapper;
  private final Invoker invoker;
  private final Runnable onClose;
  private final AtomicBoolean closing = new AtomicBoolean();

  /**
   * Makes a platform.
   *
   * @param reconciler what walks; closed with the platform
   * @param mapper from values to resources
   * @param invoker what asks models
   * @param onClose what closes the provider's clients, called once, after the reconciler has stopped
   */
  public ReconciledEndpointPlatform(
      Reconciler reconciler, EndpointMapper mapper, Invoker invoker, Runnable onClose) {
    this.reconciler = requireNonNull(reconciler, "reconciler");
    this.mapper = requireNonNull(mapper, "mapper");
    this.invoker = requireNonNull(invoker, "invoker");
    this.onClose = requireNonNull(onClose, "onClose");
  }

  @Override
  public String id() {
    return reconciler.platform();
  }

  @Override
  public Operation<Container> packageModel(
      ModelArtifact artifact, RuntimeSpec runtime, Dependencies dependencies) {
    return reconciler.run(packageWalk(new Container(artifact, runtime, dependencies)));
  }

  @Override
  public Operation<Endpoint> deploy(Container container, Scaling scaling, Routing routing) {
    return reconciler.run(deployWalk(new Endpoint(container, scaling, routing)));
  }

  @Override
  public Operation<Endpoint> scale(Endpoint endpoint, Scaling scaling) {
    return reconciler.run(scaleWalk(endpoint.withScaling(scaling)));
  }

  @Override
  public Operation<Version> route(Version stable, Version candidate, TrafficWeight weight) {
    return reconciler.run(routeWalk(stable, candidate, weight));
  }

  @Override
  public Operation<Endpoint> undeploy(Endpoint endpoint) {
    return reconciler.run(undeployWalk(endpoint, new Preview()));
  }

  @Override
  public Operation<List<Belonging>> undeployAll(String name) {
    return reconciler.run(undeployAllWalk(name));
  }

  @Override
  public Response invoke(Endpoint endpoint, Request request) {
    checkOptions("Request", request.options());
    checkOpen("invoke " + endpoint.name());
    return invoker.invoke(endpoint, request);
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

  private Walk<Endpoint> undeployWalk(Endpoint endpoint, Preview earlier) {
    Mapping mapping = mapping(endpoint);
    List<Resource<?>> resources = new ArrayList<>();
    resources.add(Resource.adjusted(
            mapper.traffic(), endpoint.name(), now -> trafficWithout(endpoint, now, earlier))
        .to(Goal.ADJUSTED_IF_PRESENT));
    List<Resource<?>> made = new ArrayList<>(mapping.resources());
    Collections.reverse(made);
    for (Resource<?> resource : made) {
      resources.add(
          resource.to(resource.role() == Role.SHARED ? Goal.ABSENT_IF_UNUSED : Goal.ABSENT));
    }
    return walk("undeploy", endpoint, resources, List.of());
  }

  private Walk<List<Belonging>> undeployAllWalk(String name) {
    // The rule for names is the grammar's.
    String checked = new Routing(name, "any").name();
    return new Walk<>("undeploy", checked, checked, () -> everythingUnder(checked), List.of());
  }

  private Walk.Content<List<Belonging>> everythingUnder(String name) {
    List<Listed> found = reconciler.inventory().under(name);
    List<Resource<?>> resources = new ArrayList<>();
    resources.add(Resource.adjusted(mapper.traffic(), name, now -> Traffic.NONE)
        .to(Goal.ADJUSTED_IF_PRESENT));
    found.forEach(entry ->
        resources.add(toBeGone(entry, entry.root() ? Goal.ABSENT : Goal.ABSENT_IF_UNUSED)));
    return new Walk.Content<>(resources, deleted -> belongings(found, deleted));
  }

  private Walk<List<Belonging>> sweepWalk(Duration minimumAge) {
    Problems.in("sweep")
        .check(!minimumAge.isNegative(), "minimumAge", "must not be negative", minimumAge)
        .throwIfAny();
    return new Walk<>("sweep", "orphans", "", () -> orphansOf(minimumAge), List.of());
  }

  private Walk.Content<List<Belonging>> orphansOf(Duration minimumAge) {
    Instant now = reconciler.time().now();
    List<Listed> old = reconciler.inventory().orphans().stream()
        .filter(entry -> Duration.between(entry.createdAt(), now).compareTo(minimumAge) >= 0)
        .toList();
    List<Resource<?>> resources = new ArrayList<>();
    old.forEach(entry -> resources.add(toBeGone(entry, Goal.ABSENT_IF_ORPHAN)));
    return new Walk.Content<>(resources, deleted -> belongings(old, deleted));
  }

  private static List<Belonging> belongings(List<Listed> entries, Set<ResourceRef> deleted) {
    return entries.stream()
        .filter(entry -> deleted.contains(entry.ref()))
        .map(entry -> belonging(entry, true))
        .toList();
  }

  private Traffic trafficWithout(Endpoint endpoint, Optional<Traffic> now, Preview earlier) {
    Traffic traffic = now.orElse(Traffic.NONE);
    String variant = endpoint.routing().variant();
    if (!traffic.canSpare(variant) && othersAreServed(endpoint, earlier)) {
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

  private boolean othersAreServed(Endpoint endpoint, Preview earlier) {
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

  /** What other platforms know makes no difference here, not even to a fingerprint. */
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
    ModelArtifact artifact = container.artifact();
    ModelMetadata metadata = artifact.metadata();
    Dependencies dependencies = container.dependencies();
    return new Container(
        artifact.withMetadata(new ModelMetadata(
            metadata.name(),
            metadata.framework(),
            metadata.version(),
            metadata.labels(),
            own(metadata.options()))),
        new RuntimeSpec(container.runtime().image(), own(container.runtime().options())),
        new Dependencies(
            dependencies.environment(), dependencies.packages(), own(dependencies.options())));
  }

  private Options own(Options options) {
    return new Options(options.forPlatform(id()));
  }

  private void checkOptions(Endpoint endpoint) {
    checkOptions(endpoint.container());
    checkOptions("Scaling", endpoint.scaling().options());
    checkOptions("Routing", endpoint.routing().options());
  }

  private void checkOptions(Container container) {
    checkOptions("ModelMetadata", container.artifact().metadata().options());
    checkOptions("RuntimeSpec", container.runtime().options());
    checkOptions("Dependencies", container.dependencies().options());
  }

  private void checkOptions(String subject, Options options) {
    Problems problems = Problems.in(subject);
    for (PlatformOptions option : options.forPlatform(id())) {
      problems.check(
          mapper.options().contains(option.getClass()),
          "options",
          "must be of a type that platform '" + id() + "' knows",
          option.getClass().getSimpleName());
    }
    problems.throwIfAny();
  }

  private static String describe(ModelArtifact artifact) {
    String name = artifact.metadata().name();
    if (!name.isEmpty()) {
      return name;
    }
    // Without a query, where signed URLs carry their signature.
    String whole = artifact.weights().getSchemeSpecificPart();
    int query = whole.indexOf('?');
    String path = query < 0 ? whole : whole.substring(0, query);
    String last = path.substring(path.lastIndexOf('/') + 1);
    return last.isEmpty() ? artifact.weights().getScheme() : last;
  }

  // ---- reading ----

  private Inventory readInventory() {
    checkOpen("list what is there");
    return reconciler.reading(reconciler::inventory);
  }

  private void checkOpen(String what) {
    if (reconciler.isClosed()) {
      throw new ServingException(
          id(),
          ErrorKind.CANCELLED,
          "Platform '" + id() + "' is closed: open it again to " + what + ".");
    }
  }

  @Override
  public Plan preview(Function<? super EndpointPlatform, ? extends Operation<?>> change) {
    checkOpen("preview");
    Preview preview = new Preview();
    requireNonNull(
        change.apply(new PreviewPlatform(this, preview)), "change must return an operation");
    return preview.plan();
  }

  @Override
  public List<Deployment> list() {
    Map<String, Traffic> trafficByName = new HashMap<>();
    List<Deployment> deployments = new ArrayList<>();
    for (Listed entry : readInventory().entries()) {
      if (entry.root() && entry.ref().name().indexOf('/') > 0) {
        int slash = entry.ref().name().indexOf('/');
        String name = entry.ref().name().substring(0, slash);
        String variant = entry.ref().name().substring(slash + 1);
        Traffic traffic = trafficByName.computeIfAbsent(
            name,
            key ->
                reconciler.reading(() -> mapper.traffic().read(key).value().orElse(Traffic.NONE)));
        deployments.add(new Deployment(
            name,
            variant,
            state(entry.status()),
            new TrafficWeight(traffic.of(variant)),
            entry.detail()));
      }
    }
    deployments.sort(Comparator.comparing(Deployment::name).thenComparing(Deployment::variant));
    return List.copyOf(deployments);
  }

  private static Deployment.State state(Observed.Status status) {
    return switch (status) {
      case READY -> Deployment.State.READY;
      case FAILED -> Deployment.State.FAILED;
      case CHANGING, DELETING, ABSENT -> Deployment.State.CHANGING;
    };
  }

  @Override
  public List<Belonging> inventory() {
    Inventory inventory = readInventory();
    Set<Listed> orphans = new HashSet<>(inventory.orphans());
    return inventory.entries().stream()
        .map(entry -> belonging(entry, orphans.contains(entry)))
        .toList();
  }

  @Override
  public Operation<List<Belonging>> sweep(Duration minimumAge) {
    return reconciler.run(sweepWalk(minimumAge));
  }

  private Resource<?> toBeGone(Listed entry, Goal goal) {
    ResourceKind<?> kind = reconciler.kinds().stream()
        .filter(candidate -> candidate.name().equals(entry.ref().kind()))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(
            "no kind of resource is called " + entry.ref().kind()));
    return Resource.none(kind, entry.ref().name()).to(goal);
  }

  private static Belonging belonging(Listed entry, boolean orphan) {
    return new Belonging(
        entry.ref().kind(), entry.ref().name(), entry.deployment(), entry.createdAt(), orphan);
  }

  @Override
  public void close() {
    if (closing.compareAndSet(false, true)) {
      try {
        reconciler.close();
      } finally {
        onClose.run();
      }
    }
  }

  @Override
  public String toString() {
    return "EndpointPlatform[" + id() + "]";
  }

  // ---- previewing ----

  /** The same walks, read only. */
  private record PreviewPlatform(ReconciledEndpointPlatform real, Preview preview)
      implements EndpointPlatform {
    private <R> Operation<R> plan(Walk<R> walk) {
      Run<R> run =
          new Run<>(new OperationId(real.id(), "preview"), walk.title(), real.reconciler.time());
      real.reconciler.preview(walk, preview, run);
      run.complete();
      return run;
    }

    @Override
    public Operation<Container> packageModel(
        ModelArtifact artifact, RuntimeSpec runtime, Dependencies dependencies) {
      return plan(real.packageWalk(new Container(artifact, runtime, dependencies)));
    }

    @Override
    public Operation<Endpoint> deploy(Container container, Scaling scaling, Routing routing) {
      return plan(real.deployWalk(new Endpoint(container, scaling, routing)));
    }

    @Override
    public Operation<Endpoint> scale(Endpoint endpoint, Scaling scaling) {
      return plan(real.scaleWalk(endpoint.withScaling(scaling)));
    }

    @Override
    public Operation<Version> route(Version stable, Version candidate, TrafficWeight weight) {
      return plan(real.routeWalk(stable, candidate, weight));
    }

    @Override
    public Operation<Endpoint> undeploy(Endpoint endpoint) {
      return plan(real.undeployWalk(endpoint, preview));
    }

    @Override
    public Operation<List<Belonging>> undeployAll(String name) {
      return plan(real.undeployAllWalk(name));
    }

    @Override
    public String id() {
      return real.id();
    }

    @Override
    public Response invoke(Endpoint served, Request request) {
      throw new UnsupportedOperationException(
          "a preview changes and asks nothing: invoke on the platform itself");
    }

    @Override
    public List<Deployment> list() {
      return real.list();
    }

    @Override
    public Plan preview(Function<? super EndpointPlatform, ? extends Operation<?>> change) {
      return real.preview(change);
    }

    @Override
    public List<Belonging> inventory() {
      return real.inventory();
    }

    @Override
    public Operation<List<Belonging>> sweep(Duration minimumAge) {
      return plan(real.sweepWalk(minimumAge));
    }

    @Override
    public void close() {}
  }
}
