package io.fairlead.stateful.internal;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.json.GrammarJson;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Description;
import io.fairlead.platform.Location;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Closed;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
import io.fairlead.reconcile.CompositeOperations;
import io.fairlead.reconcile.CompositeOperations.Steps;
import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.CacheStatistics;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.FeatureImportance;
import io.fairlead.stateful.Hosting;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulModel;
import io.fairlead.stateful.StatefulProvider;
import io.fairlead.stateful.StatefulRequest;
import io.fairlead.stateful.internal.Host.Serving;
import io.fairlead.stateful.internal.StateFolder.Stored;
import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.features.FeatureCells;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;

/** The platform {@code stateful} over another platform. */
final class DefaultCachingPlatform implements CachingPlatform {
  private static final Duration OPERATION_LIMIT = Duration.ofHours(1);
  private static final Duration LOOK_LIMIT = Duration.ofMinutes(1);
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);
  private static final double LARGEST_SHARE_OF_HEAP = 0.6;

  private final Host host;
  private final StatefulConfig config;
  private final StateClock clock;
  private final Events events;
  private final SpareCalls spare;
  private final SecondLevel second;
  private final CompositeOperations operations;
  private final Closed closed = new Closed(StatefulProvider.ID);
  private final ConcurrentMap<String, LiveContainer> containers = new ConcurrentHashMap<>();

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
  }

  @Override
  public String id() {
    return StatefulProvider.ID;
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
    LiveContainer live = require(container, request);
    try {
      return live.cache().invokeStreaming(request, pieces);
    } catch (ServingException e) {
      throw AnswerCache.own(e);
    }
  }

  private LiveContainer require(StatefulContainer container, Request request) {
    checkOptions("Request", request.options(), StatefulRequest.class);
    return require(container.name(), "ask");
  }

  private LiveContainer require(String name, String verb) {
    // The words are put together only if they are needed: each request comes by here.
    if (closed.isClosed()) {
      throw Closed.refusal(StatefulProvider.ID, verb + " " + name);
    }
    LiveContainer live = containers.get(name);
    if (live == null) {
      throw new ServingException(
          StatefulProvider.ID,
          ErrorKind.NOT_FOUND,
          "container " + name
              + " is neither deployed nor attached here: deploy it, or attach it to "
              + "what serves on " + host.id());
    }
    return live;
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
    return operations.run("deploy", fresh.name(), steps -> deploy(steps, fresh, policy));
  }

  private RuntimeSpec runtime() {
    return config.hosting().map(Hosting::runtime).orElse(RuntimeSpec.NONE);
  }

  /** More than this leaves too little of the heap for everything else, and for the collector. */
  private void checkFits(String name, StatePolicy policy) {
    long heap = Runtime.getRuntime().maxMemory();
    long others = 0;
    for (Map.Entry<String, LiveContainer> other : containers.entrySet()) {
      if (!other.getKey().equals(name)) {
        others += other.getValue().policy().caching().cacheBytes();
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

  private StatefulContainer deploy(Steps steps, StatefulContainer fresh, StatePolicy policy) {
    LiveContainer live = containers.get(fresh.name());
    String artifactDigest = Digests.of(fresh.artifact(), runtimeText(), steps);
    if (live != null) {
      return deployAgain(steps, live, fresh, policy, artifactDigest);
    }
    Optional<StateFolder> folder = folder(fresh.name(), policy);
    try {
      return deploy(steps, fresh, policy, artifactDigest, folder);
    } catch (RuntimeException | Error e) {
      folder.ifPresent(StateFolder::close);
      throw e;
    }
  }

  private Optional<StateFolder> folder(String name, StatePolicy policy) {
    return config.folder().map(all -> StateFolder.open(all, name, policy, events));
  }

  private StatefulContainer deploy(
      Steps steps,
      StatefulContainer fresh,
      StatePolicy policy,
      String artifactDigest,
      Optional<StateFolder> folder) {
    Optional<Stored> stored = folder.flatMap(StateFolder::restore);
    // What another model was asked is of no use to this one.
    StatefulContainer container = stored
        .filter(known -> known.digest().equals(Digests.ofVersion(artifactDigest, known.state())))
        .map(known -> fresh.withState(known.state().with(policy.dynamicConfig())))
        .orElse(fresh);
    String digest = Digests.ofVersion(artifactDigest, container.state());
    List<Serving> before = host.look(fresh.name(), List.of(), LOOK_LIMIT);
    checkIsOurs(fresh.name(), digest, before);
    Served served = host.deploy(steps, fresh.artifact(), digest);
    if (before.isEmpty()) {
      steps.undoBy(host.id() + " " + fresh.name(), () -> host.undoing(served, null));
    }
    removeLeftovers(steps, digest, before);
    LiveContainer created = newContainer(container, policy, served, false, artifactDigest, folder);
    folder.ifPresent(from -> created.restore(from, config.deterministicModels()));
    Version version = new Version(served, host.variantOf(digest), digest);
    prepare(steps, created, version);
    publish(steps, created, version, "");
    steps.commit();
    begin(created);
    return container;
  }

  /** Serves a container from now on, unless the platform was closed meanwhile. */
  private void begin(LiveContainer created) {
    closed.check("serve " + created.container().name());
    containers.put(created.container().name(), created);
    created.start(clock, config.refresh(), () -> prepare(created));
  }

  private String runtimeText() {
    return config
        .hosting()
        .map(hosting ->
            GrammarJson.write(hosting.runtime()) + GrammarJson.write(hosting.dependencies()))
        .orElse("");
  }

  private StatefulContainer deployAgain(
      Steps steps,
      LiveContainer live,
      StatefulContainer fresh,
      StatePolicy policy,
      String artifactDigest) {
    if (live.isAttached()) {
      throw conflict("container " + fresh.name()
          + " is attached to what serves on " + host.id()
          + ": undeploy the container, which detaches it, or take another name");
    }
    if (!live.artifactDigest().equals(artifactDigest)) {
      throw conflict("container " + fresh.name()
          + " has another model: roll this one out by updateState(container.withArtifact(..), "
          + "state.next()), or take another name");
    }
    Served served = host.deploy(steps, live.container().artifact(), live.versionDigest());
    removeLeftovers(steps, live.versionDigest(), host.look(fresh.name(), List.of(), LOOK_LIMIT));
    steps.commit();
    live.become(live.container(), served, artifactDigest);
    follow(live, policy);
    return live.container();
  }

  private void follow(LiveContainer live, StatePolicy policy) {
    if (!live.policy().equals(policy)) {
      live.follow(policy);
      configure(live);
      live.start(clock, config.refresh(), () -> prepare(live));
      live.versions().table().all().forEach(Version::unprepare);
      clock.soon(() -> prepare(live));
    }
  }

  private static ServingException conflict(String message) {
    return ServingException.builder(StatefulProvider.ID, ErrorKind.CONFLICT, message)
        .retryable(false)
        .build();
  }

  /** What serves already under the name is this version, or nothing that would be lost. */
  private void checkIsOurs(String name, String digest, List<Serving> before) {
    for (Serving serving : before) {
      if (!host.isOurs(serving)) {
        throw conflict(name + " serves on " + host.id()
            + " without state: attach to it, or take another name");
      }
      if (serving.weight() > 0 && !host.isVersion(serving, digest)) {
        throw conflict(name + " serves another model on " + host.id()
            + (host.hasVariants() ? " (variant " + serving.variant() + ")" : "")
            + ": deploy that one and update its state, or undeploy it");
      }
    }
  }

  /** Removes versions that a rollout whose process died has left beside the one that serves. */
  private void removeLeftovers(Steps steps, String digest, List<Serving> before) {
    for (Serving serving : before) {
      if (host.hasVariants()
          && host.isOurs(serving)
          && serving.weight() == 0
          && !host.isVersion(serving, digest)) {
        steps.report("variant " + serving.variant(), "is left from an earlier update");
        host.retire(steps, serving.served());
      }
    }
  }

  private LiveContainer newContainer(
      StatefulContainer container,
      StatePolicy policy,
      Served served,
      boolean attached,
      String artifactDigest,
      Optional<StateFolder> folder) {
    Versions versions = new Versions(
        container.name(),
        served,
        host,
        clock,
        config.refresh(),
        version -> clock.soon(() -> prepareFound(container.name())));
    AnswerCache cache =
        new AnswerCache(container.name(), host, versions, clock, events, spare, second, config);
    versions.onLook(cache::looked);
    LiveContainer live = new LiveContainer(
        container, policy, served, attached, artifactDigest, versions, cache, folder);
    configure(live);
    return live;
  }

  private static boolean usesCells(LiveContainer live) {
    return live.policy().caching().eviction() == CachingPolicy.Eviction.FEATURE_BASED_LRU
        && live.cache().store() != null;
  }

  private void configure(LiveContainer live) {
    live.cache()
        .configure(
            live.policy().caching(),
            live.container().state().dynamicConfig(),
            LiveContainer.model(live.container(), config.deterministicModels()));
  }

  /** Prepares a version before it serves. */
  private void prepare(Steps steps, LiveContainer live, Version version) {
    prepare(live, version, steps::checkStop);
  }

  /** Prepares versions that others deployed, and those to which another policy applies. */
  private void prepare(LiveContainer live) {
    for (Version version : live.versions().table().all()) {
      prepare(live, version, () -> closed.check("check a model"));
    }
  }

  private void prepareFound(String name) {
    LiveContainer live = containers.get(name);
    if (live != null) {
      prepare(live);
    }
  }

  /** Finds what a version's requests have in common, once. */
  private void prepare(LiveContainer live, Version version, Runnable checkStop) {
    if (!version.prepare()) {
      return;
    }
    version.use((FeatureCells) null);
    version.use((Approximation) null);
    if (usesCells(live)) {
      new Cells(live.container().name(), host, events).find(version, checkStop);
    }
    LiveContainer.model(live.container(), config.deterministicModels())
        .approximation()
        .ifPresent(
            allowed -> version.use(new Approximation(allowed, live.container().name(), events)));
  }

  /** Lets a version answer from now on: it is looked at, and its keys are those of its digest. */
  private void publish(Steps steps, LiveContainer live, Version version, String stated) {
    String name = live.container().name();
    while (true) {
      long lookedAt = clock.nanos();
      List<Serving> servings = host.look(name, List.of(), LOOK_LIMIT);
      Optional<Serving> seen = servings.stream()
          .filter(serving ->
              String.valueOf(version.variant()).equals(String.valueOf(serving.variant())))
          .filter(serving -> serving.weight() == TrafficWeight.ALL.percent())
          .findFirst();
      if (seen.isPresent()) {
        live.versions().own(seen.get(), version);
        live.versions().publish(servings, lookedAt, stated);
        steps.report("version " + version, "answers");
        return;
      }
      steps.report("version " + version, "is not seen to have all requests of " + name + " yet");
      steps.pause(LOOK_AGAIN);
    }
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
    return operations.run("attach", served.name(), steps -> attach(steps, served, fresh, policy));
  }

  private StatefulContainer attach(
      Steps steps, Served served, StatefulContainer fresh, StatePolicy policy) {
    LiveContainer live = containers.get(fresh.name());
    if (live != null && !live.isAttached()) {
      throw conflict("container " + fresh.name() + " was deployed here: it has its state");
    }
    long lookedAt = clock.nanos();
    List<Serving> servings = host.look(fresh.name(), List.of(), LOOK_LIMIT);
    if (servings.isEmpty()) {
      throw new ServingException(
          StatefulProvider.ID,
          ErrorKind.NOT_FOUND,
          fresh.name() + " does not serve on " + host.id() + ": deploy it there first");
    }
    steps.commit();
    if (live != null) {
      follow(live, policy);
      return live.container();
    }
    Optional<StateFolder> folder = folder(fresh.name(), policy);
    try {
      return attach(served, fresh, policy, servings, lookedAt, folder);
    } catch (RuntimeException | Error e) {
      folder.ifPresent(StateFolder::close);
      throw e;
    }
  }

  private StatefulContainer attach(
      Served served,
      StatefulContainer fresh,
      StatePolicy policy,
      List<Serving> servings,
      long lookedAt,
      Optional<StateFolder> folder) {
    Optional<Stored> stored = folder.flatMap(StateFolder::restore);
    StatefulContainer container = stored
        .map(known -> fresh.withState(known.state().with(policy.dynamicConfig())))
        .orElse(fresh);
    LiveContainer created = newContainer(container, policy, served, true, "", folder);
    folder.ifPresent(from -> created.restore(from, config.deterministicModels()));
    created
        .versions()
        .publish(servings, lookedAt, container.state().warmWeights().digest());
    begin(created);
    clock.soon(() -> prepare(created));
    return container;
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
    return operations.run("update", container.name(), steps -> update(steps, container, state));
  }

  private StatefulContainer update(Steps steps, StatefulContainer container, ModelState state) {
    LiveContainer live = require(container.name(), "update");
    StatefulContainer before = live.container();
    if (before.state().epoch() != container.state().epoch()) {
      throw conflict(
          "container " + container.name() + " is in state " + before.state().epoch()
              + ", not " + container.state().epoch()
              + ": describe it, look at what it has now, and decide again");
    }
    StatefulContainer after = new StatefulContainer(container.artifact(), state, before.runtime());
    if (live.isAttached()) {
      return updateAttached(steps, live, after);
    }
    String artifactDigest = Digests.of(after.artifact(), runtimeText(), steps);
    String digest = Digests.ofVersion(artifactDigest, state);
    if (digest.equals(live.versionDigest())) {
      steps.commit();
      live.become(after, live.serving(), artifactDigest);
      configure(live);
      live.cycle();
      return after;
    }
    rollOut(steps, live, after, artifactDigest, digest);
    return after;
  }

  private StatefulContainer updateAttached(
      Steps steps, LiveContainer live, StatefulContainer after) {
    if (!after.artifact().equals(live.container().artifact())) {
      throw new ServingException(
          StatefulProvider.ID,
          ErrorKind.UNSUPPORTED,
          "container " + after.name()
              + " is attached to what serves: deploy another model and route to it on " + host.id()
              + ", which is noticed here within " + config.refresh().toSeconds() + " s");
    }
    long lookedAt = clock.nanos();
    List<Serving> servings = host.look(after.name(), List.of(), LOOK_LIMIT);
    steps.commit();
    live.become(after, live.serving(), "");
    configure(live);
    live.versions().publish(servings, lookedAt, after.state().warmWeights().digest());
    live.cycle();
    return after;
  }

  private void rollOut(
      Steps steps,
      LiveContainer live,
      StatefulContainer after,
      String artifactDigest,
      String digest) {
    Served older = live.serving();
    List<Version> replaced = live.versions().table().all();
    if (!host.hasVariants()) {
      unsettle(steps, live);
    }
    Served newer = host.deploy(steps, after.artifact(), digest);
    steps.undoBy(host.id() + " " + after.name(), () -> host.undoing(newer, older));
    Version version = new Version(newer, host.variantOf(digest), digest);
    prepare(steps, live, version);
    List<Entry> warm = warmUp(steps, live, version);
    steps.checkStop();
    if (host.hasVariants()) {
      unsettle(steps, live);
      host.promote(steps, newer, older);
      steps.undoBy("the traffic of " + after.name(), () -> host.demoting(newer, older));
    }
    steps.commit();
    serve(steps, live, after, artifactDigest, version, warm);
    if (host.hasVariants()) {
      retire(steps, version, older, replaced);
    }
  }

  private static void unsettle(Steps steps, LiveContainer live) {
    long unsettled = live.versions().unsettle();
    steps.whenFailed(() -> live.versions().settle(unsettled));
  }

  /** What was promoted serves from here on: to take it back would be another rollout. */
  private void serve(
      Steps steps,
      LiveContainer live,
      StatefulContainer after,
      String artifactDigest,
      Version version,
      List<Entry> warm) {
    live.become(after, version.served(), artifactDigest);
    try {
      live.cache().addBefore(warm);
      configure(live);
      publish(steps, live, version, "");
      live.cache().replaced(version);
      live.cycle();
    } catch (ServingException e) {
      throw afterwards(version, "its answers are not cached yet", e);
    }
  }

  private static ServingException afterwards(Version version, String what, ServingException e) {
    return ServingException.builder(
            StatefulProvider.ID,
            e.kind(),
            "version " + version + " serves, but " + what + ": " + e.getMessage()
                + " Deploy the model that serves again, which mends that.")
        .retryable(false)
        .cause(e)
        .build();
  }

  /** {@return the answers of a version to what was asked before, the best last} */
  private List<Entry> warmUp(Steps steps, LiveContainer live, Version version) {
    boolean wanted = live.policy().update().warmUp()
        || live.policy().caching().strategy() == CachingPolicy.Strategy.PREDICTIVE;
    List<Entry> entries = wanted ? live.cache().forWarmUp() : List.of();
    if (entries.isEmpty()) {
      return List.of();
    }
    steps.report("version " + version, "is warmed up by " + entries.size() + " requests");
    Deadline deadline =
        Deadline.after(Durations.atMost(steps.left(), config.warmUpLimit()), clock.time());
    List<Entry> answers = new ArrayList<>(WarmUp.answers(
        entries,
        retained -> {
          steps.checkStop();
          Request request = WarmUp.request(retained, deadline);
          String variant = version.variant();
          return live.cache()
              .warmed(version, retained, variant == null ? request : request.pinnedTo(variant));
        },
        deadline));
    Collections.reverse(answers);
    events.tell(
        live.container().name(),
        CacheEvent.Kind.VERSION,
        "version " + version + " was warmed up before it serves",
        Map.of("asked", (double) entries.size(), "answered", (double) answers.size()));
    return answers;
  }

  /** Removes the version that served before once it has answered the requests that it has. */
  private void retire(Steps steps, Version serving, Served older, List<Version> replaced) {
    try {
      for (Version version : replaced) {
        while (version.calls().count() > 0) {
          steps.checkStop();
          version.calls().awaitNone(Durations.atMost(LOOK_AGAIN, steps.left()));
        }
      }
      host.retire(steps, older);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      steps.checkStop();
    } catch (ServingException e) {
      throw afterwards(serving, "the one before is not removed", e);
    }
  }

  // ---- undeploying ----

  @Override
  public Operation<StatefulContainer> undeploy(StatefulContainer container) {
    closed.check("undeploy " + container.name());
    return operations.run("undeploy", container.name(), steps -> {
      undeploy(steps, container.name());
      return container;
    });
  }

  @Override
  public Operation<List<ManagedResource>> undeployAll(String name) {
    closed.check("undeploy " + name);
    return operations.run("undeploy", name, steps -> undeploy(steps, name));
  }

  private List<ManagedResource> undeploy(Steps steps, String name) {
    LiveContainer live = containers.get(name);
    List<ManagedResource> deleted =
        live != null && live.isAttached() ? List.of() : undeployOurs(steps, name, live != null);
    if (live != null) {
      containers.remove(name);
      live.forget();
    } else {
      config.folder().ifPresent(all -> StateFolder.delete(all, name, events));
    }
    return deleted;
  }

  /** What others have deployed there is not deleted. */
  private List<ManagedResource> undeployOurs(Steps steps, String name, boolean known) {
    List<Serving> servings = host.look(name, List.of(), LOOK_LIMIT);
    List<Serving> others =
        servings.stream().filter(serving -> !host.isOurs(serving)).toList();
    // What cannot be described is ours if it was deployed here.
    boolean ours = servings.isEmpty() ? known : others.size() < servings.size();
    if (ours && !others.isEmpty()) {
      throw conflict(name + " has variant " + others.get(0).variant() + " on " + host.id()
          + ", which was not deployed here: undeploy it there first");
    }
    return ours ? steps.await(() -> host.undeployAll(name)) : List.of();
  }

  // ---- looking ----

  @Override
  public List<Deployment> list(Duration limit) {
    closed.check("list what is there");
    List<Deployment> found = new ArrayList<>();
    Map<String, List<Deployment>> beneath = new TreeMap<>();
    for (Deployment deployment : host.list(limit)) {
      beneath.computeIfAbsent(deployment.name(), name -> new ArrayList<>()).add(deployment);
    }
    for (String name : new TreeSet<>(containers.keySet())) {
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
    closed.check("read the status of " + container.name());
    LiveContainer live = containers.get(container.name());
    return live == null
        ? Optional.empty()
        : Optional.of(deployment(
            container.name(),
            host.status(live.versions().served(), limit).map(List::of).orElse(List.of())));
  }

  @Override
  public Optional<Description<StatefulContainer>> describe(String name, Duration limit) {
    closed.check("describe " + name);
    LiveContainer live = containers.get(name);
    return live == null
        ? Optional.empty()
        : status(live.container(), limit)
            .map(deployment -> new Description<>(
                deployment, Optional.of(live.container()), Location.of(host.id() + "/" + name)));
  }

  @Override
  public List<ManagedResource> inventory(Duration limit) {
    closed.check("list what is there");
    Set<String> names = new HashSet<>();
    containers.forEach((name, live) -> {
      if (!live.isAttached()) {
        names.add(name);
      }
    });
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

  @Override
  public CacheStatistics statistics(StatefulContainer container) {
    return require(container.name(), "read the statistics of").cache().statistics();
  }

  @Override
  public List<FeatureImportance> importance(StatefulContainer container) {
    return require(container.name(), "read the importance of").importance();
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
    containers.values().forEach(LiveContainer::close);
    containers.clear();
    second.close();
    host.close();
  }

  @Override
  public String toString() {
    return "CachingPlatform[" + host.id() + "]";
  }
}
