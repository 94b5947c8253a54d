package io.fairlead.local;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.ModelFetcher;
import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.engine.internal.Engine;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Settings of the platform {@code local}.
 *
 * @param functions Java code by the name under which an artifact at {@code java:NAME} asks for it
 * @param fetchers what fetches a model from elsewhere, by the scheme of its location, such as {@code https}; nothing is
 *     fetched without one
 * @param cacheFolder where native libraries are kept between runs; made when it is needed
 * @param classLoader finds artifacts at {@code classpath:NAME} and {@code java:NAME}
 */
public record LocalConfig(
    Map<String, ModelHandler> functions,
    Map<String, ModelFetcher> fetchers,
    Path cacheFolder,
    ClassLoader classLoader) {
  /** No functions, the user's cache folder, and this library's class loader. */
  public static final LocalConfig DEFAULT = new LocalConfig(
      Map.of(), Map.of(), Engine.defaultCacheFolder(), LocalConfig.class.getClassLoader());

  public LocalConfig {
    functions = Map.copyOf(functions);
    fetchers = Map.copyOf(fetchers);
    requireNonNull(cacheFolder, "cacheFolder");
    requireNonNull(classLoader, "classLoader");
  }

  /** {@return these settings with Java code that artifacts at {@code java:NAME} ask for} */
  public LocalConfig withFunction(String name, ModelHandler function) {
    Map<String, ModelHandler> all = new HashMap<>(functions);
    all.put(requireNonNull(name, "name"), requireNonNull(function, "function"));
    return new LocalConfig(all, fetchers, cacheFolder, classLoader);
  }

  /** {@return these settings with Java code that answers in pieces} */
  public LocalConfig withFunction(String name, StreamingModelHandler function) {
    return withFunction(name, (ModelHandler) function);
  }

  /** {@return these settings with what fetches models whose location has a scheme, such as {@code https}} */
  public LocalConfig withFetcher(String scheme, ModelFetcher fetcher) {
    Map<String, ModelFetcher> all = new HashMap<>(fetchers);
    all.put(requireNonNull(scheme, "scheme"), requireNonNull(fetcher, "fetcher"));
    return new LocalConfig(functions, all, cacheFolder, classLoader);
  }

  public LocalConfig withCacheFolder(Path newCacheFolder) {
    return new LocalConfig(functions, fetchers, newCacheFolder, classLoader);
  }

  public LocalConfig withClassLoader(ClassLoader newClassLoader) {
    return new LocalConfig(functions, fetchers, cacheFolder, newClassLoader);
  }
}
