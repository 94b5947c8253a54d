package io.fairlead.local;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.ModelFetcher;
import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.engine.internal.Engine;
import io.fairlead.grammar.Problems;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Settings of the platform {@code local}.
 *
 * <pre>{@code
 * LocalConfig config = LocalConfig.DEFAULT
 *     .withFunction("greeter", request -> Response.json("\"hello, " + request.text() + "\""));
 * }</pre>
 */
public final class LocalConfig extends Settings<LocalConfig.Draft> {
  /** No functions, the user's cache folder, and this library's class loader. */
  public static final LocalConfig DEFAULT = new LocalConfig(new Draft());

  static final class Draft extends Settings.Draft {
    Map<String, ModelHandler> functions = Map.of();

    @Hidden
    Map<String, ModelFetcher> fetchers = Map.of();

    Path cacheFolder = Engine.defaultCacheFolder();
    Optional<ClassLoader> classLoader = Optional.empty();
    Duration gracePeriod = Duration.ofSeconds(20);
  }

  LocalConfig(Draft draft) {
    super(draft);
    Problems.in("LocalConfig")
        .check(
            !draft.gracePeriod.isNegative(), "gracePeriod", "must be 0 or more", draft.gracePeriod)
        .throwIfAny();
  }

  /** {@return Java functions by the name that artifacts at {@code java:NAME} refer to} */
  public Map<String, ModelHandler> functions() {
    return draft().functions;
  }

  /**
   * {@return the fetchers of remote models, by the scheme of their locations, such as {@code https}; nothing is
   * downloaded for a scheme without one}
   */
  public Map<String, ModelFetcher> fetchers() {
    return draft().fetchers;
  }

  /** {@return the cache folder for native libraries; created when needed} */
  public Path cacheFolder() {
    return draft().cacheFolder;
  }

  /**
   * {@return the class loader for artifacts at {@code classpath:NAME} and {@code java:NAME}; empty for the context class
   * loader of the thread that opens the platform, and then the library's own}
   */
  public Optional<ClassLoader> classLoader() {
    return draft().classLoader;
  }

  /** {@return the time that accepted requests have to end when the platform is closed; 20 seconds by default} */
  public Duration gracePeriod() {
    return draft().gracePeriod;
  }

  /** {@return these settings with a Java function for artifacts at {@code java:NAME}} */
  public LocalConfig withFunction(String name, ModelHandler function) {
    Map<String, ModelHandler> all = new HashMap<>(functions());
    all.put(requireNonNull(name, "name"), requireNonNull(function, "function"));
    return new LocalConfig(with(draft -> draft.functions = all));
  }

  /** {@return these settings with a Java function that streams its response} */
  public LocalConfig withFunction(String name, StreamingModelHandler function) {
    return withFunction(name, (ModelHandler) function);
  }

  /** {@return these settings with a fetcher for models at locations of a scheme, such as {@code https}} */
  public LocalConfig withFetcher(String scheme, ModelFetcher fetcher) {
    Map<String, ModelFetcher> all = new HashMap<>(fetchers());
    all.put(requireNonNull(scheme, "scheme"), requireNonNull(fetcher, "fetcher"));
    return new LocalConfig(with(draft -> draft.fetchers = all));
  }

  /** {@return these settings with another cache folder} */
  public LocalConfig withCacheFolder(Path cacheFolder) {
    return new LocalConfig(with(draft -> draft.cacheFolder = cacheFolder));
  }

  /**
   * {@return these settings with another class loader for artifacts at {@code classpath:NAME} and {@code java:NAME}}
   */
  public LocalConfig withClassLoader(ClassLoader classLoader) {
    return new LocalConfig(with(draft -> draft.classLoader = Optional.of(classLoader)));
  }

  /**
   * {@return these settings with another time for accepted requests to end when the platform is closed}
   *
   * @param gracePeriod 0 or more; 0 stops them at once
   */
  public LocalConfig withGracePeriod(Duration gracePeriod) {
    return new LocalConfig(with(draft -> draft.gracePeriod = gracePeriod));
  }
}
