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
import io.fairlead.engine.internal.source.Copies;
import io.fairlead.engine.internal.source.Downloads;
import io.fairlead.engine.internal.source.ModelSources;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.Upkeep;
import io.fairlead.engine.internal.trees.LightgbmEngine;
import io.fairlead.engine.internal.trees.XgboostEngine;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Redacted;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The loader of models in this JVM.
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
 *   <li>{@code file:} a model's file, or a folder that holds {@code model.onnx}, one other model, or a TensorFlow
 *       SavedModel;
 *   <li>{@code classpath:NAME} a model's file that the class loader finds;
 *   <li>{@code java:NAME} a function registered under that name, or else a class that implements {@link ModelHandler};
 *   <li>anything else, such as {@code https:}, if there is a {@link ModelFetcher} for its scheme.
 * </ul>
 *
 * <p>A file or resource that is a {@code .tar.gz}, {@code .tar} or {@code .zip}, by its bytes, is unpacked into the
 * cache folder once, and treated as the packed folder. The artifact's label {@code sha256}, if there is one, is the
 * required digest of the file or archive.
 *
 * <p>The format of a file is detected from its content. ONNX needs no further library; XGBoost, LightGBM, TorchScript
 * and TensorFlow need theirs on the class path, and other formats an {@link InferenceEngine}.
 *
 * <p>A model that takes token ids also takes texts if it has a tokenizer: the file in the artifact's label
 * {@code tokenizer}, or {@code NAME-tokenizer.json} beside {@code NAME.onnx}, or {@code tokenizer.json}. The files
 * that sentence-transformers writes beside a model say what becomes of its texts, and the labels {@code pooling},
 * {@code normalize}, {@code max-tokens}, {@code prompt} and {@code activation} override them.
 *
 * <p>Loading the same bytes again with equal options returns a further lease of the same model. A model's runtime is
 * not initialised before the first load. Thread-safe.
 */
