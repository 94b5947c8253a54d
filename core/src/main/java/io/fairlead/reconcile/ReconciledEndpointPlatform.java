package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

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
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.provider.LocalModel;
import io.fairlead.reconcile.EndpointCompletion.Completed;
import io.fairlead.reconcile.ReconcileRequest.Content;
import io.fairlead.reconcile.ReconcileRequest.Guard;
import io.fairlead.reconcile.ReconcileRequest.Preparation;
import io.fairlead.reconcile.Resource.Goal;
import io.fairlead.reconcile.Resource.Role;
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Rollout;
import io.fairlead.rollout.RolloutStep;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint platform that is assembled from a provider's mapper, kinds of resources and invoker.
 *
 * <p>Every operation becomes a reconcile request here, once for all platforms.
 */
public final class ReconciledEndpointPlatform extends ReconciledPlatform<Endpoint>
    implements EndpointPlatform {
  private final EndpointMapper mapper;
  private final EndpointCompletion completion;
  private final @Nullable Rollouts rollouts;

  /**
   * Creates a platform.
   *
   * @param reconciler the reconciler, with a traffic setting; closed with the platform
   * @param mapper the mapper from values to resources
   * @param invoker invokes models
   * @param onClose closes the provider's clients, called once, after the reconciler has stopped
   */
  public ReconciledEndpointPlatform(
      Reconciler reconciler, EndpointMapper mapper, Invoker<Endpoint> invoker, Runnable onClose) {
    this(reconciler, mapper, EndpointCompletion.NONE, invoker, onClose);
  }

  /**
   * Creates a platform that knows more than values say.
   *
   * @param completion completes values before they are mapped
   */
  public ReconciledEndpointPlatform(
      Reconciler reconciler,
      EndpointMapper mapper,
      EndpointCompletion completion,
      Invoker<Endpoint> invoker,
      Runnable onClose) {
    super(reconciler, mapper.options(), invoker, onClose);
    this.mapper = mapper;
    this.completion = requireNonNull(completion, "completion");
    this.rollouts = new Rollouts(id(), reconciler.time(), new RolloutGround());
    reconciler.traffic();
    reconciler.kind(RolledBack.KIND);
  }

  private ReconciledEndpointPlatform(ReconciledEndpointPlatform real, Preview preview) {
    super(real, preview);
    this.mapper = real.mapper;
    this.completion = real.completion;
    this.rollouts = null;
  }

  @Override
  public Operation<Container> packageModel(
      ModelArtifact artifact, RuntimeSpec runtime, Dependencies dependencies) {
    Container container = new Container(artifact, runtime, dependencies);
    checkOptions(container);
    String subject = describe(artifact);
    return run(ReconcileRequest.of("package", subject, subject, prepared(container))
        .hiding(secrets(dependencies)));
  }

  private Content<Container> packaging(Container container) {
    Mapping mapping = mapper.container(ownOptionsOnly(container));
    return Content.of(mapping.resources(), mapping.warnings(), container);
  }

  @Override
  public Operation<Endpoint> deploy(Container container, Scaling scaling, Routing routing) {
    Endpoint endpoint = new Endpoint(container, scaling, routing);
    checkOptions(endpoint);
    return run(request("deploy", endpoint, prepared(endpoint, this::deploying)));
  }

  private Content<Endpoint> deploying(Endpoint endpoint) {
    Mapping mapping = mapper.endpoint(ownOptionsOnly(endpoint));
    List<Resource<?>> resources = new ArrayList<>(mapping.resources());
    resources.add(Resource.setting(
        TrafficSetting.KIND,
        endpoint.name(),
        new TrafficChange.AllToFirst(endpoint.routing().variant())));
    return Content.of(resources, mapping.warnings(), endpoint);
  }

  @Override
  public Operation<Endpoint> scale(Endpoint endpoint, Scaling scaling) {
    Endpoint scaled = endpoint.withScaling(scaling);
    checkOptions(scaled);
    return run(request("scale", endpoint, prepared(scaled, this::scaling)));
  }

  private Content<Endpoint> scaling(Endpoint endpoint) {
    Mapping mapping = mapper.endpoint(ownOptionsOnly(endpoint));
    List<Resource<?>> resources = new ArrayList<>();
    resources.add(requiredVariant(endpoint));
    resources.addAll(mapping.resources());
    return Content.of(resources, mapping.warnings(), endpoint);
  }

  @Override
  public Operation<Version> route(Version stable, Version candidate, TrafficWeight weight) {
    Endpoint from = stable.endpoint();
    Endpoint to = candidate.endpoint();
    checkVersions("candidate.endpoint.routing", from, to, Problems.in("route"));
    return run(routing(
        List.of(requiredVariant(from), requiredVariant(to)),
        to.at(weight),
        new TrafficChange.Split(from.routing().variant(), to.routing().variant(), weight.percent()),
        Guard.NONE));
  }

  private static ReconcileRequest<Version> routing(
      List<Resource<?>> required, Version candidate, Desired<Traffic> change, Guard guard) {
    Routing to = candidate.endpoint().routing();
    List<Resource<?>> resources = new ArrayList<>(required);
    resources.add(Resource.setting(TrafficSetting.KIND, to.name(), change));
    Content<Version> content = Content.of(resources, List.of(), candidate).guardedBy(guard);
    String subject = to.path() + " to " + candidate.weight().percent() + "%";
    return ReconcileRequest.of("route", subject, to.name(), preparing -> content);
  }

  /** Checks that two endpoints are different versions of one name. */
  private void checkVersions(String field, Endpoint stable, Endpoint candidate, Problems problems) {
    Routing from = stable.routing();
    Routing to = candidate.routing();
    problems
        .check(
            from.name().equals(to.name()),
            field + ".name",
            "must be the stable version's, \"" + from.name() + '"',
            to.name())
        .check(
            !from.variant().equals(to.variant()),
            field + ".variant",
            "must not be the stable version's",
            to.variant())
        .throwIfAny();
    checkOptions(stable);
    checkOptions(candidate);
  }

  // ---- rolling out ----

  @Override
  public Operation<Version> rollOut(
      Endpoint stable, Endpoint candidate, Rollout rollout, Evidence evidence) {
    requireNonNull(evidence, "evidence");
    checkVersions(
        "candidate.routing",
        stable,
        candidate,
        Problems.in("rollOut")
            .check(!rollout.steps().isEmpty(), "rollout.steps", "must be one or more", rollout));
    return rollouts == null
        ? planned(stable, candidate, rollout)
        : rollouts.start(stable, candidate, rollout, evidence);
  }

  /** Plans the steps that are left, or that the rollout is refused. */
  private Operation<Version> planned(Endpoint stable, Endpoint candidate, Rollout rollout) {
    RolloutGround ground = new RolloutGround();
    int now = 0;
    Guard guard = Guard.NONE;
    try {
      Rollouts.Standing standing = ground.standing(stable, candidate);
      now = standing.weight().orElse(0);
      RolledBack.State state = standing
          .version()
          .map(version -> ground.rolledBack(candidate, version))
          .orElse(RolledBack.State.NONE);
      Optional<String> refusal = Rollouts.refusal(rollout, candidate, standing, state);
      guard = (resource, actual, inventory) -> refusal;
    } catch (ServingException e) {
      // The plan says why it cannot be read.
    }
    RolloutStep last = rollout.steps().get(rollout.steps().size() - 1);
    for (RolloutStep step : rollout.steps()) {
      if (step.weight().percent() > now && !step.equals(last)) {
        Operation<Version> unused = planned(stable, candidate, step, guard);
      }
    }
    return planned(stable, candidate, last, guard);
  }

  private Operation<Version> planned(
      Endpoint stable, Endpoint candidate, RolloutStep step, Guard guard) {
    return run(routing(
        List.of(requiredVariant(stable), requiredVariant(candidate)),
        candidate.at(step.weight()),
        new TrafficChange.Split(
            stable.routing().variant(),
            candidate.routing().variant(),
            step.weight().percent()),
        guard));
  }

  /** What rollouts read and change, by this platform's own operations. */
  private final class RolloutGround implements Rollouts.Ground {
    @Override
    public Operation<?> settle(Endpoint stable, Endpoint candidate) {
      return settled(candidate, List.of(requiredVariant(stable), requiredVariant(candidate)));
    }

    @Override
    public Operation<?> settleTraffic(Endpoint candidate) {
      return settled(candidate, List.of());
    }

    private Operation<?> settled(Endpoint candidate, List<Resource<?>> required) {
      List<Resource<?>> resources = new ArrayList<>(required);
      resources.add(
          Resource.setting(TrafficSetting.KIND, candidate.name(), new TrafficChange.None())
              .onlyIfPresent());
      Content<Endpoint> content = Content.of(resources, List.of(), candidate);
      return run(ReconcileRequest.of(
          "settle", candidate.routing().path(), candidate.name(), preparing -> content));
    }

    @Override
    public Rollouts.Standing standing(Endpoint stable, Endpoint candidate) {
      String name = candidate.name();
      String variant = candidate.routing().variant();
      return reading("the traffic of " + name, READ_LIMIT, (actual, look) -> {
        checkDeployed(stable, actual);
        Observed<?> there = checkDeployed(candidate, actual);
        // Who created what is not ready cannot be read everywhere.
        boolean isKnown = there.run().isPresent() || there.status() == Observed.Status.READY;
        Optional<Traffic> traffic = reconciler.traffic().read(name, look).value();
        return new Rollouts.Standing(
            isKnown ? Optional.of(RolledBack.version(variant, there.run())) : Optional.empty(),
            traffic.map(split -> split.of(variant)),
            traffic
                .map(split -> split.ofOthersThan(stable.routing().variant(), variant))
                .orElse(0));
      });
    }

    private Observed<?> checkDeployed(Endpoint endpoint, ActualState actual) {
      String path = endpoint.routing().path();
      Observed<?> variant = actual.of(mapper.variantKind(ownOptionsOnly(endpoint)), path);
      if (!isOurs(variant)) {
        throw new ServingException(
            id(), ErrorKind.NOT_FOUND, path + " is not deployed: deploy it first");
      }
      return variant;
    }

    @Override
    public RolledBack.State rolledBack(Endpoint candidate, String version) {
      String name = candidate.name();
      return reading(
          "the rollouts of " + name,
          READ_LIMIT,
          (actual, look) ->
              actual.of(RolledBack.KIND, name).value().orElse(RolledBack.NONE).of(version));
    }

    @Override
    public Operation<?> move(
        Endpoint stable, Endpoint candidate, Set<Integer> expected, int percent) {
      return run(routing(
          List.of(requiredVariant(stable), requiredVariant(candidate)),
          candidate.at(TrafficWeight.percent(percent)),
          change(stable, candidate, expected, percent),
          Guard.NONE));
    }

    @Override
    public Operation<?> moveBack(
        Endpoint stable, Endpoint candidate, Set<Integer> expected, int percent) {
      return reconciler.runAtOnce(routing(
          List.of(),
          candidate.at(TrafficWeight.percent(percent)),
          change(stable, candidate, expected, percent),
          Guard.NONE));
    }

    private static TrafficChange.Move change(
        Endpoint stable, Endpoint candidate, Set<Integer> expected, int percent) {
      return new TrafficChange.Move(
          stable.routing().variant(), candidate.routing().variant(), expected, percent);
    }

    @Override
    public Operation<?> mark(Endpoint candidate, Desired<RolledBack> note) {
      Content<Endpoint> content = Content.of(
          List.of(Resource.setting(RolledBack.KIND, candidate.name(), note)), List.of(), candidate);
      return reconciler.runAtOnce(ReconcileRequest.of(
          "mark", candidate.routing().path(), candidate.name(), preparing -> content));
    }
  }

  @Override
  void closeOperations() {
    if (rollouts != null) {
      rollouts.close();
    }
  }

  private Resource<?> requiredVariant(Endpoint endpoint) {
    return variant(endpoint, Goal.REQUIRED);
  }

  private Resource<?> variant(Endpoint endpoint, Goal goal) {
    return new Resource<>(
        mapper.variantKind(ownOptionsOnly(endpoint)),
        endpoint.routing().path(),
        Role.VARIANT,
        goal,
        Optional.empty());
  }

  @Override
  public Operation<Endpoint> undeploy(Endpoint endpoint) {
    checkOptions(endpoint);
    Endpoint own = ownOptionsOnly(endpoint);
    // The upload is named by the files' hash, which is not computed here, nor is a value completed;
    // the variant lists what it uses.
    boolean isKnown =
        mapper.localModels(own.container()).isEmpty() && !completion.isNeeded(endpoint);
    List<Resource<?>> value =
        isKnown ? mapper.endpoint(own).resources() : List.of(variant(endpoint, Goal.ABSENT));
    return run(request(
        "undeploy", endpoint, preparing -> removing(endpoint, value, preparing.inventory())));
  }

  private Content<Endpoint> removing(
      Endpoint endpoint, List<Resource<?>> value, Inventory inventory) {
    String path = endpoint.routing().path();
    List<Resource<?>> resources = new ArrayList<>();
    resources.add(Resource.setting(
            TrafficSetting.KIND,
            endpoint.name(),
            new TrafficChange.Without(endpoint.routing().variant()))
        .onlyIfPresent());
    resources.addAll(removal(inventory.ofVariant(endpoint.name(), path), value));
    return Content.of(resources, List.of(), endpoint)
        .guardedBy(this::refusalIfOthersWouldNotAnswer);
  }

  @Override
  List<Resource<?>> beforeUndeployAll(String name) {
    return List.of(
        Resource.setting(TrafficSetting.KIND, name, new TrafficChange.Nothing()).onlyIfPresent());
  }

  private Optional<String> refusalIfOthersWouldNotAnswer(
      Resource<?> resource, Optional<?> actual, Supplier<Inventory> inventory) {
    Desired<?> desired = resource.desired().orElse(null);
    Object now = actual.isPresent() ? actual.get() : Traffic.NONE;
    if (!(desired instanceof TrafficChange.Without without)
        || !(now instanceof Traffic traffic)
        || traffic.canSpare(without.variant())) {
      return Optional.empty();
    }
    String path = resource.name() + "/" + without.variant();
    return hasOtherVariants(resource.name(), path, inventory.get())
        ? Optional.of(path + " has all requests to " + resource.name()
            + ", and no other variant would answer them: route its requests to another variant first, "
            + "or undeploy the others first")
        : Optional.empty();
  }

  private boolean hasOtherVariants(String name, String path, Inventory inventory) {
    Preview earlier = earlier();
    Stream<ResourceRef> there = inventory.entries().stream()
        .filter(entry -> entry.root() && entry.status() == Observed.Status.READY)
        .map(Listed::ref)
        .filter(ref -> !earlier.isGone(ref));
    return Stream.concat(there, earlier.plannedVariants().stream())
        .map(ResourceRef::name)
        .anyMatch(other -> other.startsWith(name + "/") && !other.equals(path));
  }

  /** A platform that refuses a value may quote it. */
  private static Collection<String> secrets(Dependencies dependencies) {
    return dependencies.environment().values();
  }

  private static <R> ReconcileRequest<R> request(
      String verb, Endpoint endpoint, Preparation<R> content) {
    return ReconcileRequest.of(verb, endpoint.routing().path(), endpoint.name(), content)
        .hiding(secrets(endpoint.container().dependencies()));
  }

  // ---- what is read before a value is mapped ----

  private Preparation<Container> prepared(Container container) {
    if (!completion.isNeeded(container)) {
      return uploading(container, this::packaging);
    }
    requireNonNull(packaging(completion.assumed(container)), "content");
    return preparing -> {
      Completed<Container> completed = completion.complete(container);
      return packaging(completed.value()).alsoWarning(completed.warnings());
    };
  }

  /** {@return the preparation of an operation on an endpoint, whose given values are checked now} */
  private Preparation<Endpoint> prepared(
      Endpoint endpoint, Function<Endpoint, Content<Endpoint>> content) {
    if (!completion.isNeeded(endpoint)) {
      return uploading(
          endpoint.container(),
          uploaded ->
              content.apply(new Endpoint(uploaded, endpoint.scaling(), endpoint.routing())));
    }
    requireNonNull(content.apply(completion.assumed(endpoint)), "content");
    return preparing -> {
      Completed<Endpoint> completed = completion.complete(endpoint, deployed(endpoint.routing()));
      return content.apply(completed.value()).alsoWarning(completed.warnings());
    };
  }

  private Optional<Endpoint> deployed(Routing routing) {
    Found<Endpoint> found =
        mapper.read(new Routing(routing.name(), routing.variant()), actual(new Look()));
    return isOurs(found.variant()) ? found.value() : Optional.empty();
  }

  /**
   * {@return the preparation of an operation on a container, which hashes its local models}
   *
   * <p>Values are checked now, as if everything had been uploaded.
   */
  private <R> Preparation<R> uploading(
      Container container, Function<Container, Content<R>> content) {
    List<LocalModel.Source> sources = mapper.localModels(ownOptionsOnly(container));
    if (sources.isEmpty()) {
      Content<R> known = content.apply(container);
      return preparing -> known;
    }
    List<String> placeholders = Collections.nCopies(sources.size(), "0".repeat(64));
    requireNonNull(content.apply(mapper.uploaded(container, placeholders)), "content");
    return preparing -> {
      List<LocalModel> models = new ArrayList<>();
      sources.forEach(source -> models.add(source.read(new HashingProgress(source, preparing))));
      List<String> hashes = models.stream().map(LocalModel::sha256).toList();
      Content<R> uploaded = content.apply(mapper.uploaded(container, hashes));
      return uploaded.after(models.stream().<Resource<?>>map(mapper::upload).toList());
    };
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
    String path = (query < 0 ? whole : whole.substring(0, query)).replaceFirst("/+$", "");
    String last = path.substring(path.lastIndexOf('/') + 1);
    return last.isEmpty() ? artifact.weights().getScheme() : last;
  }

  // ---- reading ----

  @Override
  public Plan preview(
      Duration limit, Function<? super EndpointPlatform, ? extends Operation<?>> change) {
    return plan(limit, preview -> change.apply(new ReconciledEndpointPlatform(this, preview)));
  }

  @Override
  public List<Deployment> list(Duration limit) {
    return reading("the list of deployments", limit, (actual, look) -> deployments(look));
  }

  private List<Deployment> deployments(Look look) {
    Map<String, Traffic> trafficByName = new HashMap<>();
    List<Deployment> deployments = new ArrayList<>();
    for (Listed entry : roots(look).toList()) {
      int slash = entry.ref().name().indexOf('/');
      if (slash > 0) {
        String name = entry.ref().name().substring(0, slash);
        String variant = entry.ref().name().substring(slash + 1);
        Traffic traffic = trafficByName.computeIfAbsent(
            name, key -> reconciler.traffic().read(key, look).value().orElse(Traffic.NONE));
        deployments.add(new Deployment(
            name,
            Optional.of(variant),
            state(entry.status()),
            new TrafficWeight(traffic.of(variant)),
            entry.detail()));
      }
    }
    deployments.sort(Comparator.comparing(Deployment::name)
        .thenComparing(one -> one.variant().orElse("")));
    return List.copyOf(deployments);
  }

  @Override
  public Optional<Deployment> status(Endpoint endpoint, Duration limit) {
    checkOptions(endpoint);
    Routing routing = endpoint.routing();
    KindName<?> kind = mapper.variantKind(ownOptionsOnly(endpoint));
    return reading(
        "the status of " + routing.path(),
        limit,
        (actual, look) -> deployment(routing, actual.of(kind, routing.path()), look));
  }

  @Override
  public Optional<Description<Endpoint>> describe(String name, String variant, Duration limit) {
    Routing routing = new Routing(name, variant);
    return reading("the description of " + routing.path(), limit, (actual, look) -> {
      Found<Endpoint> found = mapper.read(routing, actual);
      return deployment(routing, found.variant(), look)
          .map(there -> new Description<>(there, found.value(), found.location()));
    });
  }

  private Optional<Deployment> deployment(Routing routing, Observed<?> variant, Look look) {
    if (!isOurs(variant)) {
      return Optional.empty();
    }
    Traffic traffic = reconciler.traffic().read(routing.name(), look).value().orElse(Traffic.NONE);
    return Optional.of(new Deployment(
        routing.name(),
        Optional.of(routing.variant()),
        state(variant.status()),
        new TrafficWeight(traffic.of(routing.variant())),
        variant.detail()));
  }

  @Override
  public String toString() {
    return "EndpointPlatform[" + id() + "]";
  }
}
