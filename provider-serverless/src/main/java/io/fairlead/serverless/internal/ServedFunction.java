package io.fairlead.serverless.internal;

import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.run.LoadedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
import io.fairlead.provider.PieceQueue;
import io.fairlead.provider.TimeSource;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.RunOn;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessProvider;
import io.fairlead.serverless.internal.http.FunctionDescription;
import io.fairlead.serverless.internal.http.StreamedPieces;
import io.fairlead.serverless.internal.pool.Pool;
import io.fairlead.serverless.internal.pool.PoolClock;
import io.fairlead.serverless.internal.pool.PoolSettings;
import io.fairlead.serverless.internal.pool.PoolStatus;
import io.fairlead.serverless.internal.pool.Refusal;
import io.fairlead.serverless.internal.pool.Starter;
import io.fairlead.serverless.internal.process.PickleSpec;
import io.fairlead.serverless.internal.process.Sizes;
import io.fairlead.serverless.internal.process.WorkerLimits;
import io.fairlead.serverless.internal.process.WorkerModel;
import io.fairlead.serverless.internal.process.WorkerSpec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** One deployed revision of a function: its limits, its instances and its invocations. */
final class ServedFunction {
  private static final Logger LOG = LoggerFactory.getLogger(ServedFunction.class);
  private static final Duration EXTRA_IDLE_TIMEOUT = Duration.ofMinutes(1);

  private final ModelFunction function;
  private final String digest;
  private final long memoryBytes;
  private final String platform;
  private final ServerlessOptions options;
  private final FunctionHost host;
  private final PoolClock clock;
  private final boolean onCaller;
  private final Pool<LoadedModel> pool;
  private volatile @Nullable FunctionDescription description;
  // Of the model that was invoked last: it is found out by its requests.
  private volatile Optional<String> batching = Optional.empty();

  /**
   * Creates a function without instances.
   *
   * @param checked its model at the time of the deployment
   */
  ServedFunction(ModelFunction function, Engine.Checked checked, FunctionHost host) {
    this.function = function;
    this.digest = checked.summary().digest();
    this.platform = checked.platform();
    this.memoryBytes = InstanceMemory.of(function, checked.summary().bytes());
    this.options = optionsOf(function);
    this.host = host;
    this.clock = host.clock();
    FunctionLimits limits = function.limits();
    boolean code = "java".equalsIgnoreCase(function.artifact().weights().getScheme());
    this.onCaller = options.runOn() == RunOn.CALLER
        || (options.runOn() == RunOn.AUTOMATIC
            && code
            && options.isolation() == Isolation.IN_PROCESS);
    this.pool = new Pool<>(
        new PoolSettings(
            memoryBytes,
            slots(options),
            limits.maxConcurrent(),
            options.maxQueue(),
            limits.timeout(),
            isEager(),
            limits.idleTimeout(),
            EXTRA_IDLE_TIMEOUT,
            options.adaptiveKeepAlive()),
        clock,
        host.budget(),
        new Instances());
  }

  static ServerlessOptions optionsOf(ModelFunction function) {
    return function
        .artifact()
        .metadata()
        .options()
        .find(ServerlessOptions.class)
        .orElse(ServerlessOptions.DEFAULT);
  }

  private static int slots(ServerlessOptions options) {
    if (options.slots().isPresent()) {
      return options.slots().get();
    }
    int processors = Runtime.getRuntime().availableProcessors();
    int runs = Math.max(1, processors / options.threads());
    // Slots for two batches: one that computes, and the next one that fills up.
    return options.maxBatch() > 1 ? Math.max(runs, 2 * options.maxBatch()) : runs;
  }

  ModelFunction function() {
    return function;
  }

  String digest() {
    return digest;
  }

  /** {@return the memory that each instance takes of the platform's, in bytes} */
  long memoryBytes() {
    return memoryBytes;
  }

  /** {@return whether one instance is always kept} */
  boolean isEager() {
    return function.limits().coldStart() == ColdStart.EAGER;
  }

  Pool<LoadedModel> pool() {
    return pool;
  }

  // ---- invocation ----

  Response invoke(Request request) {
    return onCaller ? invokeOnCaller(request, this::answer) : await(begin(request));
  }

