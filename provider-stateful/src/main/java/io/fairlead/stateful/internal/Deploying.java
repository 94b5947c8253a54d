package io.fairlead.stateful.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.platform.ManagedResource;
import io.fairlead.reconcile.CompositeOperations.Steps;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulProvider;
import io.fairlead.stateful.internal.Host.Serving;
import io.fairlead.stateful.internal.StateFolder.Stored;
import java.util.List;
import java.util.Optional;

/** The operations that bring a container here, and take it away. */
final class Deploying {
  private final Host host;
  private final StatefulConfig config;
  private final StateClock clock;
  private final Events events;
  private final Containers containers;

  Deploying(
      Host host, StatefulConfig config, StateClock clock, Events events, Containers containers) {
    this.host = host;
    this.config = config;
    this.clock = clock;
    this.events = events;
    this.containers = containers;
  }

  /** {@return the container, which is deployed and serves} */
  StatefulContainer deploy(Steps steps, StatefulContainer fresh, StatePolicy policy) {
    LiveContainer live = containers.find(fresh.name());
    String artifactDigest = Digests.of(fresh.artifact(), Digests.runtime(config), steps);
    if (live != null) {
      return deployAgain(steps, live, fresh, policy, artifactDigest);
    }
    Optional<StateFolder> folder = containers.folder(fresh.name(), policy);
    try {
      return deploy(steps, fresh, policy, artifactDigest, folder);
    } catch (RuntimeException | Error e) {
      folder.ifPresent(StateFolder::close);
      throw e;
    }
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
    List<Serving> before = host.look(fresh.name(), List.of(), Containers.LOOK_LIMIT);
    checkIsOurs(fresh.name(), digest, before);
    Served served = host.deploy(steps, fresh.artifact(), digest);
    if (before.isEmpty()) {
      steps.undoBy(host.id() + " " + fresh.name(), () -> host.undoing(served, null));
    }
    removeLeftovers(steps, digest, before);
    LiveContainer created =
        containers.newContainer(container, policy, served, false, artifactDigest, folder);
    folder.ifPresent(from -> created.restore(from, config.deterministicModels()));
    Version version = new Version(served, host.variantOf(digest), digest);
    containers.prepare(steps, created, version);
    containers.publish(steps, created, version, "");
    steps.commit();
    containers.begin(created);
    return container;
  }

  private StatefulContainer deployAgain(
      Steps steps,
      LiveContainer live,
      StatefulContainer fresh,
      StatePolicy policy,
      String artifactDigest) {
    if (live.isAttached()) {
      throw Containers.conflict("container " + fresh.name()
          + " is attached to what serves on " + host.id()
          + ": undeploy the container, which detaches it, or take another name");
    }
    if (!live.artifactDigest().equals(artifactDigest)) {
      throw Containers.conflict("container " + fresh.name()
          + " has another model: roll this one out by updateState(container.withArtifact(..), "
          + "state.next()), or take another name");
    }
    Served served = host.deploy(steps, live.container().artifact(), live.versionDigest());
    removeLeftovers(
        steps, live.versionDigest(), host.look(fresh.name(), List.of(), Containers.LOOK_LIMIT));
    steps.commit();
    live.become(live.container(), served, artifactDigest);
    containers.follow(live, policy);
    return live.container();
  }

  /** What serves already under the name is this version, or nothing that would be lost. */
  private void checkIsOurs(String name, String digest, List<Serving> before) {
    for (Serving serving : before) {
      if (!host.isOurs(serving)) {
        throw Containers.conflict(name + " serves on " + host.id()
            + " without state: attach to it, or take another name");
      }
      if (serving.weight() > 0 && !host.isVersion(serving, digest)) {
        throw Containers.conflict(name + " serves another model on " + host.id()
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

  /** {@return the container, which is attached to what serves} */
  StatefulContainer attach(
      Steps steps, Served served, StatefulContainer fresh, StatePolicy policy) {
    LiveContainer live = containers.find(fresh.name());
    if (live != null && !live.isAttached()) {
      throw Containers.conflict(
          "container " + fresh.name() + " was deployed here: it has its state");
    }
    long lookedAt = clock.nanos();
    List<Serving> servings = host.look(fresh.name(), List.of(), Containers.LOOK_LIMIT);
    if (servings.isEmpty()) {
      throw new ServingException(
          StatefulProvider.ID,
          ErrorKind.NOT_FOUND,
          fresh.name() + " does not serve on " + host.id() + ": deploy it there first");
    }
    steps.commit();
    if (live != null) {
      containers.follow(live, policy);
      return live.container();
    }
    Optional<StateFolder> folder = containers.folder(fresh.name(), policy);
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
    LiveContainer created = containers.newContainer(container, policy, served, true, "", folder);
    folder.ifPresent(from -> created.restore(from, config.deterministicModels()));
    created
        .versions()
        .publish(servings, lookedAt, container.state().warmWeights().digest());
    containers.begin(created);
    clock.soon(() -> containers.prepare(created));
    return container;
  }

  /** {@return what was deleted; nothing if it was attached} */
  List<ManagedResource> undeploy(Steps steps, String name) {
    LiveContainer live = containers.find(name);
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
    List<Serving> servings = host.look(name, List.of(), Containers.LOOK_LIMIT);
    List<Serving> others =
        servings.stream().filter(serving -> !host.isOurs(serving)).toList();
    // What cannot be described is ours if it was deployed here.
    boolean ours = servings.isEmpty() ? known : others.size() < servings.size();
    if (ours && !others.isEmpty()) {
      throw Containers.conflict(name + " has variant " + others.get(0).variant() + " on "
          + host.id() + ", which was not deployed here: undeploy it there first");
    }
    return ours ? steps.await(() -> host.undeployAll(name)) : List.of();
  }
}
