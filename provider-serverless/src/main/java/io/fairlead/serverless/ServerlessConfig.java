package io.fairlead.serverless;

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
 * Settings of the platform {@code serverless}.
 *
 * <pre>{@code
 * ServerlessConfig config = ServerlessConfig.DEFAULT
 *     .withMemoryBytes(4L << 30)
 *     .withFetcher("https", new HttpFetcher());
 * }</pre>
 */
public final class ServerlessConfig extends Settings<ServerlessConfig.Draft> {
  /** No functions, three quarters of the memory, loopback, the user's cache folder, this library's class loader. */
  public static final ServerlessConfig DEFAULT = new ServerlessConfig(new Draft());

  static final class Draft extends Settings.Draft {
    Map<String, ModelHandler> functions = Map.of();

    @Hidden
    Map<String, ModelFetcher> fetchers = Map.of();

    Optional<Long> memoryBytes = Optional.empty();
    Optional<Integer> starts = Optional.empty();
    HttpSettings http = HttpSettings.DEFAULT;
    Path cacheFolder = Engine.defaultCacheFolder();
    Optional<ClassLoader> classLoader = Optional.empty();
    Duration gracePeriod = Duration.ofSeconds(20);
  }

  ServerlessConfig(Draft draft) {
    super(draft);
    Problems problems = Problems.in("ServerlessConfig");
    draft.memoryBytes.ifPresent(
        bytes -> problems.check(bytes >= 1, "memoryBytes", "must be 1 or more", bytes));
    draft.starts.ifPresent(
        starts -> problems.check(starts >= 1, "starts", "must be 1 or more", starts));
    problems
        .check(
            !draft.gracePeriod.isNegative(), "gracePeriod", "must be 0 or more", draft.gracePeriod)
        .throwIfAny();
  }

  /** {@return Java functions by the name that artifacts at {@code java:NAME} refer to} */
  public Map<String, ModelHandler> functions() {
    return draft().functions;
  }

  /**
   * {@return the fetchers of remote models, by the scheme of their locations, such as {@code s3}; nothing is downloaded
   * for a scheme without one}
   */
  public Map<String, ModelFetcher> fetchers() {
    return draft().fetchers;
  }

  /**
   * {@return the memory that the instances of all functions may take together, in bytes; empty for three quarters of
   * the memory of this machine or container}
   */
  public Optional<Long> memoryBytes() {
    return draft().memoryBytes;
  }

  /** {@return the maximum number of concurrent starts of instances; empty for one per processor} */
  public Optional<Integer> starts() {
    return draft().starts;
  }

  /**
   * {@return the settings of the HTTP server; it listens from the first call of {@code url}, or from the start if a
   * port is given}
   */
  public HttpSettings http() {
    return draft().http;
  }

  /** {@return the cache folder for native libraries and optimised models; created when needed} */
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

  /**
   * {@return the time that accepted invocations have to end when the platform is closed, those that wait included}
   *
   * <p>20 seconds by default, which leaves a third of the 30 that Kubernetes and SageMaker give a container after
   * SIGTERM.
   */
  public Duration gracePeriod() {
    return draft().gracePeriod;
  }

  /** {@return these settings with a Java function for artifacts at {@code java:NAME}} */
  public ServerlessConfig withFunction(String name, ModelHandler function) {
    Map<String, ModelHandler> all = new HashMap<>(functions());
    all.put(requireNonNull(name, "name"), requireNonNull(function, "function"));
    return new ServerlessConfig(with(draft -> draft.functions = all));
  }

  /** {@return these settings with a Java function that streams its response} */
  public ServerlessConfig withFunction(String name, StreamingModelHandler function) {
    return withFunction(name, (ModelHandler) function);
  }

  /** {@return these settings with a fetcher for models at locations of a scheme, such as {@code https}} */
  public ServerlessConfig withFetcher(String scheme, ModelFetcher fetcher) {
    Map<String, ModelFetcher> all = new HashMap<>(fetchers());
    all.put(requireNonNull(scheme, "scheme"), requireNonNull(fetcher, "fetcher"));
    return new ServerlessConfig(with(draft -> draft.fetchers = all));
  }

  /** {@return these settings with another amount of memory for the instances of all functions together} */
  public ServerlessConfig withMemoryBytes(long memoryBytes) {
    return new ServerlessConfig(with(draft -> draft.memoryBytes = Optional.of(memoryBytes)));
  }

  /** {@return these settings with another maximum number of concurrent starts} */
  public ServerlessConfig withStarts(int starts) {
    return new ServerlessConfig(with(draft -> draft.starts = Optional.of(starts)));
  }

  /** {@return these settings with other settings of the HTTP server} */
  public ServerlessConfig withHttp(HttpSettings http) {
    return new ServerlessConfig(with(draft -> draft.http = http));
  }

  /** {@return these settings with another cache folder} */
  public ServerlessConfig withCacheFolder(Path cacheFolder) {
    return new ServerlessConfig(with(draft -> draft.cacheFolder = cacheFolder));
  }

  /**
   * {@return these settings with another class loader for artifacts at {@code classpath:NAME} and {@code java:NAME}}
   */
  public ServerlessConfig withClassLoader(ClassLoader classLoader) {
    return new ServerlessConfig(with(draft -> draft.classLoader = Optional.of(classLoader)));
  }

  /**
   * {@return these settings with another time for accepted invocations to end when the platform is closed}
   *
   * @param gracePeriod 0 or more; 0 stops them at once
   */
  public ServerlessConfig withGracePeriod(Duration gracePeriod) {
    return new ServerlessConfig(with(draft -> draft.gracePeriod = gracePeriod));
  }
}