  Response invokeStreaming(Request request, Consumer<? super ByteBuffer> pieces) {
    return onCaller
        ? invokeOnCaller(
            request, (model, rest) -> model.invokeStreaming(rest, pieces).handOn(pieces))
        : await(beginHanding(request, pieces));
  }

  private Response invokeOnCaller(
      Request request, BiFunction<LoadedModel, Request, Response> invoking) {
    long deadline = deadline(request.timeout());
    CallerInvocation invocation = new CallerInvocation(deadline);
    pool.submit(invocation);
    LoadedModel model = invocation.await();
    if (model == null) {
      throw refusal(invocation.refusal(), request.timeout());
    }
    try {
      return invoking.apply(model, request.withTimeout(timeLeft(deadline)));
    } finally {
      invocation.release();
    }
  }

  /** Runs the model on a thread of the platform, and hands its pieces to the caller until there are no more. */
  private CompletableFuture<Response> beginHanding(
      Request request, Consumer<? super ByteBuffer> pieces) {
    long deadline = deadline(request.timeout());
    HandedPieces handed = new HandedPieces(source -> host.streams()
        .open(
            "Invoking function '" + function.name() + "'",
            // The pool keeps the time, by its own clock.
            Deadline.after(Durations.LONGEST, TimeSource.system()),
            source,
            (thrown, count) -> unchecked(thrown)));
    PieceQueue<ByteBuffer> queue = handed.queue();
    Invocation<Response> invocation = new Invocation<>(
        deadline,
        host.threads(),
        model -> handed.run(() -> model
            .invokeStreaming(request.withTimeout(timeLeft(deadline)), handed)
            .handOn(handed)),
        refusal -> refusal(refusal, request.timeout()));
    host.watch(invocation.answer().handle((response, thrown) -> {
      if (thrown == null) {
        queue.ended();
      } else {
        queue.failed(thrown);
      }
      return null;
    }));
    try {
      pool.submit(invocation);
      queue.handOn(pieces);
    } finally {
      invocation.answer().cancel(false);
      handed.close();
    }
    return invocation.answer();
  }

  /** Starts an invocation on a thread of the platform. */
  CompletableFuture<Response> begin(Request request) {
    long deadline = deadline(request.timeout());
    Invocation<Response> invocation = new Invocation<>(
        deadline,
        host.threads(),
        withContext(model -> answer(model, request.withTimeout(timeLeft(deadline)))),
        refusal -> refusal(refusal, request.timeout()));
    pool.submit(invocation);
    return invocation.answer();
  }

  /**
   * Starts an invocation on a thread of the platform, which passes the pieces on.
   *
   * @param pieces called on that thread; it may block, and throws when nobody waits for the response any more
   */
  CompletableFuture<Response> beginStreaming(Request request, StreamedPieces pieces) {
    long deadline = deadline(request.timeout());
    AbandonableRun run = new AbandonableRun();
    Invocation<Response> invocation = new Invocation<>(
        deadline,
        host.threads(),
        withContext(model -> run.run(() -> model.invokeStreaming(
            request.withTimeout(timeLeft(deadline)),
            piece -> pieces.accept(model.streamedType(), piece)))),
        refusal -> refusal(refusal, request.timeout()));
    host.watch(invocation.answer().handle((response, thrown) -> {
      run.abandon();
      return null;
    }));
    pool.submit(invocation);
    return invocation.answer();
  }

  /** An action that runs with the MDC of this thread, on whichever thread it runs. */
  private static <T> Function<LoadedModel, T> withContext(Function<LoadedModel, T> action) {
    Map<String, String> context = MDC.getCopyOfContextMap();
    if (context == null || context.isEmpty()) {
      return action;
    }
    return model -> {
      MDC.setContextMap(context);
      try {
        return action.apply(model);
      } finally {
        MDC.clear();
      }
    };
  }

  /** Starts to read the inputs and outputs of the model, which may have to be loaded first. */
  CompletableFuture<FunctionDescription> describe() {
    FunctionDescription known = description;
    if (known != null) {
      return CompletableFuture.completedFuture(known.withBatching(batching));
    }
    Duration timeout = function.limits().timeout();
    Invocation<FunctionDescription> invocation = new Invocation<>(
        deadline(timeout),
        host.threads(),
        model -> {
          FunctionDescription seen =
              new FunctionDescription(platform, model.inputs(), model.outputs(), model.text());
          description = seen;
          batching = model.batching();
          return seen.withBatching(batching);
        },
        refusal -> refusal(refusal, timeout));
    pool.submit(invocation);
    return invocation.answer();
  }

