package io.fairlead.stateful.internal;

import io.fairlead.grammar.Served;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.stateful.StatefulModel;

/**
 * A container as it serves here: its value, its versions and the cache of their answers.
 *
 * <p>Only the operations on its name change it, one after the other.
 */
final class LiveContainer {
  private final boolean attached;
  private final Versions versions;
  private final AnswerCache cache;
  private final StateClock.Timer looking;
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
      StateClock.Timer looking) {
    this.container = container;
    this.policy = policy;
    this.serving = serving;
    this.attached = attached;
    this.artifactDigest = artifactDigest;
    this.versions = versions;
    this.cache = cache;
    this.looking = looking;
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

  /** Ends what it does by itself. */
  void close() {
    looking.cancel();
  }
}
