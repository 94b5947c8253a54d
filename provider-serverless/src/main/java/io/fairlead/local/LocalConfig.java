package io.fairlead.local;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.ModelFetcher;
import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.engine.internal.Engine;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

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
    ClassLoader classLoader = LocalConfig.class.getClassLoader();
  }

  private LocalConfig(Draft draft) {
    super(draft);
  }

  /** {@return Java code by the name under which an artifact at {@code java:NAME} asks for it} */
  public Map<String, ModelHandler> functions() {
    return draft().functions;
  }

  /**
   * {@return what fetches a model from elsewhere, by the scheme of its location, such as {@code https}; nothing is fetched
   * without one}
   */
  public Map<String, ModelFetcher> fetchers() {
    return draft().fetchers;
  }

  /** {@return where native libraries are kept between runs; made when it is needed} */
  public Path cacheFolder() {
    return draft().cacheFolder;
  }

  /** {@return what finds artifacts at {@code classpath:NAME} and {@code java:NAME}} */
  public ClassLoader classLoader() {
    return draft().classLoader;
  }

  /** {@return these settings with Java code that artifacts at {@code java:NAME} ask for} */
  public LocalConfig withFunction(String name, ModelHandler function) {
    Map<String, ModelHandler> all = new HashMap<>(functions());
    all.put(requireNonNull(name, "name"), requireNonNull(function, "function"));
    return new LocalConfig(with(draft -> draft.functions = all));
  }

  /** {@return these settings with Java code that answers in pieces} */
  public LocalConfig withFunction(String name, StreamingModelHandler function) {
    return withFunction(name, (ModelHandler) function);
  }

  /** {@return these settings with what fetches models whose location has a scheme, such as {@code https}} */
  public LocalConfig withFetcher(String scheme, ModelFetcher fetcher) {
    Map<String, ModelFetcher> all = new HashMap<>(fetchers());
    all.put(requireNonNull(scheme, "scheme"), requireNonNull(fetcher, "fetcher"));
    return new LocalConfig(with(draft -> draft.fetchers = all));
  }

  /** {@return these settings with another folder for what is kept between runs} */
  public LocalConfig withCacheFolder(Path cacheFolder) {
    return new LocalConfig(with(draft -> draft.cacheFolder = cacheFolder));
  }

  /** {@return these settings with what finds artifacts at {@code classpath:NAME} and {@code java:NAME}} */
  public LocalConfig withClassLoader(ClassLoader classLoader) {
    return new LocalConfig(with(draft -> draft.classLoader = classLoader));
  }
}
