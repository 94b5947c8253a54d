package io.fairlead.serverless.internal;

import com.sun.management.OperatingSystemMXBean;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.run.LoadedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Shown;
import io.fairlead.platform.Location;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.ClassLoaders;
import io.fairlead.provider.Closed;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
import io.fairlead.provider.PieceQueues;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.ActualState;
import io.fairlead.reconcile.Found;
import io.fairlead.reconcile.FunctionMapper;
import io.fairlead.reconcile.Invoker;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Mapping;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.Polling;
import io.fairlead.reconcile.ReconciledFunctionPlatform;
import io.fairlead.reconcile.Reconciler;
import io.fairlead.reconcile.Resource;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.serverless.FunctionMetrics;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import io.fairlead.serverless.internal.http.FunctionDescription;
import io.fairlead.serverless.internal.http.FunctionDirectory;
import io.fairlead.serverless.internal.http.HttpFront;
import io.fairlead.serverless.internal.http.HttpFunction;
import io.fairlead.serverless.internal.http.StreamedPieces;
import io.fairlead.serverless.internal.pool.Budget;
import io.fairlead.serverless.internal.pool.Pool;
import io.fairlead.serverless.internal.pool.PoolClock;
import io.fairlead.serverless.internal.pool.PoolStatus;
import io.fairlead.serverless.internal.process.Sizes;
import io.fairlead.serverless.internal.process.Workers;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The state of the platform {@code serverless} in this process: functions by name, and the resources they share. */
public final class FunctionHost {
  private static final KindName<ModelFunction> FUNCTION =
      new KindName<>("function", ModelFunction.class);

  private static final Polling POLLING =
      new Polling(Duration.ofMillis(1), Duration.ofMillis(100), 0.05);

  /** There is no eventual consistency in this process: only conflicts with other operations are retried. */
  private static final RetryPolicy RETRY =
      new RetryPolicy(3, Duration.ofMillis(1), Duration.ofMillis(100), Duration.ofMillis(1));

  /** The platform of trusted pickles in their metadata. */
  private static final String PICKLE = "python_pickle";

  private static final Duration KEEP_ALIVE = Duration.ofSeconds(60);
  private static final Duration ENDING = Duration.ofSeconds(5);

  /** The time to send the last responses when the grace period has passed. */
  private static final Duration SENDING = Duration.ofSeconds(1);

  private static final double MEMORY_SHARE = 0.75;

  /** The default maximum heap of a JVM is a quarter of the machine's memory. */
  private static final int HEAPS_PER_MACHINE = 4;

  /** The number of outcomes that are kept for polling; usually each is polled within moments. */
  private static final int MAX_OUTCOMES = 1000;

  private final ServerlessConfig config;
  private final PoolClock clock;
  private final Budget budget;
  private final ClassLoader classLoader;
  private final Engine engine;
  private final RunThreads threads = new RunThreads(FunctionHost::newThread, KEEP_ALIVE);
  private final PieceQueues streams = new PieceQueues(ServerlessProvider.ID);
  private final FunctionKind kind = new FunctionKind();
  private final ConcurrentMap<String, Deployed> functions = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, Outcome> operations = new ConcurrentHashMap<>();
  private final AtomicLong operationNumber = new AtomicLong();

  /** Guards the creation, update and deletion of functions. */
  private final ReentrantLock lock = new ReentrantLock();

  private @Nullable HttpFront front;
  private @Nullable Workers workers;
  private volatile boolean closed;

  /**
   * Creates a host without functions.
   *
   * @param clock the clock; closed with the host if it is {@link AutoCloseable}
   */
  public FunctionHost(ServerlessConfig config, PoolClock clock) {
    this.config = config;
    this.clock = clock;
    this.budget = new Budget(
        config.memoryBytes().orElseGet(() -> (long) (machineMemory() * MEMORY_SHARE)),
        config.starts().orElseGet(() -> Runtime.getRuntime().availableProcessors()));
    this.classLoader =
        config.classLoader().orElseGet(() -> ClassLoaders.ofThread(FunctionHost.class));
    this.engine = new Engine(
        ServerlessProvider.ID,
        config.functions(),
        config.fetchers(),
        config.cacheFolder(),
        Engine.MODEL_CACHE_BYTES,
        classLoader);
  }

