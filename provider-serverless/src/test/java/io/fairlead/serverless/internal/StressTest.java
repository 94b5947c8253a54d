package io.fairlead.serverless.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.engine.ModelHandler;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.RunOn;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Real threads, real models and the machine's clock, with everything at once that may happen to functions, and hardly
 * memory enough.
 */
@Timeout(120)
class StressTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final long WHILE = Duration.ofSeconds(5).toNanos();
  private static final int CALLERS = 8;
  private static final int MAX_CONCURRENT = 3;
  private static final int SLOTS = 2;
  // More than any request's tensors, which count against it.
  private static final long INSTANCE = 1_000_000;
  private static final long MEMORY = 4 * INSTANCE;
  private static final Set<ErrorKind> ALLOWED = Set.of(
      ErrorKind.NOT_FOUND,
      ErrorKind.TIMEOUT,
      ErrorKind.CANCELLED,
      ErrorKind.THROTTLED,
      ErrorKind.UNAVAILABLE);

  private static final Queue<String> WRONG = new ConcurrentLinkedQueue<>();
  private static final AtomicInteger LIVE = new AtomicInteger();

  /** Watches for what must never happen to a model, which all instances of one class share. */
  public abstract static class Watched implements ModelHandler, AutoCloseable {
    private final String answer;
    private final AtomicInteger used = new AtomicInteger();
    private volatile boolean closed;

    Watched(int parity) {
      this.answer = "{\"parity\": " + parity + "}";
      if (LIVE.incrementAndGet() > MEMORY / INSTANCE) {
        WRONG.add("more models than memory");
      }
    }

    @Override
    public Response handle(Request request) {
      used.incrementAndGet();
      if (closed) {
        WRONG.add("an invocation of a model that is gone");
      }
      Thread.onSpinWait();
      if (closed) {
        WRONG.add("a model went while an invocation ran");
      }
      used.decrementAndGet();
      return Response.json(answer);
    }

    @Override
    public void close() {
      if (closed || used.get() > 0) {
        WRONG.add("a model went twice, or while it was used");
      }
      closed = true;
      LIVE.decrementAndGet();
    }
  }

  /** The versions with an even number. */
  public static final class Even extends Watched {
    /** Makes one. */
    public Even() {
      super(0);
    }
  }

  /** The versions with an odd number. */
  public static final class Odd extends Watched {
    /** Makes one. */
    public Odd() {
      super(1);
    }
  }

  /** What is never replaced. */
  public static final class Steady extends Watched {
    private static final AtomicInteger INSIDE = new AtomicInteger();

    /** Makes one. */
    public Steady() {
      super(2);
    }

    @Override
    public Response handle(Request request) {
      if (INSIDE.incrementAndGet() > MAX_CONCURRENT) {
        WRONG.add("more invocations than may run at a time");
      }
      Response answer = super.handle(request);
      INSIDE.decrementAndGet();
      return answer;
    }
  }

  private final AtomicInteger begunVersion = new AtomicInteger();
  private final AtomicInteger deployedVersion = new AtomicInteger();
  private final AtomicLong begun = new AtomicLong();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final Map<String, String> answers = new ConcurrentHashMap<>();
  private ServerlessPlatform platform;
  private ModelFunction iris;
  private ModelFunction digits;
  private ModelFunction steady;
  private ModelFunction watched;

  @Test
  void nothingIsLostNorWrongWhateverHappensToFunctions() throws Exception {
    FunctionHost host = new FunctionHost(
        ServerlessConfig.DEFAULT
            .withMemoryBytes(MEMORY)
            .withCacheFolder(Path.of("target", "cache").toAbsolutePath()),
        new SystemClock(ServerlessProvider.ID));
    platform = host.open();
    iris = deploy(model("iris_lr.onnx").named("iris"), limits(Duration.ofMillis(1)));
    digits = deploy(model("digits.onnx").named("digits"), limits(Duration.ofMillis(20)));
    steady = deploy(code(Steady.class).named("steady"), limits(Duration.ofMillis(3)));
    watched = redeploy();
    long end = System.nanoTime() + WHILE;
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      Random random = new Random(i);
      Thread caller = new Thread(() -> whileNot(end, () -> call(random)), "caller-" + i);
      callers.add(caller);
      caller.start();
    }
    Random random = new Random(100);
    AtomicInteger changes = new AtomicInteger();
    Thread changer = new Thread(() -> whileNot(end, () -> {
      change(random);
      changes.incrementAndGet();
    }));
    changer.start();
    whileNot(end, () -> {
      long free = host.budget().freeBytes();
      if (free < 0 || free > MEMORY) {
        WRONG.add(free + " bytes are free");
      }
      if (random.nextInt(2000) == 0) {
        callers.get(random.nextInt(CALLERS)).interrupt();
      }
      Thread.onSpinWait();
    });
    changer.join();
    for (Thread caller : callers) {
      caller.join();
    }

    platform.close();

    assertThat(WRONG).isEmpty();
    assertThat(answered.get() + refused.get()).isEqualTo(begun.get());
    assertThat(answered.get()).isGreaterThan(refused.get());
    assertThat(changes).hasPositiveValue();
    assertThat(LIVE).hasValue(0);
    assertThat(host.budget().freeBytes()).isEqualTo(MEMORY);
    for (Thread thread : threads()) {
      // One that has nothing to do any more takes a moment to end.
      thread.join(LIMIT.toMillis());
      assertThat(thread.isAlive()).as(thread.getName()).isFalse();
    }
  }

  private static List<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("fairlead-serverless"))
        .toList();
  }

  private static void whileNot(long end, Runnable action) {
    while (System.nanoTime() < end) {
      try {
        action.run();
      } catch (RuntimeException | Error e) {
        WRONG.add(e.toString());
      }
    }
  }

  private void call(Random random) {
    int before = deployedVersion.get();
    ModelFunction function = switch (random.nextInt(4)) {
      case 0 -> iris;
      case 1 -> digits;
      case 2 -> steady;
      default -> watched;
    };
    Request request = request(function);
    if (random.nextInt(20) == 0) {
      request = request.withTimeout(Duration.ofNanos(1 + random.nextInt(2_000_000)));
    }
    begun.incrementAndGet();
    try {
      String answer = platform.invoke(function, request).text();
      answered.incrementAndGet();
      if (!function.equals(watched)) {
        String other = answers.putIfAbsent(function.name(), answer);
        if (other != null && !other.equals(answer)) {
          WRONG.add("answered once " + other + " and once " + answer);
        }
      } else if (before == begunVersion.get()
          && !answer.equals("{\"parity\": " + before % 2 + "}")) {
        WRONG.add("version " + before + " answered as another: " + answer);
      }
    } catch (ServingException e) {
      refused.incrementAndGet();
      if (!ALLOWED.contains(e.kind())) {
        WRONG.add(e.toString());
      }
    } finally {
      Thread.interrupted();
    }
  }

  private void change(Random random) {
    switch (random.nextInt(4)) {
      case 0 -> {
        platform.undeploy(iris).await(LIMIT);
        deploy(iris.artifact(), limits(Duration.ofMillis(1)));
      }
      case 1 ->
        deploy(
            digits.artifact(),
            limits(Duration.ofMillis(random.nextInt(50)))
                .withColdStart(random.nextBoolean() ? ColdStart.EAGER : ColdStart.LAZY));
      default -> redeploy();
    }
  }

  private ModelFunction redeploy() {
    int version = begunVersion.incrementAndGet();
    Class<?> type = version % 2 == 0 ? Even.class : Odd.class;
    ModelFunction function = deploy(code(type).named("watched"), limits(Duration.ofMillis(5)));
    deployedVersion.set(version);
    return function;
  }

  private ModelFunction deploy(ModelArtifact artifact, FunctionLimits limits) {
    return platform.deploy(artifact, limits).await(LIMIT);
  }

  private static FunctionLimits limits(Duration idleTimeout) {
    return new FunctionLimits(
        Optional.of(INSTANCE), Duration.ofSeconds(20), ColdStart.LAZY, MAX_CONCURRENT, idleTimeout);
  }

  private Request request(ModelFunction function) {
    return function.equals(digits)
        ? DIGIT
        : Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");
  }

  private static final Request DIGIT = digit();

  private static Request digit() {
    try {
      return Request.json(
          "{\"inputs\": [{\"name\": \"x\", \"shape\": [1, 1, 8, 8], \"datatype\": \"FP32\", \"data\": "
              + Files.readString(path("digit0.json")) + "}]}");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ModelArtifact code(Class<?> type) {
    return ModelArtifact.of(URI.create("java:" + type.getName()))
        .with(ServerlessOptions.DEFAULT.withSlots(SLOTS).withRunOn(RunOn.PLATFORM));
  }

  private static ModelArtifact model(String name) {
    return ModelArtifact.of(path(name));
  }

  private static Path path(String name) {
    return Path.of(URI.create(StressTest.class.getResource("/models/" + name).toString()));
  }
}
