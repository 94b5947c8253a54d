package io.fairlead.stateful.internal;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Description;
import io.fairlead.platform.Location;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Closed;
import io.fairlead.reconcile.CompositeOperations;
import io.fairlead.spi.Reachable;
import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.CacheStatistics;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.FeatureImportance;
import io.fairlead.stateful.Hosting;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulModel;
import io.fairlead.stateful.StatefulProvider;
import io.fairlead.stateful.StatefulRequest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The platform {@code stateful} over another platform. */
final class DefaultCachingPlatform implements CachingPlatform, Reachable {
  private static final Duration OPERATION_LIMIT = Duration.ofHours(1);
  private static final double LARGEST_SHARE_OF_HEAP = 0.6;

  private final Host host;
  private final StatefulConfig config;
  private final StateClock clock;
  private final Events events;
  private final SpareCalls spare;
  private final SecondLevel second;
  private final CompositeOperations operations;
  private final Closed closed = new Closed(StatefulProvider.ID);
  private final Containers containers;
  private final Deploying deploying;
  private final Updating updating;

  DefaultCachingPlatform(Host host, StatefulConfig config, StateClock clock) {
    this.host = requireNonNull(host, "host");
    this.config = requireNonNull(config, "config");
    this.clock = requireNonNull(clock, "clock");
    this.events = new Events(clock.time());
    this.spare = new SpareCalls(config.spareCalls());
    this.second = SecondLevel.open(config.secondLevel(), events);
    if (second.isThere()) {
      clock.every(config.refresh(), second::watch);
    }
    this.operations = new CompositeOperations(StatefulProvider.ID, clock.time(), OPERATION_LIMIT);
    this.containers = new Containers(host, config, clock, events, spare, second, closed);
    this.deploying = new Deploying(host, config, clock, events, containers);
    this.updating = new Updating(host, config, clock, events, containers);
  }

  @Override
  public String id() {
    return StatefulProvider.ID;
  }

  @Override
  public Optional<String> credentials(Duration limit) {
    return host.reachable().flatMap(wrapped -> wrapped.credentials(limit));
  }

  @Override
  public Optional<String> reach(Duration limit) {
    return host.reachable().flatMap(wrapped -> wrapped.reach(limit));
  }

  // ---- asking ----

  @Override
  public Response cacheForward(StatefulContainer container, Request request) {
    return require(container, request).cache().answer(request);
  }

  @Override
  public Response invoke(StatefulContainer container, Request request) {
    return require(container, request).cache().invoke(request);
  }

  @Override
  public Response invokeStreaming(
      StatefulContainer container, Request request, Consumer<? super ByteBuffer> pieces) {
    return require(container, request).cache().invokeStreaming(request, pieces);
  }

  private LiveContainer require(StatefulContainer container, Request request) {
    checkOptions("Request", request.options(), StatefulRequest.class);
    return containers.require(container.name(), "ask");
  }

  private static void checkOptions(
      String subject, Options<?> options, Class<? extends PlatformOptions> known) {
    if (options.values().isEmpty()) {
      return;
    }
    Problems problems = Problems.in(subject);
    for (PlatformOptions option : options.forPlatform(StatefulProvider.ID)) {
      problems.check(
          known.isInstance(option),
          "options",
          "must be of a type that platform '" + StatefulProvider.ID + "' knows",
          option.getClass().getSimpleName());
    }
    problems.throwIfAny();
  }

  // ---- deploying ----

  @Override
  public Operation<StatefulContainer> deploy(ModelArtifact artifact, StatePolicy policy) {
    ModelState cold = ModelState.COLD.with(policy.dynamicConfig());
    StatefulContainer fresh = new StatefulContainer(artifact, cold, runtime());
    checkOptions("ModelMetadata", artifact.metadata().options(), StatefulModel.class);
    checkFits(fresh.name(), policy);
    host.checkMayDeploy();
    closed.check("deploy " + fresh.name());
    return operations.run("deploy", fresh.name(), steps -> deploying.deploy(steps, fresh, policy));
  }

  private RuntimeSpec runtime() {
    return config.hosting().map(Hosting::runtime).orElse(RuntimeSpec.NONE);
  }

  /** More than this leaves too little of the heap for everything else, and for the collector. */
  private void checkFits(String name, StatePolicy policy) {
    long heap = Runtime.getRuntime().maxMemory();
    long others = 0;
    for (LiveContainer other : containers.all()) {
      if (!other.container().name().equals(name)) {
        others += other.policy().caching().cacheBytes();
      }
    }
    long most = (long) (heap * LARGEST_SHARE_OF_HEAP) - others;
    Problems.in("CachingPolicy")
        .check(
            policy.caching().cacheBytes() <= most,
            "cacheBytes",
            "must be at most 60 % of the heap of this process, which is " + heap + " bytes"
                + (others == 0 ? "" : ", together with the " + others + " of the other caches")
                + ": give it more by -Xmx, or the cache less",
            policy.caching().cacheBytes())
        .throwIfAny();
  }

  // ---- attaching ----

