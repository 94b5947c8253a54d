package io.fairlead.memory;

import io.fairlead.contract.Probe;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Location;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.ActualState;
import io.fairlead.reconcile.Found;
import io.fairlead.reconcile.FunctionMapper;
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
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Functions in this JVM, small and honest: they show that the contract can be kept, and how.
 *
 * <p>A function is one loaded model, which as many calls enter as its limits allow.
 */
final class MemoryFunctions {
  static final String ID = "memory-function";

  static final long MEMORY = 1L << 34;

  static final Capabilities CAPABILITIES =
      Capabilities.of(FunctionPlatform.class).with(Capability.SCALE_TO_ZERO);

  static final KindName<ModelFunction> FUNCTION = new KindName<>("function", ModelFunction.class);

  /** Lets something happen later. */
  interface Timer extends AutoCloseable {
    void in(Duration delay, Runnable action);

    @Override
    default void close() {}
  }

  private static final Polling POLLING =
      new Polling(Duration.ofMillis(1), Duration.ofMillis(50), 0.05);

  /** What was accepted shows at once here. */
  private static final RetryPolicy RETRY =
      new RetryPolicy(10, Duration.ofMillis(1), Duration.ofMillis(50), Duration.ofMillis(1));

  private final Map<URI, Probe> models;
  private final Timer timer;
  private final ExecutorService threads = MemoryThreads.named(ID);
  private final FunctionKind kind = new FunctionKind();
  private final MemoryHttp http = new MemoryHttp(threads, this::ask);

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Held> functions = new HashMap<>();
  private final Map<String, Outcome> operations = new HashMap<>();
  private final Set<Call> calls = new HashSet<>();
  private boolean closed;

  private MemoryFunctions(Map<URI, Probe> models, Timer timer) {
    this.models = Map.copyOf(models);
    this.timer = timer;
  }

  /** Opens a platform for functions of these models. */
  static FunctionPlatform open(Map<URI, Probe> models, Timer timer) {
    return new MemoryFunctions(models, timer).platform();
  }

  // guide: function platform
  private FunctionPlatform platform() {
    Reconciler reconciler =
        Reconciler.builder(ID, List.of(kind)).polling(POLLING).retry(RETRY).build();
    return new ReconciledFunctionPlatform(
        reconciler,
        new Mapper(),
        (function, request) -> ask(function.name(), request),
        function -> url(function.name()),
        this::close);
  }

  // guide end

  // guide: function mapper
  /** The mapping from a function to its one resource. */
  private static final class Mapper implements FunctionMapper {
    @Override
    public Mapping function(ModelFunction function) {
      long memory = function.limits().memoryBytes().orElse(0L);
      Problems.in("FunctionLimits")
          .check(memory <= MEMORY, "memoryBytes", "must be at most " + MEMORY + " here", memory)
          .throwIfAny();
      return Mapping.of(Resource.variant(FUNCTION, function.name(), function));
    }

    @Override
    public Found<ModelFunction> read(String name, ActualState actual) {
      return Found.of(actual.of(FUNCTION, name), Location.of("functions/" + name));
    }

    @Override
    public Set<Class<? extends PlatformOptions>> options() {
      return Set.of();
    }
  }

  // guide end

  /** What is known of one name. */
  private static final class Held {
    final String run;
    final Instant createdAt = Instant.now();

    @Nullable
    Version serving;

    @Nullable
    Version coming;

    @Nullable
    Version leaving;

    Held(String run) {
      this.run = run;
    }
  }

  /** What was deployed once under a name: its model, loaded or not, and the calls that are in it. */
  private final class Version {
    final ModelFunction function;
    final Semaphore turns;
    private final Probe model;
    private final ReentrantLock loading = new ReentrantLock();
    private boolean loaded;
    private int users;
    private long uses;
    private boolean draining;

    Version(ModelFunction function) {
      this.function = function;
      this.turns = new Semaphore(function.limits().maxConcurrent(), true);
      this.model = model(function.artifact());
    }

    void load() throws InterruptedException {
      loading.lockInterruptibly();
      try {
        if (!loaded) {
          model.load();
          loaded = true;
        }
      } finally {
        loading.unlock();
      }
    }

    void enter() {
      users++;
      uses++;
    }

    void leave() {
      users--;
      if (draining) {
        unloadIfUnused();
      } else if (function.limits().coldStart() == ColdStart.LAZY) {
        long now = uses;
        timer.in(
            function.limits().idleTimeout(),
            () -> locked(() -> {
              if (uses == now) {
                unloadIfUnused();
              }
            }));
      }
    }

    void drain() {
      draining = true;
      unloadIfUnused();
    }

    private void unloadIfUnused() {
      if (users == 0) {
        unload();
      }
    }

