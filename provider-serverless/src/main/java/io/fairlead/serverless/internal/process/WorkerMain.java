package io.fairlead.serverless.internal.process;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.run.LoadedModel;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.Response;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The main class of a worker JVM: loads one model and serves requests until its parent closes it or exits. */
final class WorkerMain {
  /** The file descriptor of responses, apart from standard output, to which model code may print. */
  static final String ANSWERS = "/dev/fd/3";

  private static final Duration EXIT_TIMEOUT = Duration.ofSeconds(2);
  private static final int PROTOCOL_BROKEN = 70;
  private static final int OUT_OF_MEMORY = 71;
  private static final byte[] EMPTY = {};

  private final DataInputStream in;
  private final Frame.Writer out;
  private final AtomicInteger threads = new AtomicInteger();
  private final ExecutorService callers = Executors.newCachedThreadPool(task -> {
    Thread thread = new Thread(task, "fairlead-worker-" + threads.incrementAndGet());
    thread.setDaemon(true);
    return thread;
  });
  private volatile @Nullable Engine engine;
  private volatile @Nullable LoadedModel model;
  private volatile Failures failures = new Failures("");

  private WorkerMain(DataInputStream in, Frame.Writer out) {
    this.in = in;
    this.out = out;
  }

  public static void main(String[] arguments) {
    try {
      InputStream requests = new FileInputStream(FileDescriptor.in);
      System.setIn(InputStream.nullInputStream());
      new WorkerMain(
              new DataInputStream(new BufferedInputStream(requests, 1 << 16)),
              new Frame.Writer(new BufferedOutputStream(new FileOutputStream(ANSWERS), 1 << 16)))
          .run();
    } catch (EOFException e) {
      // The parent process has exited, or closed the pipe.
      WorkerFolder.abandon(Path.of(System.getProperty("java.io.tmpdir")));
      Runtime.getRuntime().halt(0);
    } catch (IOException | InterruptedException | RuntimeException e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(PROTOCOL_BROKEN);
    }
  }

  private void run() throws IOException, InterruptedException {
    while (true) {
      Frame frame = Frame.read(in);
      byte[] body;
      try {
        body = frame.body(in);
      } catch (OutOfMemoryError e) {
        frame.skip(in);
        send(frame.id(), outOfMemory(e));
        continue;
      }
      try {
        switch (frame.type()) {
          case Frame.LOAD -> callers.execute(() -> load(frame.id(), body));
          case Frame.REQUEST -> callers.execute(() -> answer(frame.id(), body));
          case Frame.END -> {
            callers.execute(this::end);
            // Not in a blocking read, for which the JVM waits 300 ms at exit.
            callers.awaitTermination(EXIT_TIMEOUT.toMillis(), MILLISECONDS);
            Runtime.getRuntime().halt(0);
          }
          default ->
            throw new IOException("a frame of type " + frame.type() + " violates the protocol");
        }
      } catch (OutOfMemoryError e) {
        // No memory for a thread.
        send(frame.id(), outOfMemory(e));
      }
    }
  }

  private void load(long id, byte[] body) {
    try {
      Wire.Load load = Wire.Load.of(body);
      failures = new Failures(load.platform());
      Engine opened = new Engine(
          load.platform(),
          Map.of(),
          Path.of(load.cacheFolder()),
          WorkerMain.class.getClassLoader());
      engine = opened;
      LoadedModel loaded =
          opened.load(load.artifact(), load.options(), load.memoryBytes(), load.maxRuns());
      model = loaded;
      out.write(Frame.READY, id, Wire.Ready.of(loaded).bytes(), EMPTY);
    } catch (OutOfMemoryError e) {
      send(id, outOfMemory(e));
    } catch (IOException | RuntimeException | Error e) {
      send(id, failure(e));
    }
  }

  private void answer(long id, byte[] body) {
    try {
      LoadedModel loaded = model;
      if (loaded == null) {
        throw new IOException("a request came before the model was loaded");
      }
      Response response = loaded.invoke(Wire.request(body));
      byte[] head = Wire.head(response);
      byte[] rest = response.body();
      if (rest.length > Frame.LIMIT - head.length) {
        send(
            id,
            failures.failure(
                ErrorKind.MODEL_FAILED,
                "Model '" + loaded.name() + "' returned a response of " + rest.length
                    + " bytes, and a worker process transfers at most " + Frame.LIMIT
                    + ": request less, or load it in this process"));
        return;
      }
      out.write(Frame.RESPONSE, id, head, rest);
    } catch (OutOfMemoryError e) {
      send(id, outOfMemory(e));
    } catch (IOException | RuntimeException | Error e) {
      send(id, failure(e));
    }
  }

  private void end() {
    LoadedModel loaded = model;
    if (loaded != null) {
      loaded.close();
    }
    Engine opened = engine;
    if (opened != null) {
      opened.close(Duration.ZERO);
    }
    System.exit(0);
  }

  private void send(long id, RuntimeException failure) {
    try {
      out.write(Frame.ERROR, id, Wire.failure(failure), EMPTY);
    } catch (IOException e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(PROTOCOL_BROKEN);
    } catch (OutOfMemoryError e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(OUT_OF_MEMORY);
    }
  }

  private RuntimeException failure(Throwable thrown) {
    return thrown instanceof ServingException || thrown instanceof InvalidValueException
        ? (RuntimeException) thrown
        : failures.failure(
            ErrorKind.MODEL_FAILED, subject() + " failed: " + Failures.reason(thrown), thrown);
  }

  private RuntimeException outOfMemory(OutOfMemoryError e) {
    return failures.failure(
        ErrorKind.MODEL_FAILED,
        subject() + " ran out of memory (" + Failures.reason(e)
            + "; the heap of its worker process is "
            + Sizes.shown(Runtime.getRuntime().maxMemory())
            + "): send less at a time, or give the function more memory",
        e);
  }

  private String subject() {
    LoadedModel loaded = model;
    return loaded == null ? "The model" : "Model '" + loaded.name() + "'";
  }
}
