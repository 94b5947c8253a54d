package io.fairlead.serverless.internal.process;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
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
 * One process and the calls to it.
 *
 * <p>Callers write their own requests and wait for their own answers; one thread reads the answers, one what the process
 * writes to its standard error, and both end with the process.
 */
final class Worker {
  private static final byte[] NOTHING = {};
  // A pipe takes that much at once: only the writing of more can be held up by a worker that does
  // not read.
  private static final int AT_ONCE = 4096;
  private static final Duration ENDING = Duration.ofSeconds(1);
  private static final Duration LAST_WORDS = Duration.ofMillis(300);
  private static final Duration WATCHING = Duration.ofSeconds(1);

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

  /** Why a process was ended from here, and what that is to those who wait for its answers. */
  private record Stop(ErrorKind kind, String reason) {}

  /** A frame that answers. */
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

  /** Begins to listen; {@code watched} is whether its memory has to be kept small from here. */
  void begin(boolean watched) {
    String name = "fairlead-" + platform + "-worker-" + process.pid();
    CompletableFuture<?> answersEnded = run(name + "-answers", this::readAnswers);
    CompletableFuture<?> errorsEnded =
        run(name + "-errors", () -> standardError.drain(process.getErrorStream()));
    CompletableFuture<?> gone = process.onExit();
    CompletableFuture<?> unused =
        CompletableFuture.allOf(gone, answersEnded, errorsEnded).thenRunAsync(this::finish, timer);
    // A process of the worker's own may hold its pipes open.
    unused = gone.thenRunAsync(() -> later(LAST_WORDS, this::finish), timer);
    if (watched) {
      later(WATCHING, this::watchMemory);
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

  /** {@return what the worker says that it has loaded} */
  Wire.Ready load(byte[] what) {
    long id = ids.incrementAndGet();
    CompletableFuture<Reply> call = begin(id, "");
    long end = System.nanoTime() + Wire.nanos(limits.startTimeout());
    send(Frame.LOAD, id, what, NOTHING);
    try {
      Reply reply = call.get(end - System.nanoTime(), NANOSECONDS);
      if (reply.type == Frame.READY) {
        return Wire.Ready.of(reply.body);
      }
      if (reply.type == Frame.ERROR) {
        throw Wire.failure(platform, reply.body);
      }
      throw new IOException("a frame of type " + reply.type + " came instead of the model");
    } catch (TimeoutException e) {
      kill(ErrorKind.TIMEOUT, "it took too long to start");
      throw failures.failure(
          ErrorKind.TIMEOUT,
          shown + " was not loaded by worker process " + pid() + " within "
              + limits.startTimeout() + lastWords()
              + ": allow it a longer time to start, or look whether the machine is overloaded");
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
      throw broken(e);
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
        default -> throw new IOException("a frame of type " + reply.type + " came as an answer");
      };
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /** Waits for its turn and writes a request, for no longer than that may take. */
  private void write(long id, byte[] head, byte[] body, String model, Request request, long nanos) {
    long start = System.nanoTime();
    try {
      if (!out.lock().tryLock(nanos, NANOSECONDS)) {
        forget(id);
        throw timeout(model, request);
      }
    } catch (InterruptedException e) {
      forget(id);
      Thread.currentThread().interrupt();
      throw interrupted(model, e);
    }
    Future<?> watch = null;
    try {
      if (body.length > AT_ONCE) {
        watch = schedule(
            Duration.ofNanos(Math.max(0, nanos - (System.nanoTime() - start))),
            () -> kill(ErrorKind.UNAVAILABLE, "it did not take a request within its time"));
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
          "Model '" + model + "' was not asked: a request must take at most the "
              + limits.memoryBytes() + " bytes of limits.memoryBytes, and takes " + bytes
              + ": send less at a time, or deploy it with more memory");
    }
  }

  private ServingException timeout(String model, Request request) {
    return failures.failure(
        ErrorKind.TIMEOUT,
        "Model '" + model + "' did not answer within " + request.timeout()
            + " and was stopped: give the request a longer timeout, or the model less to do");
  }

  private ServingException broken(IOException e) {
    kill(ErrorKind.UNAVAILABLE, "it does not keep to the protocol: " + Failures.reason(e));
    return failures.failure(
        ErrorKind.MODEL_FAILED,
        shown + " failed: worker process " + pid() + " does not keep to the protocol ("
            + Failures.reason(e) + lastWords()
            + "): look whether it is of another version, or writes to a descriptor that is not its own",
        e);
  }

  private CompletableFuture<Reply> begin(long id, String model) {
    CompletableFuture<Reply> call = new CompletableFuture<>();
    pending.put(id, call);
    // After the call is there: either this sees the end or the end sees the call.
    if (ended.get() || stop != null) {
      forget(id);
      throw failures.failure(
          ErrorKind.UNAVAILABLE,
          shown + " was not asked, for worker process " + pid() + " " + described()
              + "; try again with another");
    }
    if (closed) {
      forget(id);
      throw failures.failure(
          ErrorKind.NOT_FOUND, "Model '" + model + "' is not loaded any more: load it again");
    }
    return call;
  }

  /** Writes a frame. If it cannot, for the process is ending, those who wait hear of that when it has ended. */
  private void send(byte type, long id, byte[] head, byte[] rest) {
    try {
      out.write(type, id, head, rest);
    } catch (IOException e) {
      later(LAST_WORDS, () -> kill(ErrorKind.UNAVAILABLE, "it does not read"));
    }
  }

  private void forget(long id) {
    pending.remove(id);
    endIfIdle();
  }

  /** Leaves a call to itself until the wait is over; gives its answer if that came in the last moment. */
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
          "a call to it did not stop within " + limits.stopGrace() + " after its deadline");
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
      // It ends, or has closed its answers, which is as good.
      later(ENDING, () -> kill(ErrorKind.UNAVAILABLE, "it closed its answers"));
    } catch (IOException | OutOfMemoryError e) {
      if (process.isAlive()) {
        kill(ErrorKind.UNAVAILABLE, "its answers cannot be read: " + Failures.reason(e));
      }
    }
  }

