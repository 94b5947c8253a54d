package io.fairlead.engine.internal;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.InferenceEngine;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelFetcher;
import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.Fingerprints;
import io.fairlead.engine.internal.graphs.TensorflowEngine;
import io.fairlead.engine.internal.graphs.TorchscriptEngine;
import io.fairlead.engine.internal.onnx.OnnxCache;
import io.fairlead.engine.internal.onnx.OnnxEngine;
import io.fairlead.engine.internal.run.Calls;
import io.fairlead.engine.internal.run.HandlerEngine;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.run.RunningCall;
import io.fairlead.engine.internal.run.SharedModel;
import io.fairlead.engine.internal.source.Archives;
import io.fairlead.engine.internal.source.Downloads;
import io.fairlead.engine.internal.source.ModelSources;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.Upkeep;
import io.fairlead.engine.internal.trees.LightgbmEngine;
import io.fairlead.engine.internal.trees.XgboostEngine;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Redacted;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs models inside this JVM.
 *
 * <pre>{@code
 * try (Engine engine = new Engine("local", Map.of(), Engine.defaultCacheFolder(), loader);
 *     LeasedModel iris = engine.load(ModelArtifact.of(Path.of("iris.onnx")))) {
 *   Response answer = iris.invoke(Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}"));
 * }
 * }</pre>
 *
 * <p>An artifact's weights are one of:
 *
 * <ul>
 *   <li>{@code file:} a model's file, or a folder that holds {@code model.onnx}, one other model, or a TensorFlow SavedModel;
 *   <li>{@code classpath:NAME} a model's file that the class loader finds;
 *   <li>{@code java:NAME} a function registered under that name, or else a class that is a {@link ModelHandler};
 *   <li>anything else, such as {@code https:}, if there is a {@link ModelFetcher} for its scheme.
 * </ul>
 *
 * <p>A file or resource that is a {@code .tar.gz}, {@code .tar} or {@code .zip}, by its bytes, is unpacked into the cache
 * folder, once, and counts as the folder that was packed. The artifact's label {@code sha256}, if there is one, says which
 * file or archive it has to be.
 *
 * <p>A file's format is told from its bytes. ONNX runs as it is; XGBoost, LightGBM, TorchScript and TensorFlow run where
 * their libraries are on the class path, and further formats where there is an {@link InferenceEngine} for them.
 *
 * <p>A model that takes token ids takes texts if its tokenizer is there: the file that the artifact's label {@code
 * tokenizer} names, or {@code NAME-tokenizer.json} beside {@code NAME.onnx}, or {@code tokenizer.json}.
 *
 * <p>Loading the same bytes again with equal options gives a further lease of the one model. Nothing of a model's runtime is touched before
 * the first load. Safe for any number of threads.
 */
