package io.fairlead.serverless.internal.process;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Durations;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker process and the calls to it.
 *
 * <p>Callers write their own requests and wait for their own responses. One thread reads the responses, another one
 * standard error; both end with the process.
 */
final class Worker {
  private static final byte[] EMPTY = {};
  // A pipe takes this much at once: a worker that does not read can block only longer writes.
  private static final int PIPE_BYTES = 4096;
  private static final Duration EXIT_GRACE = Duration.ofSeconds(1);
  private static final Duration DRAIN_TIME = Duration.ofMillis(300);
  private static final Duration WATCH_INTERVAL = Duration.ofSeconds(1);

  private final String platform;
  private final String shown;
  private final WorkerLimits limits;
  private final Failures failures;
  private final Process process;
  private final Path folder;
  private final ScheduledExecutorService timer;
  private final Frame.Writer out;
  private final DataInputStream in;
  private final StandardError standardError = new StandardError();
  private final AtomicLong ids = new AtomicLong();
  private final ConcurrentMap<Long, CompletableFuture<Reply>> pending = new ConcurrentHashMap<>();
  private final Set<Long> overdue = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final CompletableFuture<Void> ending = new CompletableFuture<>();
  private final AtomicBoolean endSent = new AtomicBoolean();
  private final CompletableFuture<WorkerExit> exit = new CompletableFuture<>();
  private volatile boolean closed;
  private volatile @Nullable Stop stop;

  /** The reason why this process killed the worker, and the kind of failure for pending calls. */
  private record Stop(ErrorKind kind, String reason) {}

  /** A frame from the worker that completes a call. */
  private static final class Reply {
    final byte type;
    final byte[] body;

    Reply(byte type, byte[] body) {
      this.type = type;
      this.body = body;
    }
  }

  Worker(
      String platform,
      String shown,
      WorkerLimits limits,
      Process process,
      Path folder,
      ScheduledExecutorService timer) {
    this.platform = platform;
    this.shown = shown;
    this.limits = limits;
    this.failures = new Failures(platform);
    this.process = process;
    this.folder = folder;
    this.timer = timer;
    this.out = new Frame.Writer(process.getOutputStream());
    this.in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
  }

  /** Starts the threads; {@code watched} is whether this process has to enforce the memory limit. */
  void start(boolean watched) {
    String name = "fairlead-" + platform + "-worker-" + process.pid();
    CompletableFuture<?> answersEnded = run(name + "-answers", this::readAnswers);
    CompletableFuture<?> errorsEnded =
        run(name + "-errors", () -> standardError.drain(process.getErrorStream()));
    CompletableFuture<?> gone = process.onExit();
    CompletableFuture<?> unused =
        CompletableFuture.allOf(gone, answersEnded, errorsEnded).thenRunAsync(this::finish, timer);
    // A child process of the worker may keep its pipes open.
    unused = gone.thenRunAsync(() -> later(DRAIN_TIME, this::finish), timer);
    if (watched) {
      later(WATCH_INTERVAL, this::watchMemory);
    }
  }

