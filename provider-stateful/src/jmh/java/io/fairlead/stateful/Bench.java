package io.fairlead.stateful;

import io.fairlead.engine.ModelHandler;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.UpdateStrategy;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.platform.EndpointPlatform;
import java.net.URI;
import java.time.Duration;

/** What the measurements of this package have in common: a platform in this JVM, models and policies. */
final class Bench {
  static final Duration LIMIT = Duration.ofMinutes(1);
  static final Hosting HOSTING = Hosting.of(RuntimeSpec.NONE, Dependencies.NONE, Scaling.fixed(16));

  private Bench() {}

  static EndpointPlatform local(String name, ModelHandler handler) {
    return new LocalProvider().open(LocalConfig.DEFAULT.withFunction(name, handler));
  }

  static StatefulConfig config() {
    return StatefulConfig.DEFAULT.withHosting(HOSTING);
  }

  static ModelArtifact model(String name, StatefulModel option) {
    return ModelArtifact.of(URI.create("java:" + name)).named("bench").with(option);
  }

  static StatePolicy policy(Strategy strategy, Eviction eviction, long bytes) {
    return new StatePolicy(
        new CachingPolicy(strategy, bytes, eviction),
        new UpdateStrategy(UpdateStrategy.Type.INCREMENTAL, Duration.ofMinutes(5), false));
  }

  static StatePolicy with(StatePolicy policy, boolean importance, boolean tuning) {
    return new StatePolicy(
        policy.caching(), policy.update(), new ModelState.DynamicConfig(importance, tuning));
  }

  /** Keeps the processor busy for so long, as a small model does. */
  static void work(long nanos) {
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < nanos) {
      Thread.onSpinWait();
    }
  }
}