    void unload() {
      loading.lock();
      try {
        if (loaded) {
          loaded = false;
          model.unload();
        }
      } finally {
        loading.unlock();
      }
    }

    boolean isGone() {
      return users == 0;
    }
  }

  // ---- asking ----

  private Response ask(String name, Request request) {
    Call call = begin(name, request);
    threads.execute(call);
    Duration limit = call.limit();
    timer.in(
        limit,
        () -> call.stop(failure(
            ErrorKind.TIMEOUT,
            "function " + name + " did not answer within " + limit
                + ": allow it more time or more calls at once")));
    return call.await();
  }

  private Call begin(String name, Request request) {
    lock.lock();
    try {
      if (closed) {
        throw closedBefore("invoke " + name);
      }
      Version version = requireServing(name);
      version.enter();
      Call call = new Call(version, request);
      calls.add(call);
      return call;
    } finally {
      lock.unlock();
    }
  }

  /** One request on its way through a function. */
  private final class Call implements Runnable {
    private final Version version;
    private final Request request;
    private final CompletableFuture<Response> answer = new CompletableFuture<>();
    private @Nullable Thread thread;

    Call(Version version, Request request) {
      this.version = version;
      this.request = request;
    }

    Duration limit() {
      Duration allowed = version.function.limits().timeout();
      return request.timeout().compareTo(allowed) < 0 ? request.timeout() : allowed;
    }

    @Override
    public void run() {
      locked(() -> thread = Thread.currentThread());
      Response result = null;
      RuntimeException failure = null;
      try {
        result = answerInTurn();
      } catch (InterruptedException e) {
        failure = failure(ErrorKind.CANCELLED, "function " + name() + " was interrupted", e);
      } catch (RuntimeException e) {
        failure =
            failure(ErrorKind.MODEL_FAILED, "function " + name() + " failed: " + e.getMessage(), e);
      }
      leave();
      if (failure != null) {
        answer.completeExceptionally(failure);
      } else {
        answer.complete(result);
      }
    }

    private Response answerInTurn() throws InterruptedException {
      version.turns.acquire();
      try {
        if (answer.isDone()) {
          throw new InterruptedException("the caller has gone");
        }
        version.load();
        return version.model.answer(request);
      } finally {
        version.turns.release();
      }
    }

    /** Whoever is answered finds that its call has left. */
    private void leave() {
      locked(() -> {
        thread = null;
        calls.remove(this);
        version.leave();
      });
    }

    /** Lets the caller go at once, and the model as soon as it notices. */
    void stop(ServingException why) {
      answer.completeExceptionally(why);
      locked(() -> {
        if (thread != null) {
          thread.interrupt();
        }
      });
    }

    Response await() {
      try {
        return answer.get();
      } catch (ExecutionException e) {
        throw (RuntimeException) e.getCause();
      } catch (InterruptedException e) {
        stop(failure(ErrorKind.CANCELLED, "The caller of function " + name() + " was interrupted"));
        Thread.currentThread().interrupt();
        throw failure(ErrorKind.CANCELLED, "The thread was interrupted", e);
      }
    }

    private String name() {
      return version.function.name();
    }
  }

  // ---- deploying ----

  /** The one kind of thing that is here. */
  private final class FunctionKind implements ResourceKind<ModelFunction> {
    @Override
    public KindName<ModelFunction> id() {
      return FUNCTION;
    }

