package io.fairlead.serverless.internal.process;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.internal.natives.NativeFolder;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Redacted;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The worker processes of a platform, each with one model.
 *
 * <pre>{@code
 * try (Workers workers = new Workers("serverless", Set.of(), Engine.defaultCacheFolder(), loader);
 *     WorkerModel iris = workers.start(WorkerSpec.of(ModelArtifact.of(Path.of("iris.onnx")), WorkerLimits.DEFAULT))) {
 *   Response answer = iris.invoke(Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}"));
 * }
 * }</pre>
 *
 * <p>Linux enforces the memory limit of a worker; on macOS it is checked each second, and a worker over it is killed.
 * Other systems are not supported. A worker exits when this process does, even after a crash.
 *
 * <p>Threads and folders are created at the first start. Thread-safe.
 */
public final class Workers implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final String SCRIPT = "worker.py";

  private final String platform;
  private final Set<String> functions;
  private final Path cacheFolder;
  private final WorkerClassPath classPath;
  private final boolean limited;
  private final Failures failures;
  private final Set<Worker> running = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable ScheduledExecutorService timer;
  private @Nullable WorkerFolder folder;
  private boolean closed;

  /**
   * Creates it; starts nothing.
   *
   * @param platform the platform's id, for exceptions
   * @param functions the names of the Java functions that are registered in this process, and that no other can run
   * @param cacheFolder the cache folder of native libraries, shared with the engines of this process
   * @param application the class loader of the application, whose classes the workers have
   */
  public Workers(
      String platform, Set<String> functions, Path cacheFolder, ClassLoader application) {
    this(platform, functions, cacheFolder, application, Launch.isMemoryLimited());
  }

  Workers(
      String platform,
      Set<String> functions,
      Path cacheFolder,
      ClassLoader application,
      boolean limited) {
    this.platform = requireNonNull(platform, "platform");
    this.functions = Set.copyOf(functions);
    this.cacheFolder = requireNonNull(cacheFolder, "cacheFolder");
    this.limited = limited;
    this.failures = new Failures(platform);
    this.classPath = new WorkerClassPath(application, cacheFolder.resolve("classpath"), failures);
  }

  /** {@return the minimum memory of a worker, of a JVM or of Python, in bytes} */
  public static long minMemoryBytes(boolean python) {
    return python ? Launch.MIN_PYTHON_BYTES : Launch.MIN_JVM_BYTES;
  }

  /**
   * Checks, without starting anything, that the classes of this process can be those of a worker.
   *
   * @throws ServingException as {@link #start(WorkerSpec)} does
   */
  public void check(ModelArtifact artifact) {
    checkNotRegistered(artifact);
    List<Path> unused = classPath.entries(handler(artifact));
  }

  /** {@return the class of a model that is Java code; empty for a file} */
  static Optional<String> handler(ModelArtifact artifact) {
    URI weights = artifact.weights();
    return "java".equalsIgnoreCase(weights.getScheme())
        ? Optional.of(weights.getSchemeSpecificPart())
        : Optional.empty();
  }

  private void checkNotRegistered(ModelArtifact artifact) {
    if (handler(artifact).filter(functions::contains).isPresent()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          shown(artifact)
              + " is a function that is registered in this process, which no other can run: make it a public class"
              + " with a public constructor without parameters and name that, or run it in this process");
    }
  }

  private static String shown(ModelArtifact artifact) {
    return "'" + Redacted.uri(artifact.weights()) + "'";
  }

  /**
   * {@return the model, loaded in its own JVM}
   *
   * @throws ServingException as {@link io.fairlead.engine.internal.Engine#load} does; {@code INVALID} if the memory is
   *     too small for a JVM, {@code UNSUPPORTED} for a function that is registered in this process, or where no process
   *     can be started, {@code CONFLICT} if the model has another digest, {@code TIMEOUT} after the start timeout,
   *     {@code MODEL_FAILED} if the process exited during the load
   */
  public WorkerModel start(WorkerSpec spec) {
    String shown = shown(spec.artifact());
    checkMemory(spec.limits(), Launch.MIN_JVM_BYTES, "JVM");
    checkNotRegistered(spec.artifact());
    Path own = nextFolder();
    Worker worker =
        start(shown, spec.limits(), own, () -> Launch.jvm(spec, classPath, own, limited, failures));
    byte[] load = new Wire.Load(
            platform,
            cacheFolder.toAbsolutePath().toString(),
            spec.artifact(),
            spec.options(),
            spec.limits().memoryBytes(),
            spec.maxRuns())
        .bytes();
    return loaded(worker, load, shown, spec.digest());
  }

  /**
   * {@return the pickled model, loaded in its own Python process}
   *
   * <p>It answers {@code instances} with {@code predictions} and {@code inputs} with {@code outputs}, as the same model
   * does after a conversion to ONNX: the outputs of a classifier are {@code label} and, if it has them,
   * {@code probabilities}; that of any other model is {@code prediction}.
   *
   * @throws ServingException {@code NOT_FOUND} if there is no such file or interpreter, {@code CONFLICT} if the file is
   *     not the trusted one, {@code UNSUPPORTED} if a Python package is missing, {@code INVALID} if it is no
   *     pickle of an object with {@code predict}; and as {@link #start(WorkerSpec)} does
   */
  public WorkerModel start(PickleSpec spec) {
    String shown = "'" + spec.pickle() + "'";
    checkMemory(spec.limits(), Launch.MIN_PYTHON_BYTES, "Python");
    if (!Files.isRegularFile(spec.pickle())) {
      throw failures.failure(ErrorKind.NOT_FOUND, "There is no file " + shown + ": check the path");
    }
    if (spec.python().getNameCount() > 1 && !Files.isExecutable(spec.python())) {
      throw failures.failure(
          ErrorKind.NOT_FOUND,
          "There is no Python at '" + spec.python()
              + "': name an interpreter, such as /usr/bin/python3 or the bin/python of a virtual environment");
    }
    Path own = nextFolder();
    Worker worker = start(
        shown, spec.limits(), own, () -> Launch.python(spec, script(own), own, limited, failures));
    byte[] load =
        Wire.pickle(spec.name(), spec.pickle().toAbsolutePath().toString(), spec.digest());
    return loaded(worker, load, shown, spec.digest());
  }

  private void checkMemory(WorkerLimits limits, long least, String what) {
    if (limits.memoryBytes() < least) {
      throw failures.failure(
          ErrorKind.INVALID,
          "A worker process needs more than " + limits.memoryBytes() + " bytes of memory: a "
              + what
              + " with a small model needs at least " + Sizes.shown(least)
              + ", so give the function more memory");
    }
  }

  private WorkerModel loaded(Worker worker, byte[] load, String shown, String digest) {
    try {
      Wire.Ready ready = worker.load(load);
      if (!digest.isEmpty() && !digest.equals(ready.digest())) {
        throw failures.failure(
            ErrorKind.CONFLICT,
            shown + " is not the deployed model: its digest is " + ready.digest() + " instead of "
                + digest + "; deploy it again");
      }
      return new WorkerModel(worker, ready);
    } catch (RuntimeException | Error e) {
      worker.kill(ErrorKind.CANCELLED, "its model was not loaded");
      worker.awaitExit();
      throw e;
    }
  }

  private interface Launching {
    ProcessBuilder prepare() throws IOException;
  }

  private Worker start(String shown, WorkerLimits limits, Path own, Launching launching) {
    Process process = null;
    try {
      process = launching.prepare().start();
      Worker worker;
      lock.lock();
      try {
        if (closed || timer == null) {
          throw failures.closed();
        }
        worker = new Worker(platform, shown, limits, process, own, timer);
        running.add(worker);
      } finally {
        lock.unlock();
      }
      worker.start(!limited);
      CompletableFuture<?> unused = worker.exit().thenRun(() -> running.remove(worker));
      return worker;
    } catch (IOException e) {
      WorkerFolder.delete(own);
      throw failures.failure(
          ErrorKind.UNAVAILABLE,
          shown + " was not loaded, because no process could be started (" + Failures.reason(e)
              + "): check whether this machine is out of memory or processes",
          e);
    } catch (RuntimeException | Error e) {
      if (process != null) {
        process.destroyForcibly();
      }
      WorkerFolder.delete(own);
      throw e;
    }
  }

  private static Path script(Path own) throws IOException {
    try (InputStream script = Workers.class.getResourceAsStream(SCRIPT)) {
      if (script == null) {
        throw new IOException("there is no " + SCRIPT + " beside " + Workers.class.getName());
      }
      Path file = own.resolve(SCRIPT);
      Files.copy(script, file);
      return file;
    }
  }

  private Path nextFolder() {
    lock.lock();
    try {
      if (closed) {
        throw failures.closed();
      }
      if (folder == null) {
        folder = WorkerFolder.create(temporaryFolder());
      }
      if (timer == null) {
        timer = timer();
      }
      return folder.next();
    } catch (IOException e) {
      throw failures.failure(
          ErrorKind.UNAVAILABLE,
          "A worker process needs a temporary folder, and none can be made in "
              + System.getProperty("java.io.tmpdir") + " (" + Failures.reason(e)
              + "): make room there, or name another one with -Djava.io.tmpdir",
          e);
    } finally {
      lock.unlock();
    }
  }

  /** While a runtime's libraries are loaded, the system property may name a folder that is deleted afterwards. */
  private static Path temporaryFolder() throws IOException {
    try {
      return NativeFolder.exclusively(() -> Path.of(System.getProperty("java.io.tmpdir")));
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private ScheduledExecutorService timer() {
    ScheduledThreadPoolExecutor made = new ScheduledThreadPoolExecutor(1, task -> {
      Thread thread = new Thread(task, "fairlead-" + platform + "-workers");
      thread.setDaemon(true);
      return thread;
    });
    made.setRemoveOnCancelPolicy(true);
    // Otherwise a thread of the JDK may start it, in that thread's group and with its priority.
    made.prestartCoreThread();
    made.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return made;
  }

  /** Closes with a grace period of ten seconds. */
  @Override
  public void close() {
    close(GRACE);
  }

  /**
   * Stops all workers: none is started any more, and running ones are killed if their calls have not ended within the
   * grace period. Idempotent.
   */
  public void close(Duration grace) {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
    running.forEach(Worker::close);
    long end = System.nanoTime() + Wire.nanos(grace);
    running.forEach(worker -> worker.close(Duration.ofNanos(Math.max(0, end - System.nanoTime()))));
    lock.lock();
    try {
      if (timer != null) {
        timer.shutdownNow();
        awaitTimer(timer);
        timer = null;
      }
      if (folder != null) {
        folder.close();
        folder = null;
      }
    } finally {
      lock.unlock();
    }
  }

  private static void awaitTimer(ScheduledExecutorService timer) {
    try {
      boolean ended = timer.awaitTermination(5, TimeUnit.SECONDS);
      assert ended;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