public final class Engine implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(10);
  /** How much the optimised models take in the cache folder at most, if nothing is said: 4 GiB. */
  public static final long MODEL_CACHE_BYTES = 4L << 30;

  private static final long FINGERPRINT_BYTES = 4L << 20;

  private final Failures failures;
  private final ModelSources sources;
  private final Downloads downloads;
  private final Engines engines;
  private final Calls calls;
  private final Upkeep upkeep;
  private final ReentrantLock sharing = new ReentrantLock();
  private final Map<SharedModel.Key, SharedModel> shared = new HashMap<>();
  private final Set<LeasedModel> leases = ConcurrentHashMap.newKeySet();

  /**
   * Makes an engine, at no cost, that keeps up to 4 GiB of optimised models.
   *
   * @param platform the id of the platform whose failures these are
   * @param functions Java code by the name under which artifacts ask for it
   * @param cacheFolder where native libraries and optimised models are kept between runs; created when needed
   * @param classLoader finds {@code classpath:} resources, {@code java:} classes and engines for further formats
   */
  public Engine(
      String platform,
      Map<String, ModelHandler> functions,
      Path cacheFolder,
      ClassLoader classLoader) {
    this(platform, functions, Map.of(), cacheFolder, MODEL_CACHE_BYTES, classLoader);
  }

  /**
   * Makes an engine, at no cost, that fetches nothing.
   *
   * @param platform the id of the platform whose failures these are
   * @param functions Java code by the name under which artifacts ask for it
   * @param cacheFolder where native libraries and models are kept between runs; created when needed
   * @param modelCacheBytes how much the optimised models may take there, of which the ones used last stay; 0 keeps none
   * @param classLoader finds {@code classpath:} resources, {@code java:} classes and engines for further formats
   */
  public Engine(
      String platform,
      Map<String, ModelHandler> functions,
      Path cacheFolder,
      long modelCacheBytes,
      ClassLoader classLoader) {
    this(platform, functions, Map.of(), cacheFolder, modelCacheBytes, classLoader);
  }

  /**
   * Makes an engine, at no cost.
   *
   * @param platform the id of the platform whose failures these are
   * @param functions Java code by the name under which artifacts ask for it
   * @param fetchers bring models from elsewhere, by scheme, such as {@code https}
   * @param cacheFolder where native libraries and models are kept between runs; created when needed
   * @param modelCacheBytes how much the optimised models may take there, of which the ones used last stay; 0 keeps none
   * @param classLoader finds {@code classpath:} resources, {@code java:} classes and engines for further formats
   */
  public Engine(
      String platform,
      Map<String, ModelHandler> functions,
      Map<String, ModelFetcher> fetchers,
      Path cacheFolder,
      long modelCacheBytes,
      ClassLoader classLoader) {
    this(
        platform,
        new Failures(platform),
        functions,
        Map.copyOf(fetchers),
        requireNonNull(cacheFolder, "cacheFolder"),
        modelCacheBytes,
        new Upkeep("fairlead-" + platform + "-upkeep"),
        classLoader);
  }

  private Engine(
      String platform,
      Failures failures,
      Map<String, ModelHandler> functions,
      Map<String, ModelFetcher> fetchers,
      Path cacheFolder,
      long modelCacheBytes,
      Upkeep upkeep,
      ClassLoader classLoader) {
    this(
        platform,
        failures,
        modelCacheBytes == 0
            ? DiskCache.NONE
            : new DiskCache(cacheFolder.resolve("fingerprints"), FINGERPRINT_BYTES),
        new Downloads(cacheFolder.resolve("downloads"), fetchers, failures),
        cacheFolder,
        upkeep,
        classLoader,
        new Engines(
            List.of(
                new HandlerEngine(Map.copyOf(functions), classLoader, failures),
                new OnnxEngine(
                    cacheFolder,
                    new OnnxCache(new DiskCache(cacheFolder.resolve("models"), modelCacheBytes)),
                    upkeep,
                    failures),
                new XgboostEngine(failures),
                new LightgbmEngine(failures),
                new TorchscriptEngine(cacheFolder, failures),
                new TensorflowEngine(cacheFolder, failures)),
            classLoader,
            cacheFolder,
            failures));
  }

  Engine(String platform, Failures failures, ClassLoader classLoader, Engines engines) {
    this(
        platform,
        failures,
        DiskCache.NONE,
        new Downloads(engines.cacheFolder().resolve("downloads"), Map.of(), failures),
        engines.cacheFolder(),
        new Upkeep("fairlead-" + platform + "-upkeep"),
        classLoader,
        engines);
  }

  private Engine(
      String platform,
      Failures failures,
      DiskCache fingerprints,
      Downloads downloads,
      Path cacheFolder,
      Upkeep upkeep,
      ClassLoader classLoader,
      Engines engines) {
    this.failures = failures;
    this.upkeep = upkeep;
    this.downloads = downloads;
    this.sources = new ModelSources(
        requireNonNull(classLoader, "classLoader"),
        new Fingerprints(fingerprints),
        new Archives(cacheFolder.resolve("archives"), Archives.Limits.DEFAULT, failures),
        downloads,
        failures);
    this.engines = engines;
    this.calls =
        new Calls(failures, "fairlead-" + requireNonNull(platform, "platform") + "-deadlines");
  }

  /** {@return {@code fairlead} in the user's cache folder: {@code $XDG_CACHE_HOME}, or {@code .cache} in the home} */
  public static Path defaultCacheFolder() {
    String cache = System.getenv("XDG_CACHE_HOME");
    return cache != null && Path.of(cache).isAbsolute()
        ? Path.of(cache, "fairlead")
        : Path.of(System.getProperty("user.home"), ".cache", "fairlead");
  }

  /**
   * {@return a hash over all that the artifact's model is made of, as 64 hexadecimal digits}
   *
   * <p>For a single file it is the file's SHA-256. The artifact's name and other metadata are not part of it. Reads the
   * files, and loads nothing.
   *
   * @throws ServingException as {@link #load(ModelArtifact)} does
   */
  public String digest(ModelArtifact artifact) {
    return sources.resolve(artifact).digest();
  }

  /**
   * {@return the artifact with its weights on this machine, fetched if they were not, for another process to load}
   *
   * @throws ServingException as {@link #load(ModelArtifact)} does
   */
  public ModelArtifact local(ModelArtifact artifact) {
    URI weights = sources.local(artifact);
    return weights.equals(artifact.weights())
        ? artifact
        : new ModelArtifact(artifact.code(), weights, artifact.metadata());
  }

  /**
   * {@return the {@linkplain #digest digest} of an artifact that looks like a model that can be loaded here}
   *
   * <p>Reads the files and looks up Java code, and loads and runs nothing: what only shows when it is loaded, such as an
   * operator that is not there, is not found.
   *
   * @throws ServingException as {@link #load(ModelArtifact)} does
   */
  public String check(ModelArtifact artifact) {
    ModelSource source = sources.resolve(artifact);
    engines.check(source);
    return source.digest();
  }

  /**
   * {@return the artifact's model, ready to answer, loaded with the default options}
   *
   * @throws ServingException as {@link #load(ModelArtifact, LoadOptions)} does
   */
  public LeasedModel load(ModelArtifact artifact) {
    return load(artifact, LoadOptions.DEFAULT);
  }

  /**
   * {@return the artifact's model, ready to answer}
   *
   * @throws ServingException {@code NOT_FOUND} if there is nothing at the artifact's location, {@code UNSUPPORTED} if it
   *     is in a place or of a format that this engine does not read, or the options are not for it, {@code INVALID} if it is not a whole model, {@code
   *     CANCELLED} if the engine is closed
   */
  public LeasedModel load(ModelArtifact artifact, LoadOptions options) {
    return load(artifact, options, Long.MAX_VALUE);
  }

  /**
   * {@return the artifact's model, ready to answer requests that are not too large}
   *
   * @param memoryBytes what the tensors of one run may take, be they one request's or a batch's; leases that share a model
   *     may differ in it
   * @throws ServingException as {@link #load(ModelArtifact, LoadOptions)} does
   */
  public LeasedModel load(ModelArtifact artifact, LoadOptions options, long memoryBytes) {
    RunningCall call = calls.begin(Redacted.uri(artifact.weights()));
    try {
      ModelSource source = sources.resolve(artifact);
      SharedModel model = share(source, options);
      LeasedModel lease;
      try {
        lease = new LeasedModel(
            artifact.metadata().name().orElseGet(source::name),
            model,
            memoryBytes,
            calls,
            failures,
            leases::remove);
      } catch (RuntimeException | Error e) {
        model.release();
        throw e;
      }
      leases.add(lease);
      try {
        call.checkNotStopped(null);
      } catch (ServingException e) {
        lease.close();
        throw e;
      }
      return lease;
    } finally {
      calls.end(call);
    }
  }

  /** {@return the model of these bytes, which the caller now holds; loaded, being loaded by another, or failed} */
  private SharedModel share(ModelSource source, LoadOptions options) {
    SharedModel.Key key = new SharedModel.Key(source.digest(), options);
    SharedModel model;
    sharing.lock();
    try {
      model = shared.get(key);
      if (model != null && model.hold()) {
        return model;
      }
      model = new SharedModel(key, this::forget);
      shared.put(key, model);
    } finally {
      sharing.unlock();
    }
    try {
      model.loaded(engines.open(source, options));
    } catch (RuntimeException | Error e) {
      forget(model);
      model.failed(e);
    }
    return model;
  }

  private void forget(SharedModel model) {
    sharing.lock();
    try {
      shared.remove(model.key(), model);
    } finally {
      sharing.unlock();
    }
  }

  /** {@return how many models are loaded, however many hold them} */
  public int loadedModels() {
    sharing.lock();
    try {
      return shared.size();
    } finally {
      sharing.unlock();
    }
  }

  /** Closes with a grace of ten seconds. */
  @Override
  public void close() {
    close(GRACE);
  }

  /**
   * Ends everything: no call begins any more, those under way may end within the grace and are stopped after it, and all
   * models are closed.
   *
   * <p>A model that cannot be stopped is left to the thread that is inside it, which closes it on its way out.
   * Idempotent.
   */
  public void close(Duration grace) {
    downloads.close();
    calls.close(grace);
    leases.forEach(LeasedModel::close);
    upkeep.close();
  }
}