    @Override
    public Observed<ModelFunction> read(String name, Look look) {
      lock.lock();
      try {
        Held held = find(name);
        if (held == null) {
          return Observed.absent();
        }
        if (held.leaving != null) {
          return Observed.deleting();
        }
        return held.serving == null
            ? Observed.<ModelFunction>changing("loading").madeBy(held.run)
            : Observed.ready(held.serving.function).madeBy(held.run);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Accepted create(String name, ModelFunction desired, OwnerTag owner) {
      lock.lock();
      try {
        if (find(name) != null) {
          throw failure(ErrorKind.ALREADY_EXISTS, "function " + name + " is there already");
        }
        Version next = new Version(desired);
        Held held = new Held(owner.run());
        functions.put(name, held);
        return startLoading(name, held, next);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Accepted update(String name, Observed<ModelFunction> current, ModelFunction desired) {
      lock.lock();
      try {
        requireServing(name);
        return startLoading(name, functions.get(name), new Version(desired));
      } finally {
        lock.unlock();
      }
    }

    // guide: function bring
    /** Starts loading the next version, if it is eager; the current one serves until then. */
    private Accepted startLoading(String name, Held held, Version next) {
      if (next.function.limits().coldStart() == ColdStart.LAZY) {
        swap(held, next);
        return Accepted.VISIBLE;
      }
      String operation = "load-" + operations.size();
      operations.put(operation, Outcome.running("loading"));
      held.coming = next;
      next.enter();
      threads.execute(() -> {
        Outcome outcome = load(next);
        locked(() -> {
          boolean wanted = held.coming == next;
          held.coming = wanted ? null : held.coming;
          next.leave();
          if (wanted && outcome.state() == Outcome.State.SUCCEEDED) {
            swap(held, next);
          } else {
            next.drain();
            if (held.serving == null) {
              functions.remove(name, held);
            }
          }
          operations.put(operation, outcome);
        });
      });
      return Accepted.as(operation);
    }
    // guide end

    private static Outcome load(Version version) {
      try {
        version.load();
        return Outcome.succeeded();
      } catch (InterruptedException | RuntimeException e) {
        return Outcome.failed(failure(
            ErrorKind.MODEL_FAILED,
            "function " + version.function.name() + " could not be loaded: " + e.getMessage(),
            e));
      }
    }

    private static void swap(Held held, Version next) {
      Version before = held.serving;
      held.serving = next;
      if (before != null) {
        before.drain();
      }
    }

    @Override
    public Accepted delete(String name, Observed<ModelFunction> current, Set<ResourceRef> going) {
      lock.lock();
      try {
        Held held = find(name);
        if (held == null) {
          throw failure(ErrorKind.NOT_FOUND, "function " + name + " is not there");
        }
        held.coming = null;
        if (held.serving == null) {
          functions.remove(name);
        } else {
          held.leaving = held.serving;
          held.serving = null;
          held.leaving.drain();
        }
        return Accepted.VISIBLE;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Outcome poll(String operation) {
      lock.lock();
      try {
        return operations.get(operation);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public List<Listed> list(Look look) {
      lock.lock();
      try {
        List<Listed> listed = new ArrayList<>();
        for (String name : List.copyOf(functions.keySet())) {
          Held held = find(name);
          if (held != null) {
            listed.add(listed(name, held));
          }
        }
        return listed;
      } finally {
        lock.unlock();
      }
    }

    private Listed listed(String name, Held held) {
      return Listed.of(new ResourceRef("function", name), held.createdAt)
          .deployment(name)
          .status(held.serving == null ? Observed.Status.CHANGING : Observed.Status.READY, "")
          .asRoot();
    }
  }

  // ---- looking ----

  private URI url(String name) {
    lock.lock();
    try {
      requireServing(name);
      return http.url(name);
    } finally {
      lock.unlock();
    }
  }

  private void close() {
    List<Call> underWay;
    lock.lock();
    try {
      closed = true;
      underWay = List.copyOf(calls);
    } finally {
      lock.unlock();
    }
    underWay.forEach(call -> call.stop(closedBefore("invoke " + call.name())));
    http.close();
    threads.shutdownNow();
    MemoryThreads.awaitEnd(threads);
    timer.close();
    locked(() -> {
      functions.values().stream()
          .map(held -> held.serving)
          .filter(version -> version != null)
          .forEach(Version::unload);
      functions.clear();
    });
  }

  private @Nullable Held find(String name) {
    Held held = functions.get(name);
    if (held != null && held.leaving != null && held.leaving.isGone()) {
      functions.remove(name);
      return null;
    }
    return held;
  }

  private Version requireServing(String name) {
    Held held = find(name);
    if (held == null || held.serving == null) {
      throw failure(ErrorKind.NOT_FOUND, "function " + name + " is not deployed: deploy it first");
    }
    return held.serving;
  }

  private Probe model(ModelArtifact artifact) {
    Probe model = models.get(artifact.weights());
    if (model == null) {
      throw failure(ErrorKind.INVALID, "there is no model at " + artifact);
    }
    return model;
  }

  private static ServingException closedBefore(String action) {
    return failure(
        ErrorKind.CANCELLED, "Platform '" + ID + "' is closed: open it again to " + action + ".");
  }

  private void locked(Runnable action) {
    lock.lock();
    try {
      action.run();
    } finally {
      lock.unlock();
    }
  }

  private static ServingException failure(ErrorKind kind, String message) {
    return new ServingException(ID, kind, message);
  }

  private static ServingException failure(ErrorKind kind, String message, Throwable cause) {
    return new ServingException(ID, kind, message, cause);
  }

  /** This machine's clock. */
  static Timer realTimer() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(1, MemoryThreads.factory(ID));
    executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    return new Timer() {
      @Override
      public void in(Duration delay, Runnable action) {
        Future<?> unused = executor.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
      }

      @Override
      public void close() {
        executor.shutdownNow();
        MemoryThreads.awaitEnd(executor);
      }
    };
  }
}
