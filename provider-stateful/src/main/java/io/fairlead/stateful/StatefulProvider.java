package io.fairlead.stateful;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Platforms;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import io.fairlead.stateful.internal.Wrapping;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Opens the platform {@code stateful}: models with state, in front of any platform.
 *
 * <pre>{@code
 * CachingPlatform stateful = Platforms.open("stateful", CachingPlatform.class,
 *     Map.of("over", "local", "over.gracePeriod", "10s", "folder", "/var/lib/answers"));
 * }</pre>
 *
 * <p>Settings: {@code over}, the id of the platform that is wrapped, and {@code over.KEY} for each of its own. What
 * models are deployed with on endpoints: {@code image}, {@code instanceType}, {@code count} or {@code min} and {@code
 * max}, {@code environment.NAME}; as functions: {@code memory}, {@code timeout}, {@code maxConcurrent}, {@code
 * idleTimeout}. Of the state: {@code folder}, where it outlives the process; {@code redis}, the URI of a second level,
 * and {@code redisTimeToLive}; {@code deterministicModels}; {@code keysVerified}; {@code refresh}; {@code
 * warmUpLimit}; {@code spareCalls}. {@link StatefulConfig} says what each means.
 */
public final class StatefulProvider implements PlatformProvider<CachingPlatform> {
  /** The platform's id. */
  public static final String ID = "stateful";

  /** Creates a provider; does nothing else. */
  public StatefulProvider() {}

  @Override
  public String id() {
    return ID;
  }

  @Override
  public Class<CachingPlatform> type() {
    return CachingPlatform.class;
  }

  @Override
  public Capabilities capabilities() {
    return Capabilities.of(type())
        .partly(Capability.STREAMING, "as the platform that is wrapped; these pass by the cache");
  }

  @Override
  public CachingPlatform open(PlatformConfig settings) {
    String over = settings.requiredText("over", "the id of the platform that is wrapped");
    Map<String, String> itsOwn = settings.below("over");
    StatefulConfig.Draft draft = new StatefulConfig.Draft();
    draft.hosting = hosting(settings);
    draft.functionLimits = functionLimits(settings);
    draft.folder = settings.parsed("folder", "must be the path of a folder", Path::of);
    draft.secondLevel = redis(settings);
    draft.deterministicModels = settings.flag("deterministicModels").orElse(false);
    draft.keysVerified = settings.flag("keysVerified").orElse(false);
    draft.refresh = settings.duration("refresh").orElse(draft.refresh);
    draft.warmUpLimit = settings.duration("warmUpLimit").orElse(draft.warmUpLimit);
    draft.spareCalls = settings.integer("spareCalls").orElse(draft.spareCalls);
    Optional<StatefulConfig> config = settings.built(Map.of(), () -> new StatefulConfig(draft));
    settings.done();
    return over(over, itsOwn, config.orElseThrow(), settings.classLoader());
  }

  private static Optional<Hosting> hosting(PlatformConfig settings) {
    Optional<String> image = settings.text("image");
    Optional<String> type = settings.text("instanceType");
    Optional<Integer> count = settings.integer("count");
    Optional<Integer> min = settings.integer("min");
    Optional<Integer> max = settings.integer("max");
    Map<String, String> environment = settings.below("environment");
    // One instance serves where nothing else is said, as a model has to be somewhere.
    int least = min.or(() -> count).orElse(1);
    int most = max.or(() -> count).orElse(Math.max(1, least));
    return settings.built(
        Map.of(),
        () -> Hosting.of(
            image.map(RuntimeSpec::of).orElse(RuntimeSpec.NONE),
            Dependencies.environment(environment),
            new Scaling(type, count.orElse(Math.max(1, least)), least, most, Options.none())));
  }

  private static Optional<FunctionLimits> functionLimits(PlatformConfig settings) {
    Optional<String> memory = settings.text("memory");
    Optional<Duration> timeout = settings.duration("timeout");
    Optional<Integer> maxConcurrent = settings.integer("maxConcurrent");
    Optional<Duration> idleTimeout = settings.duration("idleTimeout");
    return settings.built(Map.of(), () -> {
      FunctionLimits limits = FunctionLimits.DEFAULT;
      limits = memory.isPresent() ? limits.withMemory(memory.get()) : limits;
      limits = timeout.isPresent() ? limits.withTimeout(timeout.get()) : limits;
      limits = maxConcurrent.isPresent() ? limits.withMaxConcurrent(maxConcurrent.get()) : limits;
      return idleTimeout.isPresent() ? limits.withIdleTimeout(idleTimeout.get()) : limits;
    });
  }

  private static Optional<RedisLevel> redis(PlatformConfig settings) {
    Optional<URI> uri = settings.uri("redis");
    Optional<Duration> timeToLive = settings.duration("redisTimeToLive");
    return uri.flatMap(at -> settings.built(Map.of("uri", "redis"), () -> {
      RedisLevel level = RedisLevel.at(at);
      return timeToLive.isPresent() ? level.withTimeToLive(timeToLive.get()) : level;
    }));
  }

  @SuppressWarnings("rawtypes") // a class has no type arguments
  private static CachingPlatform over(
      String id, Map<String, String> settings, StatefulConfig config, ClassLoader classLoader) {
    if (id.equals(ID)) {
      throw new ServingException(
          ID, ErrorKind.UNSUPPORTED, "Platform 'stateful' cannot wrap itself: name what serves.");
    }
    Platform beneath = Platforms.open(id, Platform.class, settings, classLoader);
    try {
      if (beneath instanceof EndpointPlatform endpoints) {
        return Wrapping.over(endpoints, config, true);
      }
      if (beneath instanceof FunctionPlatform functions) {
        return Wrapping.over(functions, config, true);
      }
    } catch (RuntimeException e) {
      beneath.close();
      throw e;
    }
    beneath.close();
    throw new ServingException(
        ID,
        ErrorKind.UNSUPPORTED,
        "Platform '" + id + "' serves neither endpoints nor functions: it cannot be wrapped.");
  }
}