  @Override
  public Operation<StatefulContainer> attach(Served served, StatePolicy policy) {
    if (!host.serves(served)) {
      throw new IllegalArgumentException("platform '" + host.id() + "' serves no "
          + served.getClass().getSimpleName() + ", which " + served.name() + " is");
    }
    checkOptions("ModelMetadata", served.artifact().metadata().options(), StatefulModel.class);
    checkFits(served.name(), policy);
    closed.check("attach to " + served.name());
    RuntimeSpec runtime =
        served instanceof Endpoint endpoint ? endpoint.container().runtime() : RuntimeSpec.NONE;
    StatefulContainer fresh = new StatefulContainer(
        served.artifact().named(served.name()),
        ModelState.COLD.with(policy.dynamicConfig()),
        runtime);
    return operations.run(
        "attach", served.name(), steps -> deploying.attach(steps, served, fresh, policy));
  }

  // ---- updating ----

  @Override
  public Operation<StatefulContainer> updateState(StatefulContainer container, ModelState state) {
    long next = container.state().epoch() + 1;
    Problems.in("ModelState")
        .check(
            state.epoch() == next,
            "cache.epoch",
            "must be the container's plus one, " + next,
            state.epoch())
        .throwIfAny();
    checkOptions("ModelMetadata", container.artifact().metadata().options(), StatefulModel.class);
    closed.check("update " + container.name());
    return operations.run(
        "update", container.name(), steps -> updating.update(steps, container, state));
  }

  // ---- undeploying ----

  @Override
  public Operation<StatefulContainer> undeploy(StatefulContainer container) {
    closed.check("undeploy " + container.name());
    return operations.run("undeploy", container.name(), steps -> {
      deploying.undeploy(steps, container.name());
      return container;
    });
  }

  @Override
  public Operation<List<ManagedResource>> undeployAll(String name) {
    String checked = checkedName(name);
    closed.check("undeploy " + checked);
    return operations.run("undeploy", checked, steps -> deploying.undeploy(steps, checked));
  }

  /** {@return the name, by the grammar's rule: it is the name of a folder, too} */
  private static String checkedName(String name) {
    return new Routing(name, "any").name();
  }

  private static void checkLimit(Duration limit) {
    Problems.in("limit")
        .check(limit.compareTo(Duration.ZERO) > 0, "limit", "must be more than 0", limit)
        .throwIfAny();
  }

  // ---- looking ----

  @Override
  public List<Deployment> list(Duration limit) {
    checkLimit(limit);
    closed.check("list what is there");
    List<Deployment> found = new ArrayList<>();
    Map<String, List<Deployment>> beneath = new TreeMap<>();
    for (Deployment deployment : host.list(limit)) {
      beneath.computeIfAbsent(deployment.name(), name -> new ArrayList<>()).add(deployment);
    }
    for (String name : containers.names()) {
      found.add(deployment(name, beneath.getOrDefault(name, List.of())));
    }
    return found;
  }

  /** A container is as ready as what answers its requests. */
  private static Deployment deployment(String name, List<Deployment> beneath) {
    boolean ready = beneath.stream()
        .anyMatch(
            there -> there.state() == Deployment.State.READY && there.weight().percent() > 0);
    Optional<Deployment> other = beneath.stream()
        .filter(there -> there.state() != Deployment.State.READY)
        .findFirst();
    Deployment.State state = ready
        ? Deployment.State.READY
        : other.map(Deployment::state).orElse(Deployment.State.FAILED);
    String detail = ready ? "" : other.map(Deployment::detail).orElse("nothing answers requests");
    return new Deployment(name, Optional.empty(), state, TrafficWeight.ALL, detail);
  }

  @Override
  public Optional<Deployment> status(StatefulContainer container, Duration limit) {
    checkLimit(limit);
    closed.check("read the status of " + container.name());
    LiveContainer live = containers.find(container.name());
    return live == null
        ? Optional.empty()
        : Optional.of(deployment(
            container.name(),
            host.status(live.versions().served(), limit).map(List::of).orElse(List.of())));
  }

  @Override
  public Optional<Description<StatefulContainer>> describe(String name, Duration limit) {
    checkLimit(limit);
    closed.check("describe " + checkedName(name));
    LiveContainer live = containers.find(name);
    return live == null
        ? Optional.empty()
        : status(live.container(), limit)
            .map(deployment -> new Description<>(
                deployment, Optional.of(live.container()), Location.of(host.id() + "/" + name)));
  }

  @Override
  public List<ManagedResource> inventory(Duration limit) {
    checkLimit(limit);
    closed.check("list what is there");
    Set<String> names = new HashSet<>();
    for (LiveContainer live : containers.all()) {
      if (!live.isAttached()) {
        names.add(live.container().name());
      }
    }
    return host.inventory(limit).stream()
        .filter(resource -> resource.deployment().map(names::contains).orElse(false))
        .toList();
  }

  @Override
  public Operation<List<ManagedResource>> sweep(Duration minimumAge) {
    closed.check("sweep");
    return host.sweep(minimumAge);
  }

  // ---- telling ----

  SpareCalls spare() {
    return spare;
  }

  Containers containers() {
    return containers;
  }

  @Override
  public CacheStatistics statistics(StatefulContainer container) {
    return containers
        .require(container.name(), "read the statistics of")
        .cache()
        .statistics();
  }

  @Override
  public List<FeatureImportance> importance(StatefulContainer container) {
    return containers.require(container.name(), "read the importance of").importance();
  }

  @Override
  public void onEvent(Consumer<? super CacheEvent> listener) {
    events.add(requireNonNull(listener, "listener"));
  }

  @Override
  public void close() {
    if (!closed.close()) {
      return;
    }
    operations.close();
    clock.close();
    spare.close();
    containers.close();
    second.close();
    host.close();
  }

  @Override
  public String toString() {
    return "CachingPlatform[" + host.id() + "]";
  }
}