  /** {@return the memory of this machine, or of this container if that is less} */
  private static long machineMemory() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean machine
        ? machine.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory() * HEAPS_PER_MACHINE;
  }

  private static Thread newThread(Runnable task) {
    Thread thread = new Thread(task, "fairlead-" + ServerlessProvider.ID + "-run");
    thread.setDaemon(true);
    return thread;
  }

  /** Opens the platform. It listens at once if a port is configured. */
  public ServerlessPlatform open() {
    if (config.http().port() != 0) {
      front();
    }
    Reconciler reconciler = Reconciler.builder(ServerlessProvider.ID, List.of(kind))
        .polling(POLLING)
        .retry(RETRY)
        .build();
    ReconciledFunctionPlatform platform = new ReconciledFunctionPlatform(
        reconciler,
        new Mapper(),
        new LocalInvoker(),
        function -> url(function.name()),
        this::close);
    return new DefaultServerlessPlatform(platform, this::metrics, kind::abandonLoad);
  }

  /** Invokes the functions of this process. */
  private final class LocalInvoker implements Invoker<ModelFunction> {
    @Override
    public Response invoke(ModelFunction function, Request request) {
      return serving(function.name()).invoke(request);
    }

    @Override
    public Response invokeStreaming(
        ModelFunction function, Request request, Consumer<? super ByteBuffer> pieces) {
      return serving(function.name()).invokeStreaming(request, pieces);
    }
  }

  PoolClock clock() {
    return clock;
  }

  PieceQueues streams() {
    return streams;
  }

  Budget budget() {
    return budget;
  }

  Engine engine() {
    return engine;
  }

  RunThreads threads() {
    return threads;
  }

  Workers workers() {
    lock.lock();
    try {
      checkOpen();
      if (workers == null) {
        workers = new Workers(
            ServerlessProvider.ID, config.functions().keySet(), config.cacheFolder(), classLoader);
      }
      return workers;
    } finally {
      lock.unlock();
    }
  }

  /** Reports the failure of a future to the thread's uncaught exception handler. */
  void watch(CompletableFuture<?> future) {
    var unused = future.exceptionally(thrown -> {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, thrown);
      return null;
    });
  }

  /** The revisions of a function under one name: serving, loading and terminating. */
  private static final class Deployed {
    final String run;
    final Instant createdAt = Instant.now();

    volatile @Nullable ServedFunction serving;
    volatile @Nullable ServedFunction next;
    volatile @Nullable ServedFunction terminating;
    volatile long terminatingSince;

    Deployed(String run) {
      this.run = run;
    }
  }

  // ---- invocation ----

  private ServedFunction serving(String name) {
    Deployed deployed = functions.get(name);
    ServedFunction serving = deployed == null ? null : deployed.serving;
    if (serving == null) {
      throw notDeployed(name);
    }
    return serving;
  }

  /** {@return the failure for a function that is not deployed} */
  ServingException notDeployed(String name) {
    return closed
        ? Closed.refusal(ServerlessProvider.ID, "use function '" + name + "'")
        : failure(
            ErrorKind.NOT_FOUND,
            "Function '" + name + "' is not deployed: deploy it first; list() has those that are.");
  }

  private FunctionMetrics metrics(String name) {
    return metricsOf(serving(name));
  }

  private static FunctionMetrics metricsOf(ServedFunction function) {
    PoolStatus status = function.status();
    return new FunctionMetrics(
        status.starting(),
        status.ready(),
        status.draining(),
        status.running(),
        status.waiting(),
        status.stuck(),
        status.starts(),
        status.accepted(),
        status.waited(),
        status.refused(),
        function.memoryBytes());
  }

  private URI url(String name) {
    serving(name);
    return front().url(name);
  }

  private HttpFront front() {
    lock.lock();
    try {
      if (closed) {
        throw Closed.refusal(ServerlessProvider.ID, "serve functions");
      }
      if (front == null) {
        front = startFront();
      }
      return front;
    } finally {
      lock.unlock();
    }
  }

  private HttpFront startFront() {
    try {
      return HttpFront.start(ServerlessProvider.ID, config.http(), new Directory());
    } catch (LinkageError e) {
      throw new ServingException(
          ServerlessProvider.ID,
          ErrorKind.UNSUPPORTED,
          getClass().getModule().isNamed()
              ? "The HTTP server cannot start, because Netty's modules are not resolved (" + e
                  + "): start java with --add-modules io.netty.codec.http, or require that module in your"
                  + " module-info, with io.netty:netty-codec-http on the module path."
              : "The HTTP server cannot start, because Netty is missing on the class path or too old ("
                  + e + "): it needs io.netty:netty-codec-http of 4.1.128 or later.",
          e);
    }
  }

  /** The directory of functions for the HTTP server. */
  private final class Directory implements FunctionDirectory {
    @Override
    public Optional<HttpFunction> find(String name) {
      Deployed deployed = functions.get(name);
      if (deployed == null) {
        return Optional.empty();
      }
      Instant deployedAt = deployed.createdAt;
      return Optional.ofNullable(deployed.serving)
          .map(serving -> new ServedOverHttp(serving, deployedAt));
    }

    @Override
    public Collection<String> names() {
      return functions.entrySet().stream()
          .filter(entry -> entry.getValue().serving != null)
          .map(Map.Entry::getKey)
          .sorted()
          .toList();
    }

    @Override
    public long memoryBytes() {
      return budget.memoryBytes();
    }

    @Override
    public long usedMemoryBytes() {
      return budget.memoryBytes() - budget.freeBytes();
    }

    @Override
    public boolean isClosing() {
      return closed;
    }

    @Override
    public boolean isReady() {
      return !closed
          && functions.values().stream()
              .allMatch(deployed -> deployed.next == null || deployed.serving != null);
    }
  }

  /** A function as the HTTP server invokes it. */
  private record ServedOverHttp(ServedFunction serving, Instant deployedAt)
      implements HttpFunction {
    @Override
    public String name() {
      return serving.function().name();
    }

    @Override
    public Optional<String> version() {
      return Optional.empty();
    }

    @Override
    public boolean isReady() {
      return !serving.pool().isFailing();
    }

    @Override
    public FunctionMetrics metrics() {
      return metricsOf(serving);
    }

    @Override
    public Duration timeout() {
      return serving.function().limits().timeout();
    }

    @Override
    public CompletableFuture<Response> invoke(Request request) {
      return serving.begin(request);
    }

    @Override
    public CompletableFuture<Response> invokeStreaming(Request request, StreamedPieces pieces) {
      return serving.beginStreaming(request, pieces);
    }

    @Override
    public CompletableFuture<FunctionDescription> describe() {
      return serving.describe();
    }
  }

  // ---- deployment ----

  /** Maps a function to its one resource. */
  private final class Mapper implements FunctionMapper {
    @Override
    public Mapping function(ModelFunction function) {
      ServerlessOptions options = ServedFunction.optionsOf(function);
      String scheme = function.artifact().weights().getScheme();
      boolean pickle = options.trustedPickle().isPresent();
      boolean apart = pickle || options.isolation() == Isolation.PROCESS;
      long least = apart ? Workers.minMemoryBytes(pickle) : 1;
      long memory = function.limits().memoryBytes().orElse(least);
      Problems.in("ModelFunction")
          .check(
              memory <= budget.memoryBytes(),
              "limits.memoryBytes",
              "must be at most the memory of all instances together, which is "
                  + Shown.bytes(budget.memoryBytes()) + ", and is " + Shown.bytes(memory))
          .check(
              memory >= least,
              "limits.memoryBytes",
              "must be at least " + Shown.bytes(least) + " for a process of "
                  + (pickle ? "Python" : "Java") + ", and is " + Shown.bytes(memory))
          .check(
              options.trustedPickle().isEmpty() || "file".equalsIgnoreCase(scheme),
              "artifact.weights",
              "must be a file: to be loaded as a trusted pickle",
              scheme)
          .throwIfAny();
      if (apart && !pickle) {
        workers().check(function.artifact());
      }
      List<String> warnings = new ArrayList<>();
      if (!function.artifact().code().equals(function.artifact().weights())) {
        warnings.add("artifact.code is not used: the model runs from its weights alone");
      }
      if (options.isolation() == Isolation.IN_PROCESS && options.trustedPickle().isEmpty()) {
        warnings.add(
            "limits.memoryBytes is accounted, not enforced: isolation PROCESS gives each instance a process with that"
                + " limit");
      }
      return new Mapping(
          List.of(Resource.variant(FUNCTION, function.name(), function)), List.copyOf(warnings));
    }

    @Override
    public List<String> warnings(ModelFunction function) {
      long modelBytes;
      try {
        modelBytes = engine.summary(function.artifact()).bytes();
      } catch (ServingException e) {
        // The deployment reports the reason.
        return List.of();
      }
      InstanceMemory.check(function, modelBytes, budget.memoryBytes());
      return function.limits().memoryBytes().isPresent()
          ? List.of()
          : List.of("limits.memoryBytes is not set: each instance takes "
              + Sizes.shown(InstanceMemory.of(function, modelBytes)) + ", by the "
              + Sizes.shown(modelBytes) + " of its model");
    }

    @Override
    public Found<ModelFunction> read(String name, ActualState actual) {
      return Found.of(actual.of(FUNCTION, name), Location.of(name));
    }

    @Override
    public Set<Class<? extends PlatformOptions>> options() {
      return Set.of(ServerlessOptions.class);
    }
  }

  /** The one resource kind of this platform. */
  private final class FunctionKind implements ResourceKind<ModelFunction> {
    @Override
    public KindName<ModelFunction> id() {
      return FUNCTION;
    }

    @Override
    public Observed<ModelFunction> read(String name, Look look) {
      Deployed deployed = find(name);
      if (deployed == null) {
        return Observed.absent();
      }
      if (deployed.terminating != null) {
        return Observed.deleting();
      }
      ServedFunction serving = deployed.serving;
      return serving == null
          ? Observed.<ModelFunction>changing("loading").madeBy(deployed.run)
          : Observed.ready(serving.function()).madeBy(deployed.run);
    }

    /** Compares the model's digest as well: the file at the same path may have changed. */
    @Override
    public boolean matches(ModelFunction desired, ModelFunction actual) {
      if (!desired.equals(actual)) {
        return false;
      }
      Deployed deployed = functions.get(desired.name());
      ServedFunction serving = deployed == null ? null : deployed.serving;
      if (serving == null) {
        return true;
      }
      boolean same;
      try {
        same = engine.digest(desired.artifact()).equals(serving.digest());
      } catch (ServingException e) {
        // The deployment reports the reason.
        return false;
      }
      if (same) {
        // Deploying it again ends the backoff after failed starts.
        serving.pool().retry();
      }
      return same;
    }

    @Override
    public Accepted create(String name, ModelFunction desired, OwnerTag mark) {
      ServedFunction next = checked(desired);
      lock.lock();
      try {
        if (find(name) != null) {
          throw failure(ErrorKind.ALREADY_EXISTS, "function " + name + " already exists");
        }
        checkOpen();
        checkMemory(next);
        Deployed deployed = new Deployed(mark.run());
        functions.put(name, deployed);
        return rollOut(
            name, deployed, next, desired.limits().coldStart() == ColdStart.EAGER ? 1 : 0);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Accepted update(String name, Observed<ModelFunction> current, ModelFunction desired) {
      ServedFunction next = checked(desired);
      lock.lock();
      try {
        Deployed deployed = find(name);
        ServedFunction serving = deployed == null ? null : deployed.serving;
        if (deployed == null || serving == null) {
          throw failure(ErrorKind.NOT_FOUND, "function " + name + " does not exist");
        }
        if (deployed.next != null) {
          throw failure(ErrorKind.CONFLICT, "function " + name + " is being replaced");
        }
        checkMemory(next);
        int busy = serving.pool().busyInstances();
        boolean eager = desired.limits().coldStart() == ColdStart.EAGER;
        return rollOut(name, deployed, next, eager ? Math.max(1, busy) : busy);
      } finally {
        lock.unlock();
      }
    }

    private ServedFunction checked(ModelFunction desired) {
      try {
        // A trusted pickle can only be checked by its Python.
        Engine.Checked model = ServedFunction.optionsOf(desired).trustedPickle().isEmpty()
            ? engine.checked(desired.artifact())
            : new Engine.Checked(engine.summary(desired.artifact()), PICKLE);
        InstanceMemory.check(desired, model.summary().bytes(), budget.memoryBytes());
        return new ServedFunction(desired, model, FunctionHost.this);
      } catch (ServingException e) {
        // NOT_FOUND would mean a resource that may still appear; a missing file is an invalid
        // argument.
        throw e.kind() == ErrorKind.NOT_FOUND
            ? new ServingException(
                ServerlessProvider.ID, ErrorKind.INVALID, String.valueOf(e.getMessage()), e)
            : e;
      }
    }

    /**
     * Checks that each function fits beside the eager ones, whose last instance is never reclaimed: it could never be
     * loaded otherwise.
     */
    private void checkMemory(ServedFunction desired) {
      String name = desired.function().name();
      List<ServedFunction> all = new ArrayList<>(List.of(desired));
      functions.values().stream()
          .map(deployed -> deployed.next == null ? deployed.serving : deployed.next)
          .flatMap(Stream::ofNullable)
          .filter(other -> !other.function().name().equals(name))
          .forEach(all::add);
      long eager = all.stream()
          .filter(ServedFunction::isEager)
          .mapToLong(ServedFunction::memoryBytes)
          .sum();
      for (ServedFunction function : all) {
        long others = function.isEager() ? eager - function.memoryBytes() : eager;
        if (function.memoryBytes() > budget.memoryBytes() - others) {
          throw failure(
              ErrorKind.QUOTA,
              "Function '" + name + "' does not fit: an instance of '"
                  + function.function().name() + "' takes " + Sizes.shown(function.memoryBytes())
                  + ", and other eager functions keep " + Sizes.shown(others) + " of the "
                  + Sizes.shown(budget.memoryBytes())
                  + ": make it or others lazy or smaller, or allow more memory.");
        }
      }
    }

    /** Rolls out a revision: the old one serves until the new one is warm, unless there is memory for only one. */
    private Accepted rollOut(String name, Deployed deployed, ServedFunction next, int instances) {
      if (instances == 0) {
        swap(deployed, next);
        return Accepted.VISIBLE;
      }
      String operation = "load-" + operationNumber.incrementAndGet();
      if (operations.size() >= MAX_OUTCOMES) {
        operations.values().removeIf(outcome -> outcome.state() != Outcome.State.RUNNING);
      }
      operations.put(operation, Outcome.running("loading"));
      deployed.next = next;
      ServedFunction serving = deployed.serving;
      Pool<LoadedModel> replaced = serving == null ? null : serving.pool();
      watch(next.pool().warm(instances, replaced).handle((nothing, thrown) -> {
        rolledOut(name, deployed, next, operation, thrown);
        return null;
      }));
      return Accepted.as(operation);
    }

    private void rolledOut(
        String name,
        Deployed deployed,
        ServedFunction next,
        String operation,
        @Nullable Throwable thrown) {
      lock.lock();
      try {
        boolean wanted = deployed.next == next;
        if (wanted) {
          deployed.next = null;
        }
        if (thrown == null && wanted && !closed) {
          swap(deployed, next);
          operations.put(operation, Outcome.succeeded());
          return;
        }
        next.pool().close();
        if (deployed.serving == null && deployed.terminating == null) {
          functions.remove(name, deployed);
        }
        operations.put(operation, Outcome.failed(loadFailure(name, thrown)));
      } finally {
        lock.unlock();
      }
    }

    /** Gives up the load of a function's next revision; what serves goes on. */
    void abandonLoad(String name) {
      lock.lock();
      try {
        Deployed deployed = functions.get(name);
        if (deployed != null && deployed.next != null) {
          deployed.next.pool().close();
          deployed.next = null;
        }
      } finally {
        lock.unlock();
      }
    }

    private ServingException loadFailure(String name, @Nullable Throwable thrown) {
      if (closed) {
        return notDeployed(name);
      }
      if (thrown == null || thrown instanceof IllegalStateException) {
        return failure(
            ErrorKind.CANCELLED, "Function '" + name + "' was removed while it was being loaded.");
      }
      return ServingException.builder(
              ServerlessProvider.ID,
              ServedFunction.kindOf(thrown),
              "Function '" + name + "' could not be loaded: " + ServedFunction.reason(thrown))
          .cause(thrown)
          .build();
    }

    private void swap(Deployed deployed, ServedFunction next) {
      ServedFunction before = deployed.serving;
      deployed.serving = next;
      if (before != null) {
        before.pool().retire(next.pool());
      }
    }

    @Override
    public Accepted delete(String name, Observed<ModelFunction> current, Set<ResourceRef> going) {
      lock.lock();
      try {
        Deployed deployed = find(name);
        if (deployed == null) {
          throw failure(ErrorKind.NOT_FOUND, "function " + name + " does not exist");
        }
        if (deployed.terminating != null) {
          return Accepted.VISIBLE;
        }
        ServedFunction next = deployed.next;
        if (next != null) {
          deployed.next = null;
          next.pool().close();
        }
        ServedFunction serving = deployed.serving;
        if (serving == null) {
          functions.remove(name, deployed);
        } else {
          deployed.terminatingSince = clock.now();
          deployed.terminating = serving;
          deployed.serving = null;
          serving.pool().retire(null);
        }
        return Accepted.VISIBLE;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Outcome poll(String operation) {
      Outcome outcome = operations.get(operation);
      if (outcome == null) {
        return Outcome.succeeded();
      }
      if (outcome.state() != Outcome.State.RUNNING) {
        operations.remove(operation);
      }
      return outcome;
    }

    @Override
    public List<Listed> list(Look look) {
      return functions.keySet().stream()
          .sorted()
          .flatMap(name -> Stream.ofNullable(find(name)).map(deployed -> listed(name, deployed)))
          .toList();
    }

    private Listed listed(String name, Deployed deployed) {
      ServedFunction serving = deployed.serving;
      int stuck = serving == null ? 0 : serving.status().stuck();
      Observed.Status status = deployed.terminating != null
          ? Observed.Status.DELETING
          : serving == null ? Observed.Status.CHANGING : Observed.Status.READY;
      return Listed.of(new ResourceRef("function", name), deployed.createdAt)
          .deployment(name)
          .status(
              status, stuck == 0 ? "" : stuck + " of its invocations are stuck: they do not end")
          .asRoot();
    }
  }

  /** The revisions under a name; null if the last one has terminated, or only stuck invocations remain. */
  private @Nullable Deployed find(String name) {
    Deployed deployed = functions.get(name);
    ServedFunction terminating = deployed == null ? null : deployed.terminating;
    if (deployed != null
        && terminating != null
        && isTerminated(terminating, deployed.terminatingSince)) {
      functions.remove(name, deployed);
      return null;
    }
    return deployed;
  }

  private boolean isTerminated(ServedFunction terminating, long since) {
    if (terminating.pool().terminated().isDone()) {
      return true;
    }
    PoolStatus status = terminating.status();
    // Without invocations: a load or an unload that does not end.
    return status.running() == status.stuck()
        && status.waiting() == 0
        && (status.stuck() > 0 || clock.now() - since > ENDING.toNanos());
  }

  private void checkOpen() {
    if (closed) {
      throw Closed.refusal(ServerlessProvider.ID, "serve functions");
    }
  }

  private static ServingException failure(ErrorKind kind, String message) {
    return new ServingException(ServerlessProvider.ID, kind, message);
  }

  // ---- shutdown ----

  /**
   * Refuses further invocations, lets the accepted ones end within the grace period, and stops the rest.
   *
   * <p>The HTTP server listens to the end: it reports that it is not ready, and refuses requests with a response.
   */
  private void close() {
    Deadline deadline = Deadline.after(config.gracePeriod(), TimeSource.system());
    HttpFront listening;
    Workers processes;
    List<ServedFunction> all = new ArrayList<>();
    lock.lock();
    try {
      closed = true;
      listening = front;
      processes = workers;
      for (Deployed deployed : functions.values()) {
        Stream.of(Optional.ofNullable(deployed.serving), Optional.ofNullable(deployed.terminating))
            .flatMap(Optional::stream)
            .forEach(all::add);
        ServedFunction next = deployed.next;
        if (next != null) {
          next.pool().close();
          all.add(next);
        }
      }
    } finally {
      lock.unlock();
    }
    if (listening != null) {
      listening.drain();
    }
    all.forEach(function -> function.pool().retire(null));
    CompletableFuture<Void> terminated = CompletableFuture.allOf(all.stream()
        .map(function -> function.pool().terminated())
        .toArray(CompletableFuture<?>[]::new));
    await(terminated, deadline.left());
    all.forEach(function -> function.pool().close());
    engine.close(deadline.left());
    streams.close();
    if (processes != null) {
      processes.close(deadline.left());
    }
    if (listening != null) {
      listening.close(SENDING);
    }
    end(terminated);
    if (clock instanceof AutoCloseable closeable) {
      close(closeable);
    }
    functions.clear();
  }

  private static boolean await(CompletableFuture<Void> future, Duration limit) {
    try {
      future.get(Durations.nanos(limit), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException | ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Ends the threads; runs that cannot be stopped go on, as the engine has logged. */
  private void end(CompletableFuture<Void> terminated) {
    threads.close(await(terminated, ENDING) ? ENDING : Duration.ZERO);
  }

  private static void close(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