public final class Engine implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(10);
  /** The default limit of the cache of optimised models: 4 GiB. */
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
   * Creates an engine that caches up to 4 GiB of optimised models; reads and loads nothing yet.
   *
   * @param platform the platform's id, for exceptions
   * @param functions Java functions by the name that artifacts refer to
   * @param cacheFolder the cache folder for native libraries and optimised models; created when needed
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
   * Creates an engine without fetchers; reads and loads nothing yet.
   *
   * @param platform the platform's id, for exceptions
   * @param functions Java functions by the name that artifacts refer to
   * @param cacheFolder the cache folder for native libraries and models; created when needed
   * @param modelCacheBytes the limit of the cache of optimised models, in bytes; 0 for no cache
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
   * Creates an engine; reads and loads nothing yet.
   *
   * @param platform the platform's id, for exceptions
   * @param functions Java functions by the name that artifacts refer to
   * @param fetchers fetchers of remote models by URI scheme, such as {@code https}
   * @param cacheFolder the cache folder for native libraries and models; created when needed
   * @param modelCacheBytes the limit of the cache of optimised models, in bytes; 0 for no cache
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
                new XgboostEngine(cacheFolder, failures),
                new LightgbmEngine(cacheFolder, failures),
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
        new Copies(cacheFolder.resolve("resources"), failures),
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
   * {@return the digest of all files of the artifact's model, as 64 hexadecimal digits}
   *
   * <p>For a single file it is the file's SHA-256. Of the artifact's metadata only the labels that change the answers to
   * texts are part of it. Reads the files without loading the model.
   *
   * @throws ServingException as {@link #load(ModelArtifact)} does
   */
  public String digest(ModelArtifact artifact) {
    return summary(artifact).digest();
  }

  /**
   * {@return the {@linkplain #digest digest} and the size of the artifact's model}
   *
   * @throws ServingException as {@link #load(ModelArtifact)} does
   */
  public ModelSummary summary(ModelArtifact artifact) {
    return summary(sources.resolve(artifact));
  }

  private static ModelSummary summary(ModelSource source) {
    return new ModelSummary(source.digest(), source.totalSize());
  }

  /**
   * {@return the artifact with its weights in files of this machine, for another process to load}
   *
   * <p>They are downloaded, or copied from the class path, if necessary. Java code stays where it is.
   *
   * @throws ServingException as {@link #load(ModelArtifact)} does
   */
  public ModelArtifact local(ModelArtifact artifact) {
    return sources.local(artifact);
  }

  /**
   * {@return the {@linkplain #summary summary} of an artifact whose model passes the checks before a load}
   *
   * <p>Reads the files and looks up Java code, but loads and runs nothing: errors that only a load detects, such as a
   * missing operator, are not found.
   *
   * @throws ServingException as {@link #load(ModelArtifact)} does
   */
  public ModelSummary check(ModelArtifact artifact) {
    return checked(artifact).summary();
  }

  /**
   * {@return what is known of an artifact whose model passes the checks before a load}
   *
   * @throws ServingException as {@link #check} does
   */
  public Checked checked(ModelArtifact artifact) {
    ModelSource source = sources.resolve(artifact);
    String platform = engines.check(source);
    return new Checked(summary(source), platform);
  }

  /**
   * A model that passes the checks before a load.
   *
   * @param platform what runs it, as {@link InferenceEngine#platform()} says
   */
  public record Checked(ModelSummary summary, String platform) {}

  /**
   * {@return the artifact's model, loaded with the default options}
   *
   * @throws ServingException as {@link #load(ModelArtifact, LoadOptions)} does
   */
  public LeasedModel load(ModelArtifact artifact) {
    return load(artifact, LoadOptions.DEFAULT);
  }

  /**
   * {@return the artifact's model, loaded}
   *
   * @throws ServingException {@code NOT_FOUND} if there is nothing at the artifact's location, {@code UNSUPPORTED} if
   *     its location, format or options are not supported, {@code INVALID} if the model is incomplete or damaged,
   *     {@code CANCELLED} if the engine is closed
   */
  public LeasedModel load(ModelArtifact artifact, LoadOptions options) {
    return load(artifact, options, Long.MAX_VALUE);
  }

  /**
   * {@return the artifact's model, loaded, with a limit for the size of requests}
   *
   * @param memoryBytes the limit for the tensors of one run, of a request or a batch; leases of a shared model may have
   *     different ones
   * @throws ServingException as {@link #load(ModelArtifact, LoadOptions)} does
   */
  public LeasedModel load(ModelArtifact artifact, LoadOptions options, long memoryBytes) {
    return load(artifact, options, memoryBytes, Integer.MAX_VALUE);
  }

  /**
   * {@return the artifact's model, loaded, with limits for the size of requests and for the runs of each}
   *
   * @param memoryBytes the limit for the tensors of one run, of a request or a batch; leases of a shared model may have
   *     different ones
   * @param maxRuns the maximum number of runs of one request at the same time, such as one for each of its texts; never
   *     more than there are processors for
   * @throws ServingException as {@link #load(ModelArtifact, LoadOptions)} does
   */
  public LeasedModel load(
      ModelArtifact artifact, LoadOptions options, long memoryBytes, int maxRuns) {
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
            maxRuns,
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

  /** {@return the shared model of a source, held for the caller: loaded, being loaded by another thread, or failed} */
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

  /** {@return the number of loaded models, each counted once} */
  public int loadedModels() {
    sharing.lock();
    try {
      return shared.size();
    } finally {
      sharing.unlock();
    }
  }

  /** Closes with a grace period of ten seconds. */
  @Override
  public void close() {
    close(GRACE);
  }

  /**
   * Closes the engine and all models: rejects further calls, and stops those in progress after the grace period.
   *
   * <p>A model with a call that cannot be stopped is closed when that call ends. Idempotent.
   */
  public void close(Duration grace) {
    downloads.close();
    calls.close(grace);
    leases.forEach(LeasedModel::close);
    upkeep.close();
  }
}
