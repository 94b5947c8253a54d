package io.fairlead.serverless;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.ModelFetcher;
import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.engine.internal.Engine;
import io.fairlead.grammar.Problems;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Settings of the platform {@code serverless}.
 *
 * @param functions Java code by the name under which an artifact at {@code java:NAME} asks for it
 * @param fetchers what fetches a model from elsewhere, by the scheme of its location, such as {@code s3}; nothing is
 *     fetched without one
 * @param memoryBytes what the instances of all functions may count together, in bytes; 0 for three quarters of what this
 *     machine or container has
 * @param starts how many instances may be starting at a time; 0 for as many as there are processors
 * @param http where functions answer over HTTP; it listens from the first {@code url} on, or from the start if the port
 *     is given
 * @param cacheFolder where native libraries and optimised models are kept between runs; made when it is needed
 * @param classLoader finds artifacts at {@code classpath:NAME} and {@code java:NAME}
 */
public record ServerlessConfig(
    Map<String, ModelHandler> functions,
    Map<String, ModelFetcher> fetchers,
    long memoryBytes,
    int starts,
    HttpSettings http,
    Path cacheFolder,
    ClassLoader classLoader) {
  /** No functions, three quarters of the memory, loopback, the user's cache folder, this library's class loader. */
  public static final ServerlessConfig DEFAULT = new ServerlessConfig(
      Map.of(),
      Map.of(),
      0,
      0,
      HttpSettings.DEFAULT,
      Engine.defaultCacheFolder(),
      ServerlessConfig.class.getClassLoader());

  public ServerlessConfig {
    functions = Map.copyOf(functions);
    fetchers = Map.copyOf(fetchers);
    requireNonNull(http, "http");
    requireNonNull(cacheFolder, "cacheFolder");
    requireNonNull(classLoader, "classLoader");
    Problems.in("ServerlessConfig")
        .check(memoryBytes >= 0, "memoryBytes", "must not be negative", memoryBytes)
        .check(starts >= 0, "starts", "must not be negative", starts)
        .throwIfAny();
  }

  /** {@return these settings with Java code that artifacts at {@code java:NAME} ask for} */
  public ServerlessConfig withFunction(String name, ModelHandler function) {
    Map<String, ModelHandler> all = new HashMap<>(functions);
    all.put(requireNonNull(name, "name"), requireNonNull(function, "function"));
    return new ServerlessConfig(all, fetchers, memoryBytes, starts, http, cacheFolder, classLoader);
  }

  /** {@return these settings with Java code that answers in pieces} */
  public ServerlessConfig withFunction(String name, StreamingModelHandler function) {
    return withFunction(name, (ModelHandler) function);
  }

  /** {@return these settings with what fetches models whose location has a scheme, such as {@code https}} */
  public ServerlessConfig withFetcher(String scheme, ModelFetcher fetcher) {
    Map<String, ModelFetcher> all = new HashMap<>(fetchers);
    all.put(requireNonNull(scheme, "scheme"), requireNonNull(fetcher, "fetcher"));
    return new ServerlessConfig(
        functions, all, memoryBytes, starts, http, cacheFolder, classLoader);
  }

  public ServerlessConfig withMemoryBytes(long newMemoryBytes) {
    return new ServerlessConfig(
        functions, fetchers, newMemoryBytes, starts, http, cacheFolder, classLoader);
  }

  public ServerlessConfig withStarts(int newStarts) {
    return new ServerlessConfig(
        functions, fetchers, memoryBytes, newStarts, http, cacheFolder, classLoader);
  }

  public ServerlessConfig withHttp(HttpSettings newHttp) {
    return new ServerlessConfig(
        functions, fetchers, memoryBytes, starts, newHttp, cacheFolder, classLoader);
  }

  public ServerlessConfig withCacheFolder(Path newCacheFolder) {
    return new ServerlessConfig(
        functions, fetchers, memoryBytes, starts, http, newCacheFolder, classLoader);
  }

  public ServerlessConfig withClassLoader(ClassLoader newClassLoader) {
    return new ServerlessConfig(
        functions, fetchers, memoryBytes, starts, http, cacheFolder, newClassLoader);
  }
}