  private Response answer(LoadedModel model, Request request) {
    Response response = model.invoke(request);
    batching = model.batching();
    return response;
  }

  private static Response await(CompletableFuture<Response> answer) {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      throw unchecked(e.getCause());
    } catch (InterruptedException e) {
      answer.cancel(false);
      Thread.currentThread().interrupt();
      throw new ServingException(
          ServerlessProvider.ID,
          ErrorKind.CANCELLED,
          "The thread was interrupted while it waited for an answer.",
          e);
    }
  }

  private static RuntimeException unchecked(@Nullable Throwable thrown) {
    if (thrown instanceof RuntimeException failure) {
      return failure;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(thrown);
  }

  private long deadline(Duration timeout) {
    Duration allowed = function.limits().timeout();
    return clock.now() + Durations.nanos(Durations.atMost(allowed, timeout));
  }

  private Duration timeLeft(long deadline) {
    return Duration.ofNanos(Math.max(1, deadline - clock.now()));
  }

  // ---- errors ----

  private RuntimeException refusal(@Nullable Refusal refusal, Duration requested) {
    String name = "Function '" + function.name() + "'";
    Duration allowed = function.limits().timeout();
    String limit = Durations.shown(Durations.atMost(allowed, requested));
    if (refusal == null) {
      throw new IllegalStateException("an invocation ended without a reason");
    }
    return switch (refusal.reason()) {
      case QUEUE_FULL ->
        ServingException.builder(
                ServerlessProvider.ID,
                ErrorKind.THROTTLED,
                name + " has a full queue (" + options.maxQueue()
                    + " waiting invocations): retry later, or raise maxConcurrent or maxQueue.")
            .retryAfter(refusal.retryAfter())
            .build();
      case TIMED_OUT_WAITING ->
        timeout(name + " had no free slot within " + limit
            + ": raise maxConcurrent, the memory of the platform, or the timeout.");
      case TIMED_OUT_LOADING ->
        timeout(name + " was not loaded within " + limit
            + ": raise the timeout, load it when it is deployed (ColdStart.EAGER), or keep it loaded for longer"
            + " (idleTimeout).");
      case TIMED_OUT_WITHOUT_MEMORY ->
        timeout(name + " had no memory for an instance within " + limit + ": one takes "
            + Sizes.shown(memoryBytes) + ", and of the "
            + Sizes.shown(host.budget().memoryBytes())
            + " of the platform other functions in use leave "
            + Sizes.shown(host.budget().freeBytes())
            + ". Raise the memory of the platform, or give each function less.");
      case TIMED_OUT_BEFORE_START ->
        timeout(
            name + " was not loaded within " + limit
                + ": other functions were being loaded all the time. Raise the timeout or the platform's 'starts'.");
      case TIMED_OUT_RUNNING ->
        timeout(
            name + " did not answer within " + limit
                + " and is being stopped: raise the timeouts of request and function, or send less at a time.");
      case START_FAILED -> startFailure(name, refusal);
      case STUCK ->
        failure(
            ErrorKind.UNAVAILABLE,
            name + " is stuck: all " + function.limits().maxConcurrent()
                + " concurrent invocations are past their deadlines and cannot be stopped. Fix the model, or use"
                + " isolation PROCESS, so that it can be killed.");
      case CANCELLED ->
        failure(
            ErrorKind.CANCELLED,
            "The invocation of function '" + function.name() + "' was cancelled.");
      case CLOSED -> host.notDeployed(function.name());
    };
  }

  private ServingException startFailure(String name, Refusal refusal) {
    Throwable cause = refusal.cause();
    if (cause == null) {
      return failure(ErrorKind.MODEL_FAILED, name + " could not be loaded.");
    }
    ErrorKind kind = kindOf(cause);
    return ServingException.builder(
            ServerlessProvider.ID,
            isModelError(kind) ? ErrorKind.MODEL_FAILED : kind,
            name + " could not be loaded: " + reason(cause))
        .cause(cause)
        .retryAfter(refusal.retryAfter())
        .build();
  }

  /** Whether the cause is the deployed model, not the invocation. */
  private static boolean isModelError(ErrorKind kind) {
    return switch (kind) {
      case INVALID, NOT_FOUND, ALREADY_EXISTS, UNSUPPORTED, UNAUTHORIZED -> true;
      default -> false;
    };
  }

  private static ServingException timeout(String message) {
    return failure(ErrorKind.TIMEOUT, message);
  }

  private static ServingException failure(ErrorKind kind, String message) {
    return new ServingException(ServerlessProvider.ID, kind, message);
  }

  static ErrorKind kindOf(Throwable cause) {
    return cause instanceof ServingException failure ? failure.kind() : ErrorKind.MODEL_FAILED;
  }

  static String reason(Throwable cause) {
    String message = cause.getMessage();
    return message == null || message.isBlank() ? cause.getClass().getSimpleName() + "." : message;
  }

  PoolStatus status() {
    return pool.status();
  }

  // ---- instances ----

  private final class Instances implements Starter<LoadedModel> {
    @Override
    public void start(Start<LoadedModel> start) {
      try {
        host.threads().execute(() -> load(start));
      } catch (RuntimeException | Error e) {
        start.failed(e, true);
      }
    }

    private void load(Start<LoadedModel> start) {
      long begin = System.nanoTime();
      LoadedModel model;
      try {
        model = load();
      } catch (Throwable e) {
        LOG.warn("Function '{}' could not be loaded: {}", function.name(), reason(e));
        start.failed(e, isRetryable(e));
        return;
      }
      LOG.info(
          "Function '{}': an instance was loaded in {} ms",
          function.name(),
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
      start.succeeded(model);
      if (model instanceof WorkerModel worker) {
        // Also for a worker that this process kills, at a deadline or over its memory. After a stop
        // these have no effect.
        host.watch(worker.onEnding().thenRun(start::ending));
        host.watch(worker.onExit().thenAccept(exit -> {
          start.died();
          worker.close();
        }));
      }
    }

    private LoadedModel load() {
      ModelArtifact artifact = function.artifact();
      LoadOptions load = LoadOptions.DEFAULT
          .withThreads(options.threads())
          .withMaxBatch(options.maxBatch())
          .withBatchDependentAllowed(options.batchDependentAllowed())
          .withExecutionProviders(options.executionProviders())
          .withSessionSettings(options.sessionSettings());
      WorkerLimits limits = WorkerLimits.DEFAULT.withMemoryBytes(memoryBytes);
      if (options.trustedPickle().isPresent()) {
        return host.workers()
            .start(PickleSpec.of(
                Path.of(options.trustedPickle().get()),
                Path.of(artifact.weights()),
                function.name(),
                digest,
                limits));
      }
      return options.isolation() == Isolation.PROCESS
          ? host.workers()
              .start(WorkerSpec.of(host.engine().local(artifact), limits)
                  .withOptions(load)
                  .withMaxRuns(slots(options))
                  .withDigest(digest))
          : withSameDigest(
              host.engine().load(artifact, load, limits.memoryBytes(), slots(options)));
    }

    /** Refuses a model that was replaced since the deployment: all instances of a function run the same one. */
    private LoadedModel withSameDigest(LoadedModel model) {
      if (model.digest().equals(digest)) {
        return model;
      }
      model.close();
      throw failure(
          ErrorKind.CONFLICT,
          "The model of function '" + function.name()
              + "' has changed since it was deployed: deploy it again.");
    }

    @Override
    public void stop(LoadedModel instance, Runnable stopped) {
      Runnable closing = () -> {
        try {
          instance.close();
        } finally {
          if (instance instanceof WorkerModel worker) {
            // Its memory is free when the process has exited.
            host.watch(worker.onExit().thenRun(stopped));
          } else {
            stopped.run();
          }
        }
      };
      try {
        host.threads().execute(closing);
      } catch (RuntimeException | Error e) {
        closing.run();
      }
    }
  }

  private static boolean isRetryable(Throwable e) {
    if (e instanceof InvalidValueException) {
      return false;
    }
    return !(e instanceof ServingException failure)
        || switch (failure.kind()) {
          case INVALID, NOT_FOUND, UNSUPPORTED, UNAUTHORIZED, CONFLICT, CANCELLED -> false;
          default -> true;
        };
  }
}