  private static CompletableFuture<?> run(String name, Runnable task) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread = new Thread(
        () -> {
          try {
            task.run();
          } finally {
            done.complete(null);
          }
        },
        name);
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive() && stop == null;
  }

  CompletableFuture<WorkerExit> exit() {
    return exit;
  }

  CompletableFuture<Void> ending() {
    return ending;
  }

  /** {@return the description of the model that the worker has loaded} */
  Wire.Ready load(byte[] what) {
    long id = ids.incrementAndGet();
    CompletableFuture<Reply> call = begin(id, "");
    long end = System.nanoTime() + Wire.nanos(limits.startTimeout());
    send(Frame.LOAD, id, what, EMPTY);
    try {
      Reply reply = call.get(end - System.nanoTime(), NANOSECONDS);
      if (reply.type == Frame.READY) {
        return Wire.Ready.of(reply.body);
      }
      if (reply.type == Frame.ERROR) {
        throw Wire.failure(platform, reply.body);
      }
      throw new IOException("a frame of type " + reply.type + " came instead of the loaded model");
    } catch (TimeoutException e) {
      kill(ErrorKind.TIMEOUT, "it took too long to start");
      throw failures.failure(
          ErrorKind.TIMEOUT,
          shown + " was not loaded by worker process " + pid() + " within "
              + Durations.shown(limits.startTimeout()) + lastOutput()
              + ": raise its start timeout, or check whether the machine is overloaded");
    } catch (InterruptedException e) {
      kill(ErrorKind.CANCELLED, "its start was interrupted");
      Thread.currentThread().interrupt();
      throw failures.failure(
          ErrorKind.CANCELLED,
          shown + " was not loaded: the thread that waited for it was interrupted",
          e);
    } catch (ExecutionException e) {
      throw (RuntimeException) e.getCause();
    } catch (IOException e) {
      throw protocolFailure(e);
    }
  }

  Response invoke(String model, Request request) {
    long nanos = Wire.nanos(request.timeout());
    long start = System.nanoTime();
    byte[] head = Wire.head(request, nanos);
    byte[] body = request.body();
    checkFits(model, head.length + (long) body.length);
    long id = ids.incrementAndGet();
    CompletableFuture<Reply> call = begin(id, model);
    write(id, head, body, model, request, nanos);
    Reply reply;
    try {
      reply = call.get(nanos - (System.nanoTime() - start), NANOSECONDS);
    } catch (TimeoutException e) {
      reply = overdue(id, call, limits.stopGrace());
      if (reply == null) {
        throw timeout(model, request);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      long left = Math.max(0, nanos - (System.nanoTime() - start));
      reply = overdue(id, call, limits.stopGrace().plusNanos(left));
      if (reply == null) {
        throw interrupted(model, e);
      }
    } catch (ExecutionException e) {
      if (System.nanoTime() - start >= nanos) {
        throw timeout(model, request);
      }
      throw (RuntimeException) e.getCause();
    }
    try {
      return switch (reply.type) {
        case Frame.RESPONSE -> Wire.response(reply.body);
        case Frame.ERROR -> throw Wire.failure(platform, reply.body);
        default -> throw new IOException("a frame of type " + reply.type + " came as a response");
      };
    } catch (IOException e) {
      throw protocolFailure(e);
    }
  }

  /** Writes a request, after those of other threads and before its deadline. */
  private void write(long id, byte[] head, byte[] body, String model, Request request, long nanos) {
    long start = System.nanoTime();
    try {
      if (!out.lock().tryLock(nanos, NANOSECONDS)) {
        removeCall(id);
        throw timeout(model, request);
      }
    } catch (InterruptedException e) {
      removeCall(id);
      Thread.currentThread().interrupt();
      throw interrupted(model, e);
    }
    Future<?> watch = null;
    try {
      if (body.length > PIPE_BYTES) {
        watch = schedule(
            Duration.ofNanos(Math.max(0, nanos - (System.nanoTime() - start))),
            () -> kill(ErrorKind.UNAVAILABLE, "it did not read a request before its deadline"));
      }
      send(Frame.REQUEST, id, head, body);
    } finally {
      out.lock().unlock();
      if (watch != null) {
        watch.cancel(false);
      }
    }
  }

  private ServingException interrupted(String model, InterruptedException e) {
    return failures.failure(
        ErrorKind.CANCELLED, "Model '" + model + "' did not answer: its thread was interrupted", e);
  }

  private void checkFits(String model, long bytes) {
    if (bytes > Frame.LIMIT) {
      throw failures.failure(
          ErrorKind.INVALID,
          "Model '" + model + "' was sent " + bytes
              + " bytes, and its worker process takes at most " + Frame.LIMIT
              + " at a time: send less");
    }
    if (bytes > limits.memoryBytes()) {
      throw failures.failure(
          ErrorKind.INVALID,
          "Model '" + model + "' was not invoked: a request must take at most the "
              + limits.memoryBytes() + " bytes of limits.memoryBytes, and takes " + bytes
              + ": send less at a time, or deploy it with more memory");
    }
  }

  private ServingException timeout(String model, Request request) {
    return failures.failure(
        ErrorKind.TIMEOUT,
        "Model '" + model + "' did not answer within " + Durations.shown(request.timeout())
            + " and was stopped: give the request a longer timeout, or the model less to do");
  }

  private ServingException protocolFailure(IOException e) {
    kill(ErrorKind.UNAVAILABLE, "it violated the protocol: " + Failures.reason(e));
    return failures.failure(
        ErrorKind.MODEL_FAILED,
        shown + " failed: worker process " + pid() + " violated the protocol ("
            + Failures.reason(e) + lastOutput()
            + "): check whether it has another version, or writes to a file descriptor that is not its own",
        e);
  }

  private CompletableFuture<Reply> begin(long id, String model) {
    CompletableFuture<Reply> call = new CompletableFuture<>();
    pending.put(id, call);
    // After the put: either this sees the end or the end sees the call.
    if (ended.get() || stop != null) {
      removeCall(id);
      throw failures.failure(
          ErrorKind.UNAVAILABLE,
          shown + " was not invoked, because worker process " + pid() + " " + describeExit()
              + "; retry with another worker");
    }
    if (closed) {
      removeCall(id);
      throw failures.failure(
          ErrorKind.NOT_FOUND, "Model '" + model + "' is no longer loaded: load it again");
    }
    return call;
  }

  /** Writes a frame. If that fails, the process is exiting, and pending calls fail when it has. */
  private void send(byte type, long id, byte[] head, byte[] rest) {
    try {
      out.write(type, id, head, rest);
    } catch (IOException e) {
      later(DRAIN_TIME, () -> kill(ErrorKind.UNAVAILABLE, "it stopped reading requests"));
    }
  }

  private void removeCall(long id) {
    pending.remove(id);
    endIfIdle();
  }

  /** Abandons a call, and kills the worker if it does not end in time; returns its reply if that has just arrived. */
  private @Nullable Reply overdue(long id, CompletableFuture<Reply> call, Duration wait) {
    overdue.add(id);
    if (pending.remove(id, call)) {
      later(wait, () -> killIfOverdue(id));
      return null;
    }
    overdue.remove(id);
    try {
      return call.isCompletedExceptionally() ? null : call.getNow(null);
    } finally {
      endIfIdle();
    }
  }

  private void killIfOverdue(long id) {
    if (overdue.contains(id)) {
      kill(
          ErrorKind.UNAVAILABLE,
          "a call to it did not stop within " + Durations.shown(limits.stopGrace())
              + " after its deadline");
    }
  }

  private void readAnswers() {
    try {
      while (true) {
        Frame frame = Frame.read(in);
        CompletableFuture<Reply> call = pending.get(frame.id());
        if (call == null) {
          frame.skip(in);
        } else {
          call.complete(new Reply(frame.type(), frame.body(in)));
        }
        if (pending.remove(frame.id()) == null) {
          overdue.remove(frame.id());
        }
        endIfIdle();
      }
    } catch (EOFException e) {
      // It is exiting, or has closed its output, which is treated alike.
      later(EXIT_GRACE, () -> kill(ErrorKind.UNAVAILABLE, "it closed its output"));
    } catch (IOException | OutOfMemoryError e) {
      if (process.isAlive()) {
        kill(ErrorKind.UNAVAILABLE, "its output cannot be read: " + Failures.reason(e));
      }
    }
  }

  /** Kills the process and its descendants. */
  void kill(ErrorKind kind, String reason) {
    if (stop == null) {
      stop = new Stop(kind, reason);
    }
    ending.complete(null);
    if (process.isAlive()) {
      List<ProcessHandle> own = process.descendants().toList();
      process.destroyForcibly();
      own.forEach(ProcessHandle::destroyForcibly);
    }
  }

  /** Rejects further calls; the process exits when the last pending one has ended. */
  void close() {
    closed = true;
    endIfIdle();
  }

  private void endIfIdle() {
    if (closed
        && pending.isEmpty()
        && overdue.isEmpty()
        && process.isAlive()
        && endSent.compareAndSet(false, true)) {
      // On the timer, because the pipe may be full.
      timer.execute(() -> {
        later(
            EXIT_GRACE,
            () -> kill(ErrorKind.CANCELLED, "it did not end when its model was closed"));
        send(Frame.END, 0, EMPTY, EMPTY);
      });
    }
  }

  /** Closes, and kills the process if it has not exited within the grace period. */
  void close(Duration grace) {
    close();
    boolean interrupted = false;
    try {
      exit.get(Wire.nanos(grace), NANOSECONDS);
    } catch (TimeoutException e) {
      kill(ErrorKind.CANCELLED, "its model was closed");
    } catch (InterruptedException e) {
      interrupted = true;
      kill(ErrorKind.CANCELLED, "its model was closed");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
    awaitExit();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits up to 5 seconds for the exit of a killed process. */
  void awaitExit() {
    boolean interrupted = false;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (!exit.isDone()) {
      try {
        exit.get(end - System.nanoTime(), NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (TimeoutException e) {
        LoggerFactory.getLogger(Worker.class)
            .warn("Worker process {} was killed but has not exited", pid());
        break;
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void finish() {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    WorkerFolder.delete(folder);
    try {
      process.getOutputStream().close();
      process.getInputStream().close();
      process.getErrorStream().close();
    } catch (IOException e) {
      log().debug("The pipes of worker process {} could not be closed", pid(), e);
    }
    ending.complete(null);
    exit.complete(
        new WorkerExit(process.exitValue(), stop != null || endSent.get(), describeExit()));
    pending.values().forEach(call -> call.completeExceptionally(exitFailure()));
    pending.clear();
    overdue.clear();
  }

  /** {@return the failure of a call whose process has exited or was killed} */
  private ServingException exitFailure() {
    Stop stopped = stop;
    if (stopped == null) {
      String text = standardError.text();
      return failures.failure(
          ErrorKind.MODEL_FAILED,
          shown + " failed: worker process " + pid() + " " + describeExit()
              + ": load it again, with more memory if it ran out of memory",
          text.isEmpty()
              ? null
              : new WorkerCause(
                  "standard error of worker process " + pid() + ":\n" + text,
                  new StackTraceElement[0]));
    }
    return failures.failure(
        stopped.kind(),
        shown + " did not answer, because worker process " + pid() + " was killed: "
            + stopped.reason()
            + switch (stopped.kind()) {
              case UNAVAILABLE -> "; retry with another worker";
              case MODEL_FAILED -> "; send less at a time, or give the function more memory";
              default -> "";
            });
  }

  private String describeExit() {
    Stop stopped = stop;
    if (stopped != null) {
      return "was killed: " + stopped.reason();
    }
    int code = process.exitValue();
    String how = switch (code) {
      case 125 -> " (its memory could not be limited)";
      case 128 + 6, 128 + 11, 128 + 7 -> " (it crashed)";
      case 128 + 9 -> " (it was killed from outside, as the system does when memory runs out)";
      default -> "";
    };
    return "ended with exit code " + code + how + lastOutput();
  }

  private String lastOutput() {
    String line = standardError.line();
    return line.isEmpty() ? "" : ", last output \"" + line + "\"";
  }

  private void watchMemory() {
    if (!process.isAlive()) {
      return;
    }
    long bytes = ResidentMemory.of(pid());
    if (bytes > limits.memoryBytes()) {
      kill(
          ErrorKind.MODEL_FAILED,
          "it used " + Sizes.shown(bytes) + " of memory, and its limit is "
              + Sizes.shown(limits.memoryBytes()));
    } else {
      later(WATCH_INTERVAL, this::watchMemory);
    }
  }

  private @Nullable Future<?> schedule(Duration wait, Runnable task) {
    try {
      return timer.schedule(task, Wire.nanos(wait), NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // All workers have been closed.
      return null;
    }
  }

  private void later(Duration wait, Runnable task) {
    Future<?> unused = schedule(wait, task);
  }

  private static Logger log() {
    return LoggerFactory.getLogger(Worker.class);
  }
}
