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
    ClassLoader classLoader = ServerlessConfig.class.getClassLoader();
  }

  private ServerlessConfig(Draft draft) {
    super(draft);
    Problems problems = Problems.in("ServerlessConfig");
    draft.memoryBytes.ifPresent(
        bytes -> problems.check(bytes >= 1, "memoryBytes", "must be 1 or more", bytes));
    draft.starts.ifPresent(
        starts -> problems.check(starts >= 1, "starts", "must be 1 or more", starts));
    problems.throwIfAny();
  }

  /** {@return Java code by the name under which an artifact at {@code java:NAME} asks for it} */
  public Map<String, ModelHandler> functions() {
    return draft().functions;
  }

  /**
   * {@return what fetches a model from elsewhere, by the scheme of its location, such as {@code s3}; nothing is fetched
   * without one}
   */
  public Map<String, ModelFetcher> fetchers() {
    return draft().fetchers;
  }

  /**
   * {@return what the instances of all functions may count together, in bytes; empty for three quarters of what this
   * machine or container has}
   */
  public Optional<Long> memoryBytes() {
    return draft().memoryBytes;
  }

  /** {@return how many instances may be starting at a time; empty for as many as there are processors} */
  public Optional<Integer> starts() {
    return draft().starts;
  }

  /**
   * {@return where functions answer over HTTP; it listens from the first {@code url} on, or from the start if the port is
   * given}
   */
  public HttpSettings http() {
    return draft().http;
  }

  /** {@return where native libraries and optimised models are kept between runs; made when it is needed} */
  public Path cacheFolder() {
    return draft().cacheFolder;
  }

  /** {@return what finds artifacts at {@code classpath:NAME} and {@code java:NAME}} */
  public ClassLoader classLoader() {
    return draft().classLoader;
  }

  /** {@return these settings with Java code that artifacts at {@code java:NAME} ask for} */
  public ServerlessConfig withFunction(String name, ModelHandler function) {
    Map<String, ModelHandler> all = new HashMap<>(functions());
    all.put(requireNonNull(name, "name"), requireNonNull(function, "function"));
    return new ServerlessConfig(with(draft -> draft.functions = all));
  }

  /** {@return these settings with Java code that answers in pieces} */
  public ServerlessConfig withFunction(String name, StreamingModelHandler function) {
    return withFunction(name, (ModelHandler) function);
  }

  /** {@return these settings with what fetches models whose location has a scheme, such as {@code https}} */
  public ServerlessConfig withFetcher(String scheme, ModelFetcher fetcher) {
    Map<String, ModelFetcher> all = new HashMap<>(fetchers());
    all.put(requireNonNull(scheme, "scheme"), requireNonNull(fetcher, "fetcher"));
    return new ServerlessConfig(with(draft -> draft.fetchers = all));
  }

  /** {@return these settings with what the instances of all functions may count together} */
  public ServerlessConfig withMemoryBytes(long memoryBytes) {
    return new ServerlessConfig(with(draft -> draft.memoryBytes = Optional.of(memoryBytes)));
  }

  /** {@return these settings with how many instances may be starting at a time} */
  public ServerlessConfig withStarts(int starts) {
    return new ServerlessConfig(with(draft -> draft.starts = Optional.of(starts)));
  }

  /** {@return these settings with where functions answer over HTTP} */
  public ServerlessConfig withHttp(HttpSettings http) {
    return new ServerlessConfig(with(draft -> draft.http = http));
  }

  /** {@return these settings with another folder for what is kept between runs} */
  public ServerlessConfig withCacheFolder(Path cacheFolder) {
    return new ServerlessConfig(with(draft -> draft.cacheFolder = cacheFolder));
  }

  /** {@return these settings with what finds artifacts at {@code classpath:NAME} and {@code java:NAME}} */
  public ServerlessConfig withClassLoader(ClassLoader classLoader) {
    return new ServerlessConfig(with(draft -> draft.classLoader = classLoader));
  }
}
