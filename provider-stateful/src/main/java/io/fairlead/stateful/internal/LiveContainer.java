package io.fairlead.stateful.internal;

import io.fairlead.grammar.Served;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.stateful.FeatureImportance;
import io.fairlead.stateful.StatefulModel;
import io.fairlead.stateful.internal.cache.AnswerStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A container as it serves here: its value, its versions and the cache of their answers.
 *
 * <p>Only the operations on its name change it, one after the other.
 */
final class LiveContainer {
  private static final Duration LOOK_LIMIT = Duration.ofSeconds(5);

  private final boolean attached;
  private final Versions versions;
  private final AnswerCache cache;
  private final Optional<StateFolder> folder;
  private final List<StateClock.Timer> timers = new ArrayList<>();
  private volatile StatefulContainer container;
  private volatile StatePolicy policy;
  private volatile Served serving;
  private volatile String artifactDigest;

  /**
   * Creates a container that has not served yet.
   *
   * @param attached whether it serves without this platform, too
   * @param artifactDigest the digest of its model, apart from its state
   */
  LiveContainer(
      StatefulContainer container,
      StatePolicy policy,
      Served serving,
      boolean attached,
      String artifactDigest,
      Versions versions,
      AnswerCache cache,
      Optional<StateFolder> folder) {
    this.container = container;
    this.policy = policy;
    this.serving = serving;
    this.attached = attached;
    this.artifactDigest = artifactDigest;
    this.versions = versions;
    this.cache = cache;
    this.folder = folder;
  }

  StatefulContainer container() {
    return container;
  }

  StatePolicy policy() {
    return policy;
  }

  boolean isAttached() {
    return attached;
  }

  /** {@return what was deployed for its current version, or attached to} */
  Served serving() {
    return serving;
  }

  String artifactDigest() {
    return artifactDigest;
  }

  /** {@return the digest of its current version} */
  String versionDigest() {
    return Digests.ofVersion(artifactDigest, container.state());
  }

  Versions versions() {
    return versions;
  }

  AnswerCache cache() {
    return cache;
  }

  /** Is another value from now on. */
  void become(StatefulContainer newContainer, Served newServing, String newArtifactDigest) {
    serving = newServing;
    artifactDigest = newArtifactDigest;
    container = newContainer;
  }

  void follow(StatePolicy newPolicy) {
    policy = newPolicy;
  }

  /** {@return what is known of its model} */
  static StatefulModel model(StatefulContainer container, boolean deterministic) {
    StatefulModel model = container
        .artifact()
        .metadata()
        .options()
        .find(StatefulModel.class)
        .orElse(StatefulModel.UNKNOWN);
    return deterministic && !model.deterministic() ? model.withDeterminism() : model;
  }

  /** Adds the answers of a snapshot; if it has requests that are not to be retained any more, it is replaced. */
  void restore(StateFolder from, boolean deterministic) {
    AnswerStore store = cache.store();
    if (store == null) {
      return;
    }
    boolean retained = model(container, deterministic).requestsRetained();
    from.restoreInto(entry -> {
      if (!retained && entry.answer().request() != null) {
        from.replaceSoon();
      }
      cache.add(List.of(entry));
    });
  }

  /**
   * Looks again at what serves in intervals, and updates the state by its strategy.
   *
   * @param prepare finds the cells of versions that are new
   */
  void start(StateClock clock, Duration refresh, Runnable prepare) {
    stop();
    timers.add(clock.every(refresh, () -> {
      versions.refresh();
      prepare.run();
    }));
    timers.add(clock.every(policy.update().frequency(), this::cycle));
  }

  private void stop() {
    timers.forEach(StateClock.Timer::cancel);
    timers.clear();
  }

  /** {@return the importance of the features of the version that most requests go to} */
  List<FeatureImportance> importance() {
    return versions.table().split().shares().stream()
        .max(Comparator.comparingInt(TrafficSplit.Share::weight))
        .map(share -> share.version().importance().now())
        .orElse(List.of());
  }

  /** Completes a cycle of its update strategy. */
  void cycle() {
    versions.table().all().forEach(version -> version.importance().roll());
    if (folder.isPresent()) {
      // An answer that came after the last look may be of a model that replaced its version.
      versions.confirm(LOOK_LIMIT);
      folder
          .get()
          .save(
              policy.update().type(),
              cache.store(),
              cache::isConfirmed,
              versionDigest(),
              container.state());
    }
  }

  /** Ends what it does by itself, with a last cycle. */
  void close() {
    stop();
    cycle();
    folder.ifPresent(StateFolder::close);
  }

  /** Ends what it does by itself, and forgets its state. */
  void forget() {
    stop();
    folder.ifPresent(StateFolder::delete);
  }
}