  /** Ends the process at once, with all that it has started. */
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

  /** Lets no call begin any more, and the process end when the last has ended. */
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
      // By the timer: the pipe may be full.
      timer.execute(() -> {
        later(ENDING, () -> kill(ErrorKind.CANCELLED, "it did not end when its model was closed"));
        send(Frame.END, 0, NOTHING, NOTHING);
      });
    }
  }

  /** Closes, and kills the process if it is not gone within the grace. */
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

  /** Waits for the end of a process that was killed, for as long as the system may take. */
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
            .warn("Worker process {} was killed and is still there", pid());
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
    exit.complete(new WorkerExit(process.exitValue(), stop != null || endSent.get(), described()));
    pending.values().forEach(call -> call.completeExceptionally(gone()));
    pending.clear();
    overdue.clear();
  }

  /** What to tell of a process that is gone or going. */
  private ServingException gone() {
    Stop stopped = stop;
    if (stopped == null) {
      String text = standardError.text();
      return failures.failure(
          ErrorKind.MODEL_FAILED,
          shown + " failed: worker process " + pid() + " " + described()
              + ": load it again, and give it more memory if that is what it ran out of",
          text.isEmpty()
              ? null
              : new WorkerCause(
                  "standard error of worker process " + pid() + ":\n" + text,
                  new StackTraceElement[0]));
    }
    return failures.failure(
        stopped.kind(),
        shown + " did not answer, for worker process " + pid() + " was killed: " + stopped.reason()
            + switch (stopped.kind()) {
              case UNAVAILABLE -> "; try again with another";
              case MODEL_FAILED ->
                "; ask it for less at a time, or give the function a larger memory size";
              default -> "";
            });
  }

  private String described() {
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
    return "ended with exit code " + code + how + lastWords();
  }

  private String lastWords() {
    String line = standardError.line();
    return line.isEmpty() ? "" : ", having written last \"" + line + "\"";
  }

  private void watchMemory() {
    if (!process.isAlive()) {
      return;
    }
    long bytes = ResidentMemory.of(pid());
    if (bytes > limits.memoryBytes()) {
      kill(
          ErrorKind.MODEL_FAILED,
          "it took " + Sizes.shown(bytes) + " of memory, and its limit is "
              + Sizes.shown(limits.memoryBytes()));
    } else {
      later(WATCHING, this::watchMemory);
    }
  }

  private @Nullable Future<?> schedule(Duration wait, Runnable task) {
    try {
      return timer.schedule(task, Wire.nanos(wait), NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // All workers were closed meanwhile.
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
