package io.fairlead.stateful.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.platform.Request;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
import io.fairlead.reconcile.CompositeOperations.Steps;
import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulProvider;
import io.fairlead.stateful.internal.Host.Serving;
import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * The operation that replaces a container's state: of the same version at once, and with another model as a rollout on the
 * wrapped platform.
 */
final class Updating {
  private final Host host;
  private final StatefulConfig config;
  private final StateClock clock;
  private final Events events;
  private final Containers containers;

  Updating(
      Host host, StatefulConfig config, StateClock clock, Events events, Containers containers) {
    this.host = host;
    this.config = config;
    this.clock = clock;
    this.events = events;
    this.containers = containers;
  }

  /** {@return the container with its new state} */
  StatefulContainer update(Steps steps, StatefulContainer container, ModelState state) {
    LiveContainer live = containers.require(container.name(), "update");
    StatefulContainer before = live.container();
    if (before.state().epoch() != container.state().epoch()) {
      throw Containers.conflict(
          "container " + container.name() + " is in state " + before.state().epoch()
              + ", not " + container.state().epoch()
              + ": describe it, look at what it has now, and decide again");
    }
    StatefulContainer after = new StatefulContainer(container.artifact(), state, before.runtime());
    if (live.isAttached()) {
      return updateAttached(steps, live, after);
    }
    String artifactDigest = Digests.of(after.artifact(), Digests.runtime(config), steps);
    String digest = Digests.ofVersion(artifactDigest, state);
    if (digest.equals(live.versionDigest())) {
      steps.commit();
      live.become(after, live.serving(), artifactDigest);
      containers.configure(live);
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
    List<Serving> servings = host.look(after.name(), List.of(), Containers.LOOK_LIMIT);
    steps.commit();
    live.become(after, live.serving(), "");
    containers.configure(live);
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
    containers.prepare(steps, live, version);
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
      containers.configure(live);
      containers.publish(steps, live, version, "");
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
            "version " + version + " was given the requests, but " + what + ": " + e.getMessage()
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
          version.calls().awaitNone(Durations.atMost(Containers.LOOK_AGAIN, steps.left()));
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
}
