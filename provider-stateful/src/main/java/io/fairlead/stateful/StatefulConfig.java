package io.fairlead.stateful;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.Problems;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Settings of the platform {@code stateful}.
 *
 * <pre>{@code
 * StatefulConfig config = StatefulConfig.DEFAULT
 *     .withHosting(Hosting.of(runtime, Dependencies.NONE, Scaling.fixed(2)))
 *     .withFolder(Path.of("/var/lib/answers"));
 * }</pre>
 */
public final class StatefulConfig extends Settings<StatefulConfig.Draft> {
  /** State in memory only; models are attached, not deployed, on an endpoint platform. */
  public static final StatefulConfig DEFAULT = new StatefulConfig(new Draft());

  static final class Draft extends Settings.Draft {
    Optional<Hosting> hosting = Optional.empty();
    Optional<FunctionLimits> functionLimits = Optional.empty();
    Optional<Path> folder = Optional.empty();

    @Hidden
    Optional<RedisLevel> secondLevel = Optional.empty();

    @Hidden
    Optional<Successors> successors = Optional.empty();

    boolean deterministicModels;
    boolean keysVerified;
    Duration refresh = Duration.ofSeconds(10);
    Duration warmUpLimit = Duration.ofMinutes(1);
    int spareCalls = 1;
  }

  StatefulConfig(Draft draft) {
    super(draft);
    Problems.in("StatefulConfig")
        .check(
            draft.refresh.compareTo(Duration.ZERO) > 0,
            "refresh",
            "must be more than 0",
            draft.refresh)
        .check(
            draft.warmUpLimit.compareTo(Duration.ZERO) > 0,
            "warmUpLimit",
            "must be more than 0",
            draft.warmUpLimit)
        .check(draft.spareCalls >= 0, "spareCalls", "must be 0 or more", draft.spareCalls)
        .throwIfAny();
  }

  /** {@return what models are deployed with on an endpoint platform; empty to attach only} */
  public Optional<Hosting> hosting() {
    return draft().hosting;
  }

  /** {@return what models are deployed with on a function platform; empty for {@link FunctionLimits#DEFAULT}} */
  public Optional<FunctionLimits> functionLimits() {
    return draft().functionLimits;
  }

  /** {@return the folder in which the state of each container outlives the process; empty to keep none} */
  public Optional<Path> folder() {
    return draft().folder;
  }

  /** {@return the second level of the cache, beyond this process; empty for none} */
  public Optional<RedisLevel> secondLevel() {
    return draft().secondLevel;
  }

  /** {@return the function that knows which requests are likely to come next; empty to learn it} */
  public Optional<Successors> successors() {
    return draft().successors;
  }

  /** {@return whether all models here are deterministic, so that not each has to say it by {@link StatefulModel}} */
  public boolean deterministicModels() {
    return draft().deterministicModels;
  }

  /**
   * {@return whether each answer from the cache is checked against the request that it was computed for}
   *
   * <p>Without it a request is known by 128 bits of a hash that is no secret: a client that may choose requests freely can make
   * one with the key of another's, in any scope, and so spoil that answer. It takes the memory of the requests, applies only
   * where they are retained, and leaves the second level out, which has none.
   */
  public boolean keysVerified() {
    return draft().keysVerified;
  }

  /**
   * {@return the interval at which it is checked what serves a name on the wrapped platform, and with which weights; ten
   * seconds by default}
   *
   * <p>A version that others replace there may be answered for from the cache for up to twice this time.
   */
  public Duration refresh() {
    return draft().refresh;
  }

  /** {@return the limit on warming up a version before it is published; what is not asked by then is left out} */
  public Duration warmUpLimit() {
    return draft().warmUpLimit;
  }

  /**
   * {@return the number of calls of a model at a time below which it counts as idle, so that answers may be computed ahead
   * of requests; 0 for never, 1 by default}
   */
  public int spareCalls() {
    return draft().spareCalls;
  }

  /** {@return these settings with what models are deployed with on an endpoint platform} */
  public StatefulConfig withHosting(Hosting hosting) {
    requireNonNull(hosting, "hosting");
    return new StatefulConfig(with(draft -> draft.hosting = Optional.of(hosting)));
  }

  /** {@return these settings with what models are deployed with on a function platform} */
  public StatefulConfig withFunctionLimits(FunctionLimits limits) {
    requireNonNull(limits, "limits");
    return new StatefulConfig(with(draft -> draft.functionLimits = Optional.of(limits)));
  }

  /** {@return these settings with the folder in which the state of each container outlives the process; created when needed} */
  public StatefulConfig withFolder(Path folder) {
    requireNonNull(folder, "folder");
    return new StatefulConfig(with(draft -> draft.folder = Optional.of(folder)));
  }

  /** {@return these settings with a second level of the cache, beyond this process} */
  public StatefulConfig withSecondLevel(RedisLevel level) {
    requireNonNull(level, "level");
    return new StatefulConfig(with(draft -> draft.secondLevel = Optional.of(level)));
  }

  /** {@return these settings with a function that knows which requests are likely to come next} */
  public StatefulConfig withSuccessors(Successors successors) {
    requireNonNull(successors, "successors");
    return new StatefulConfig(with(draft -> draft.successors = Optional.of(successors)));
  }

  /** {@return these settings with the statement that all models here are deterministic} */
  public StatefulConfig withDeterministicModels() {
    return new StatefulConfig(with(draft -> draft.deterministicModels = true));
  }

  /** {@return these settings with each answer checked against the request that it was computed for} */
  public StatefulConfig withKeysVerified() {
    return new StatefulConfig(with(draft -> draft.keysVerified = true));
  }

  /** {@return these settings with another interval at which it is checked what serves, more than 0} */
  public StatefulConfig withRefresh(Duration refresh) {
    requireNonNull(refresh, "refresh");
    return new StatefulConfig(with(draft -> draft.refresh = refresh));
  }

  /** {@return these settings with another limit on warming up a version, more than 0} */
  public StatefulConfig withWarmUpLimit(Duration limit) {
    requireNonNull(limit, "limit");
    return new StatefulConfig(with(draft -> draft.warmUpLimit = limit));
  }

  /** {@return these settings with another number of calls below which a model counts as idle, 0 or more} */
  public StatefulConfig withSpareCalls(int spareCalls) {
    return new StatefulConfig(with(draft -> draft.spareCalls = spareCalls));
  }
}
