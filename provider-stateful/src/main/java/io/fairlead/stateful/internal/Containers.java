package io.fairlead.stateful.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.provider.Closed;
import io.fairlead.reconcile.CompositeOperations.Steps;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulProvider;
import io.fairlead.stateful.internal.Host.Serving;
import io.fairlead.stateful.internal.features.FeatureCells;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * The containers that serve here, and what each needs to do so.
 *
 * <p>Only the operations on its name change a container, one after the other.
 */
final class Containers {
  static final Duration LOOK_LIMIT = Duration.ofMinutes(1);

  /** How soon it is looked again for what is to come. */
  static final Duration LOOK_AGAIN = Duration.ofMillis(300);

  private static final int MOST_LOOKS = 3;

  private final Host host;
  private final StatefulConfig config;
  private final StateClock clock;
  private final Events events;
  private final SpareCalls spare;
  private final SecondLevel second;
  private final Closed closed;
  private final ConcurrentMap<String, LiveContainer> byName = new ConcurrentHashMap<>();

  Containers(
      Host host,
      StatefulConfig config,
      StateClock clock,
      Events events,
      SpareCalls spare,
      SecondLevel second,
      Closed closed) {
    this.host = host;
    this.config = config;
    this.clock = clock;
    this.events = events;
    this.spare = spare;
    this.second = second;
    this.closed = closed;
  }

  /** {@return a container that serves here; null if none of that name does} */
  @Nullable
  LiveContainer find(String name) {
    return byName.get(name);
  }

  /** {@return the names of those that serve here, sorted} */
  SortedSet<String> names() {
    return new TreeSet<>(byName.keySet());
  }

  /** {@return those that serve here} */
  Collection<LiveContainer> all() {
    return byName.values();
  }

  /** Serves a container no longer. */
  void remove(String name) {
    byName.remove(name);
  }

  /** Ends what they do by themselves, with a last snapshot. */
  void close() {
    byName.values().forEach(LiveContainer::close);
    byName.clear();
  }

  /**
   * {@return a container that serves here}
   *
   * @param verb what is to be done to it, for messages
   * @throws ServingException of kind {@code NOT_FOUND} if none of that name does, of kind {@code CANCELLED} if the platform is
   *     closed
   */
  LiveContainer require(String name, String verb) {
    // The words are put together only if they are needed: each request comes by here.
    if (closed.isClosed()) {
      throw Closed.refusal(StatefulProvider.ID, verb + " " + name);
    }
    LiveContainer found = byName.get(name);
    if (found == null) {
      throw new ServingException(
          StatefulProvider.ID,
          ErrorKind.NOT_FOUND,
          "container " + name
              + " is neither deployed nor attached here: deploy it, or attach it to "
              + "what serves on " + host.id());
    }
    return found;
  }

  /** {@return the folder of a container's state, opened; empty if state is kept in memory only} */
  Optional<StateFolder> folder(String name, StatePolicy policy) {
    return config.folder().map(all -> StateFolder.open(all, name, policy, events));
  }

  /** Serves a container from now on, unless the platform was closed meanwhile. */
  void begin(LiveContainer created) {
    closed.check("serve " + created.container().name());
    byName.put(created.container().name(), created);
    created.start(clock, config.refresh(), () -> prepare(created));
  }

  /** Has a container follow another policy from now on. */
  void follow(LiveContainer live, StatePolicy policy) {
    if (!live.policy().equals(policy)) {
      live.follow(policy);
      configure(live);
      live.start(clock, config.refresh(), () -> prepare(live));
      live.versions().table().all().forEach(Version::unprepare);
      clock.soon(() -> prepare(live));
    }
  }

  /**
   * {@return a container that does not serve yet}
   *
   * @param served what was deployed for it, or is attached to
   * @param artifactDigest the digest of its model; empty if it is attached
   */
  LiveContainer newContainer(
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

  /** Has a container's cache follow its policy and its state. */
  void configure(LiveContainer live) {
    live.cache()
        .configure(
            live.policy().caching(),
            live.container().state().dynamicConfig(),
            LiveContainer.model(live.container(), config.deterministicModels()));
  }

  /** Prepares a version before it serves. */
  void prepare(Steps steps, LiveContainer live, Version version) {
    prepare(live, version, steps::checkStop);
  }

  /** Prepares versions that others deployed, and those to which another policy applies. */
  void prepare(LiveContainer live) {
    for (Version version : live.versions().table().all()) {
      prepare(live, version, () -> closed.check("check a model"));
    }
  }

  private void prepareFound(String name) {
    LiveContainer found = byName.get(name);
    if (found != null) {
      prepare(found);
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
  void publish(Steps steps, LiveContainer live, Version version, String stated) {
    String name = live.container().name();
    for (int look = 1; look <= MOST_LOOKS; look++) {
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
      steps.pause(LOOK_AGAIN);
    }
    throw conflict("it is not seen to have all requests of " + name + " on " + host.id()
        + ", so somebody else changes that, too.");
  }

  /** {@return a conflict that does not pass by itself} */
  static ServingException conflict(String message) {
    return ServingException.builder(StatefulProvider.ID, ErrorKind.CONFLICT, message)
        .retryable(false)
        .build();
  }
}
