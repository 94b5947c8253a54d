package io.fairlead.serverless.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.fairlead.engine.ModelHandler;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.RunOn;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import io.fairlead.serverless.internal.pool.PoolClock;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong, and what the platform {@code serverless} makes of it. */
@Timeout(120)
class BadDaysTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Request FLOWER = Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");
  private static final Request ANY = Request.json("{}");
  private static final FunctionLimits LIMITS =
      FunctionLimits.DEFAULT.withMemory("1MB").withTimeout(Duration.ofSeconds(30));

  @TempDir
  Path folder;

  private final MovedClock moved = new MovedClock();
  private final ExecutorService callers = Executors.newCachedThreadPool();
  private final Door door = new Door();
  private ServerlessConfig config = ServerlessConfig.DEFAULT
      .withCacheFolder(Path.of("target", "cache").toAbsolutePath())
      .withMemoryBytes(100L << 20)
      .withFunction("door", door)
      .withFunction("throws", request -> {
        throw new IllegalArgumentException("no such flower");
      });
  private ServerlessPlatform platform;

  @AfterEach
  void close() {
    door.open();
    callers.shutdownNow();
    if (platform != null) {
      platform.close();
    }
    // A thread that has nothing to do any more takes a moment to end.
    until(() -> threads().isEmpty());
  }

  /** A function that lets nobody out until it is opened, and does not heed interrupts. */
  private static final class Door implements ModelHandler {
    final Semaphore inside = new Semaphore(0);
    final AtomicInteger answered = new AtomicInteger();
    private final CountDownLatch opened = new CountDownLatch(1);

    @Override
    public Response handle(Request request) {
      inside.release();
      boolean interrupted = false;
      while (opened.getCount() > 0) {
        try {
          opened.await();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      answered.incrementAndGet();
      return Response.json("{}");
    }

    void open() {
      opened.countDown();
    }
  }

  /** A class that does not get made until it may. */
  public static final class Hanging implements ModelHandler {
    private static CountDownLatch begun = new CountDownLatch(1);
    private static CountDownLatch allowed = new CountDownLatch(1);

    static void reset() {
      begun = new CountDownLatch(1);
      allowed = new CountDownLatch(1);
    }

    /** Waits. */
    public Hanging() throws InterruptedException {
      begun.countDown();
      allowed.await();
    }

    @Override
    public Response handle(Request request) {
      return Response.json("{}");
    }
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("fairlead-serverless"))
        .toList();
  }

  // ---- requests that are too large ----

  @Test
  void aRequestWhoseTensorsTakeMoreThanTheFunctionsMemoryIsRefusedAndTheNextIsAnswered() {
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction iris = deploy(model("iris_lr.onnx"), LIMITS.withMemoryBytes(500));
    Request many = Request.json(
        "{\"instances\": [" + "[5.1, 3.5, 1.4, 0.2], ".repeat(31) + "[6.7, 3.0, 5.2, 2.3]]}");

    ServingException thrown = refusal(iris, many);

    assertThat(thrown.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(thrown)
        .hasMessageContaining(
            "instances must take at most the 500 bytes of limits.memoryBytes, as tensors, and takes 512");
    assertThat(platform.invoke(iris, FLOWER).text()).contains("predictions");
    assertThat(platform.metrics(iris).coldStarts()).isEqualTo(1);
  }

  // ---- models that do not end ----

  @Test
  void whatCannotBeStoppedFreesItsCallerKeepsItsSlotAndIsCalledStuck() throws Exception {
    // Longer than this test: a model's own limit goes by the time of the machine.
    Duration timeout = Duration.ofMinutes(5);
    open(moved);
    ModelFunction function = deploy(
        model("bigop.onnx").named("big"),
        LIMITS.withMemory("25MB").withTimeout(timeout).withMaxConcurrent(1));
    Request large = square(2500).withTimeout(timeout);
    Future<Response> call = callers.submit(() -> platform.invoke(function, large));
    untilAnOperatorIsComputedFor(call);

    moved.pass(timeout);

    assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(ServingException.class)
        .hasMessageContaining("did not answer within 5 min");
    assertThat(platform.metrics(function).running()).isEqualTo(1);
    moved.pass(Duration.ofSeconds(2));
    assertThat(platform.metrics(function).stuck()).isEqualTo(1);
    assertThat(platform.list())
        .extracting(Deployment::detail)
        .containsExactly("1 of its invocations are stuck: they do not end");
    assertThat(refusal(function, ANY).kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    until(() -> platform.metrics(function).stuck() == 0);
    assertThat(platform.metrics(function).running()).isZero();
  }

  /** Waits until ONNX Runtime is inside an operator: between operators, and before the first, it can be stopped. */
  private static void untilAnOperatorIsComputedFor(Future<Response> call) {
    until(() -> call.isDone() || computing().isPresent());
    assertThat(call).isNotDone();
    long thread = computing().orElseThrow().getId();
    ThreadMXBean times = ManagementFactory.getThreadMXBean();
    long before = times.getThreadCpuTime(thread);
    // What it does before the first operator takes microseconds.
    until(() -> times.getThreadCpuTime(thread) - before > Duration.ofMillis(5).toNanos());
  }

  /** {@return the thread that computes, by the native method on the top of its stack} */
  private static Optional<Thread> computing() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(thread -> Arrays.stream(thread.getValue())
            .limit(1)
            .anyMatch(top -> top.isNativeMethod()
                && top.getClassName().equals("ai.onnxruntime.OrtSession")
                && top.getMethodName().equals("run")))
        .map(Map.Entry::getKey)
        .findAny();
  }

  @Test
  void aRunawayIsStoppedSoonAfterItsDeadline() {
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction function =
        deploy(model("runaway.onnx"), LIMITS.withTimeout(Duration.ofMillis(300)));
    platform.invoke(deploy(model("iris_lr.onnx"), LIMITS), FLOWER);

    ServingException failure = refusal(
        function,
        Request.json(
            "{\"inputs\": [{\"name\": \"x\", \"shape\": [1], \"datatype\": \"FP32\", \"data\": [1]}]}"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    until(() -> platform.metrics(function).running() == 0);
    assertThat(platform.metrics(function).stuck()).isZero();
  }

  @Test
  void aLoadThatHangsHarmsNobodyElseAndCanBeUndeployed() throws Exception {
    Hanging.reset();
    config = config.withStarts(1);
    open(moved);
    ModelFunction hanging = deploy(
        ModelArtifact.of(URI.create("java:" + Hanging.class.getName())).named("hanging"), LIMITS);
    ModelFunction other = deploy(code("throws"), LIMITS.withTimeout(Duration.ofMinutes(5)));
    Future<Response> call = callers.submit(() -> platform.invoke(hanging, ANY));
    Hanging.begun.await();
    Future<Response> beside =
        callers.submit(() -> platform.invoke(other, ANY.withTimeout(Duration.ofMinutes(5))));
    until(() -> platform.metrics(other).waiting() == 1);

    moved.pass(Duration.ofMinutes(1));

    assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
        .hasMessageContaining("was not loaded within 30 s");
    assertThatThrownBy(() -> beside.get(10, TimeUnit.SECONDS))
        .hasMessageContaining("no such flower");
    CompletableFuture<ModelFunction> undeployed = platform.undeploy(hanging).toFuture();
    until(() -> isGone(hanging));
    moved.pass(Duration.ofSeconds(10));
    undeployed.get(10, TimeUnit.SECONDS);
    assertThat(platform.list()).extracting(Deployment::name).containsExactly("throws");
    Hanging.allowed.countDown();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void undeployingDoesNotWaitForADeployWhoseLoadNeverEnds(boolean replaces) throws Exception {
    Hanging.reset();
    open(moved);
    if (replaces) {
      deploy(code("throws").named("hanging"), LIMITS);
    }
    ModelArtifact hanging =
        ModelArtifact.of(URI.create("java:" + Hanging.class.getName())).named("hanging");
    FunctionLimits eager = LIMITS.withColdStart(ColdStart.EAGER);
    Operation<ModelFunction> deploying = platform.deploy(hanging, eager);
    Hanging.begun.await();
    Operation<ModelFunction> queued = platform.deploy(hanging, eager.withMaxConcurrent(2));

    CompletableFuture<ModelFunction> undeployed =
        platform.undeploy(new ModelFunction(hanging, eager)).toFuture();
    until(() -> isGone(new ModelFunction(hanging, eager)));
    moved.pass(Duration.ofSeconds(10));

    assertThat(undeployed).succeedsWithin(LIMIT);
    assertThat(platform.list()).isEmpty();
    for (Operation<ModelFunction> superseded : List.of(deploying, queued)) {
      ServingException thrown =
          catchThrowableOfType(ServingException.class, () -> superseded.await(LIMIT));
      assertThat(thrown.kind()).isEqualTo(ErrorKind.CANCELLED);
    }
    Hanging.allowed.countDown();
  }

  @Test
  void closingEndsEvenIfAnInvocationDoesNot() throws Exception {
    config = config.withGracePeriod(Duration.ofMillis(1));
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction function = deploy(onPlatform(code("door")), LIMITS);
    Future<Response> call = callers.submit(() -> platform.invoke(function, ANY));
    door.inside.acquire();

    platform.close();

    assertThat(door.answered).hasValue(0);
    assertThat(call).isNotDone();
    door.open();
    assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
        .hasMessageContaining("was stopped because its platform is being closed");
    until(() -> threads().isEmpty());
  }

  // ---- models that fail ----

  @Test
  void aModelThatThrowsIsAskedAgainByTheNext() {
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction function = deploy(onPlatform(code("throws")), LIMITS.withMaxConcurrent(1));

    for (int i = 0; i < 3; i++) {
      assertThat(refusal(function, ANY).kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    }

    assertThat(platform.metrics(function).coldStarts()).isEqualTo(1);
    assertThat(platform.metrics(function).running()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void whatIsNoModelIsRefusedWhenItIsDeployed(ColdStart coldStart) throws IOException {
    open(new SystemClock(ServerlessProvider.ID));
    byte[] whole = Files.readAllBytes(path("digits.onnx"));

    assertRefused("missing.onnx", null, coldStart, ErrorKind.INVALID, "There is no file");
    assertRefused("empty.onnx", new byte[0], coldStart, ErrorKind.INVALID, "is empty");
    assertRefused(
        "page.onnx",
        "<!DOCTYPE html><html></html>".getBytes(StandardCharsets.UTF_8),
        coldStart,
        ErrorKind.INVALID,
        "is a web page");
    assertRefused(
        "notes.onnx",
        "This is the model of 2024.".getBytes(StandardCharsets.UTF_8),
        coldStart,
        ErrorKind.INVALID,
        "is not a whole ONNX model");
    for (int part = 1; part < 8; part++) {
      assertRefused(
          "part" + part + ".onnx",
          Arrays.copyOf(whole, whole.length * part / 8),
          coldStart,
          ErrorKind.INVALID,
          "is not a whole ONNX model");
    }
    assertRefused(
        "pickle.onnx",
        Files.readAllBytes(path("model.pkl")),
        coldStart,
        ErrorKind.UNSUPPORTED,
        "sklearn.pipeline.Pipeline");
    assertThat(platform.list()).isEmpty();
  }

  private void assertRefused(
      String name, byte[] bytes, ColdStart coldStart, ErrorKind kind, String words)
      throws IOException {
    Path file = folder.resolve(name);
    if (bytes != null) {
      Files.write(file, bytes);
    }

    assertThatThrownBy(() -> deploy(named(file), LIMITS.withColdStart(coldStart)))
        .as(name)
        .isInstanceOfSatisfying(
            ServingException.class, failure -> assertThat(failure.kind()).isEqualTo(kind))
        .hasMessageContaining(words);
  }

  @ParameterizedTest
  @EnumSource
  void codeThatIsNotThereIsRefusedWhenItIsDeployed(ColdStart coldStart) {
    open(new SystemClock(ServerlessProvider.ID));

    assertThatThrownBy(() -> deploy(code("nobody"), LIMITS.withColdStart(coldStart)))
        .isInstanceOfSatisfying(
            ServingException.class,
            failure -> assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID))
        .hasMessageContaining("'java:nobody' is neither a registered function (door, throws)");
  }

  @Test
  void aFileThatIsAnotherThanWhenItWasDeployedIsNotLoaded() throws IOException {
    open(new SystemClock(ServerlessProvider.ID));
    Path file = Files.copy(path("iris_lr.onnx"), folder.resolve("iris.onnx"));
    ModelFunction function = deploy(named(file), LIMITS);
    Files.write(file, Files.readAllBytes(path("iris_rf.onnx")));

    ServingException failure = refusal(function, FLOWER);

    assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(failure).hasMessageContaining("has changed since it was deployed");
    deploy(named(file), LIMITS);
    assertThat(platform.invoke(function, FLOWER).text()).contains("label");
  }

  @Test
  void aFileThatHasGoneSinceItWasDeployedIsNoUnknownFunction() throws IOException {
    open(new SystemClock(ServerlessProvider.ID));
    Path file = Files.copy(path("iris_lr.onnx"), folder.resolve("iris.onnx"));
    ModelFunction function = deploy(named(file), LIMITS);
    Files.delete(file);

    ServingException failure = refusal(function, FLOWER);

    // It is not for the caller, whose request is right, to do anything about it.
    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessageContaining("could not be loaded: There is no file");
  }

  @Test
  void aTrustedPickleAnswers() throws Exception {
    assumeThat(runsInPython("import sklearn")).as("python3 has scikit-learn").isTrue();
    open(new SystemClock(ServerlessProvider.ID));
    ModelArtifact trusted = model("model.pkl")
        .named("iris")
        .with(ServerlessOptions.DEFAULT.withTrustedPickle("python3"));

    ModelFunction function = deploy(trusted, LIMITS.withMemory("1GB"));

    assertThat(platform.invoke(function, FLOWER).text()).contains("\"label\":0");
  }

  private static boolean runsInPython(String program) throws Exception {
    try {
      return new ProcessBuilder("python3", "-c", program)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  // ---- too much ----

  @Test
  void aFullQueueIsThrottledAndSaysWhenToComeAgain() throws Exception {
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction function = deploy(
        code("door").with(options(RunOn.PLATFORM).withMaxQueue(1)), LIMITS.withMaxConcurrent(1));
    Future<Response> first = callers.submit(() -> platform.invoke(function, ANY));
    door.inside.acquire();
    Future<Response> second = callers.submit(() -> platform.invoke(function, ANY));
    until(() -> platform.metrics(function).waiting() == 1);

    ServingException failure = refusal(function, ANY);

    assertThat(failure.kind()).isEqualTo(ErrorKind.THROTTLED);
    assertThat(failure.retryAfter())
        .hasValueSatisfying(after -> assertThat(after).isPositive());
    assertThat(platform.metrics(function).refused()).isEqualTo(1);
    door.open();
    assertThat(first.get()).isNotNull();
    assertThat(second.get()).isNotNull();
  }

  @Test
  void whatIsAlwaysLoadedHasToFitBesideAllElseThatIs() {
    open(new SystemClock(ServerlessProvider.ID));
    FunctionLimits eager = LIMITS.withMemory("60MB").withColdStart(ColdStart.EAGER);
    ModelFunction first = deploy(model("iris_lr.onnx"), eager);

    assertThatThrownBy(() -> deploy(model("digits.onnx"), eager))
        .isInstanceOfSatisfying(
            ServingException.class,
            failure -> assertThat(failure.kind()).isEqualTo(ErrorKind.QUOTA))
        .hasMessageContaining("make it or others lazy or smaller, or allow more memory");

    // Its replacement takes the memory of what it replaces.
    deploy(model("iris_rf.onnx").named(first.name()), eager);
    assertThat(platform.invoke(first, FLOWER).text()).contains("label");
  }

  @Test
  void aLazyFunctionThatCouldNeverBeLoadedBesideTheEagerOnesIsRefused() {
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction lazy = deploy(model("iris_lr.onnx"), LIMITS.withMemory("50MB"));

    assertThatThrownBy(() ->
            deploy(model("digits.onnx"), LIMITS.withMemory("60MB").withColdStart(ColdStart.EAGER)))
        .hasMessageContaining("Function 'digits' does not fit: an instance of '" + lazy.name()
            + "' takes 50 MB, and other eager functions keep 60 MB of the 100 MB");
    deploy(model("digits.onnx"), LIMITS.withMemory("50MB").withColdStart(ColdStart.EAGER));

    assertThatThrownBy(() -> deploy(model("iris_rf.onnx"), LIMITS.withMemory("51MB")))
        .isInstanceOfSatisfying(
            ServingException.class,
            failure -> assertThat(failure.kind()).isEqualTo(ErrorKind.QUOTA));
  }

  @Test
  void theMemoryOfAnInstanceComesFromItsModelAndIsShown() throws IOException {
    open(new SystemClock(ServerlessProvider.ID));
    ModelArtifact iris = model("iris_lr.onnx");
    long size = Files.size(Path.of(iris.weights()));

    assertThat(platform.preview(p -> p.deploy(iris, FunctionLimits.DEFAULT)).warnings())
        .contains("limits.memoryBytes is not set: each instance takes 64 MB, by the " + size
            + " bytes of its model");
    ModelFunction function = deploy(iris, FunctionLimits.DEFAULT);

    assertThat(function.limits().memoryBytes()).isEmpty();
    assertThat(platform.metrics(function).memoryBytes()).isEqualTo((64L << 20) + 2 * size);
  }

  @Test
  void lessMemoryThanTheModelsFilesIsRefusedByDeployAndByPreview() throws IOException {
    open(new SystemClock(ServerlessProvider.ID));
    ModelArtifact iris = model("iris_lr.onnx");
    long size = Files.size(Path.of(iris.weights()));
    FunctionLimits small = LIMITS.withMemoryBytes(size - 1);
    String message = "limits.memoryBytes must be at least the size of the model's files, " + size
        + " (got " + (size - 1) + ")";

    assertThatThrownBy(() -> deploy(iris, small)).hasMessageContaining(message);
    assertThat(platform.preview(p -> p.deploy(iris, small)).changes())
        .singleElement()
        .satisfies(change -> {
          assertThat(change.action()).isEqualTo(Plan.Action.REFUSE);
          assertThat(change.details().toString()).contains(message);
        });
    assertThat(platform.list()).isEmpty();
    deploy(iris, LIMITS.withMemoryBytes(size));
  }

  @Test
  void aTimeoutSaysWhatWasWaitedFor() throws Exception {
    Hanging.reset();
    open(moved);
    ModelFunction hanging = deploy(
        ModelArtifact.of(URI.create("java:" + Hanging.class.getName())).named("hanging"),
        LIMITS.withMemory("60MB"));
    ModelFunction other = deploy(model("iris_lr.onnx"), LIMITS.withMemory("50MB"));
    Future<Response> loading = callers.submit(() -> platform.invoke(hanging, ANY));
    Hanging.begun.await();
    Future<Response> withoutMemory = callers.submit(() -> platform.invoke(other, FLOWER));
    until(() -> platform.metrics(other).waiting() == 1);

    moved.pass(Duration.ofSeconds(30));

    assertThatThrownBy(() -> loading.get(10, TimeUnit.SECONDS))
        .hasMessageContaining("'hanging' was not loaded within 30 s: raise the timeout");
    assertThatThrownBy(() -> withoutMemory.get(10, TimeUnit.SECONDS))
        .hasMessageContaining(
            "had no memory for an instance within 30 s: one takes 50 MB, and of the"
                + " 100 MB of the platform other functions in use leave 40 MB");
    Hanging.allowed.countDown();
  }

  @Test
  void aThousandFunctionsThatNobodyCallsCostNoThreads() {
    open(new SystemClock(ServerlessProvider.ID));
    int before = Thread.activeCount();

    for (int i = 0; i < 1000; i++) {
      deploy(model("iris_lr.onnx").named("iris-" + i), LIMITS);
    }

    assertThat(platform.list()).hasSize(1000);
    assertThat(Thread.activeCount()).isLessThan(before + 20);
    ModelFunction last = deploy(model("iris_lr.onnx").named("iris-999"), LIMITS);
    assertThat(platform.invoke(last, FLOWER).text()).contains("\"label\":0");
  }

  // ---- at the wrong time ----

  @Test
  void deployedTwiceItIsOneFunction() {
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction first = deploy(model("iris_lr.onnx").named("iris"), LIMITS);
    platform.invoke(first, FLOWER);

    ModelFunction again = deploy(model("iris_lr.onnx").named("iris"), LIMITS);

    assertThat(again).isEqualTo(first);
    assertThat(platform.metrics(again).invocations()).isEqualTo(1);
    assertThat(platform.list()).hasSize(1);
  }

  @Test
  void whatRunsWhenAFunctionIsUndeployedIsAnswered() throws Exception {
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction function = deploy(onPlatform(code("door")), LIMITS);
    Future<Response> call = callers.submit(() -> platform.invoke(function, ANY));
    door.inside.acquire();

    CompletableFuture<ModelFunction> undeployed = platform.undeploy(function).toFuture();
    until(() -> isGone(function));

    assertThat(refusal(function, ANY).kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(undeployed).isNotDone();
    door.open();
    assertThat(call.get()).isNotNull();
    undeployed.get(10, TimeUnit.SECONDS);
    assertThat(platform.list()).isEmpty();
  }

  @Test
  void whenThePlatformIsClosedWhatRunsAndWhatWaitsIsAnswered() throws Exception {
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction function = deploy(onPlatform(code("door")), LIMITS.withMaxConcurrent(1));
    Future<Response> runs = callers.submit(() -> platform.invoke(function, ANY));
    door.inside.acquire();
    Future<Response> waits = callers.submit(() -> platform.invoke(function, ANY));
    until(() -> platform.metrics(function).waiting() == 1);

    Future<?> closed = callers.submit(platform::close);
    until(() -> isClosed(function));

    assertThat(runs).isNotDone();
    assertThat(waits).isNotDone();
    door.open();
    assertThat(runs.get()).isNotNull();
    assertThat(waits.get()).isNotNull();
    closed.get();
  }

  @Test
  void whatWaitsForItsFirstInstanceWhenThePlatformIsClosedIsAnswered() throws Exception {
    Hanging.reset();
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction function = deploy(
        ModelArtifact.of(URI.create("java:" + Hanging.class.getName())).named("hanging"), LIMITS);
    Future<Response> waits = callers.submit(() -> platform.invoke(function, ANY));
    Hanging.begun.await();

    Future<?> closed = callers.submit(platform::close);
    until(() -> isClosed(function));
    Hanging.allowed.countDown();

    assertThat(waits.get()).isNotNull();
    closed.get();
  }

  @Test
  void whatStillWaitsWhenTheGracePeriodIsOverIsRefused() throws Exception {
    config = config.withGracePeriod(Duration.ofMillis(1));
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction function = deploy(onPlatform(code("door")), LIMITS.withMaxConcurrent(1));
    Future<Response> runs = callers.submit(() -> platform.invoke(function, ANY));
    door.inside.acquire();
    Future<Response> waits = callers.submit(() -> platform.invoke(function, ANY));
    until(() -> platform.metrics(function).waiting() == 1);

    Future<?> closed = callers.submit(platform::close);

    assertThatThrownBy(waits::get)
        .hasRootCauseInstanceOf(ServingException.class)
        .hasMessageContaining("Platform 'serverless' is closed");
    assertThat(runs).isNotDone();
    door.open();
    closed.get();
  }

  @Test
  void aPortInUseIsSaidAndLeavesNothingBehind() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      config = config.withHttp(HttpSettings.DEFAULT.withAddress("127.0.0.1", other.getLocalPort()));

      assertThatThrownBy(() -> new ServerlessProvider().open(config))
          .isInstanceOfSatisfying(
              ServingException.class,
              failure -> assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT))
          .hasMessageContaining(String.valueOf(other.getLocalPort()));
    }
    until(() -> threads().isEmpty());
  }

  @Test
  void twoPlatformsInOneProcessDoNotKnowOfEachOther() {
    open(new SystemClock(ServerlessProvider.ID));
    ModelFunction function = deploy(model("iris_lr.onnx").named("iris"), LIMITS);
    try (ServerlessPlatform other = new ServerlessProvider().open(config)) {
      assertThat(other.list()).isEmpty();
      other.deploy(model("iris_rf.onnx").named("iris"), LIMITS).await(LIMIT);
      other.invoke(function, FLOWER);
    }

    assertThatCode(() -> platform.invoke(function, FLOWER)).doesNotThrowAnyException();
  }

  // ---- helpers ----

  private void open(PoolClock clock) {
    platform = new FunctionHost(config, clock).open();
  }

  private ModelFunction deploy(ModelArtifact artifact, FunctionLimits limits) {
    return platform.deploy(artifact, limits).await(LIMIT);
  }

  private boolean isGone(ModelFunction function) {
    return catchThrowableOfType(ServingException.class, () -> platform.metrics(function)) != null;
  }

  private boolean isClosed(ModelFunction function) {
    ServingException refusal = refusal(function, ANY.withTimeout(Duration.ofMillis(1)));
    return refusal != null && refusal.kind() == ErrorKind.CANCELLED;
  }

  private ServingException refusal(ModelFunction function, Request request) {
    return catchThrowableOfType(ServingException.class, () -> platform.invoke(function, request));
  }

  private static ServerlessOptions options(RunOn runOn) {
    return ServerlessOptions.DEFAULT.withRunOn(runOn);
  }

  private static ModelArtifact onPlatform(ModelArtifact artifact) {
    return artifact.with(options(RunOn.PLATFORM));
  }

  private static ModelArtifact code(String name) {
    return ModelArtifact.of(URI.create("java:" + name)).named(name);
  }

  private static ModelArtifact model(String name) {
    return named(path(name));
  }

  private static ModelArtifact named(Path file) {
    return ModelArtifact.of(file)
        .named(file.getFileName().toString().replaceFirst("\\..*", "").replace('_', '-'));
  }

  private static Path path(String name) {
    try {
      return Path.of(BadDaysTest.class.getResource("/models/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** A square of ones, as raw bytes. */
  private static Request square(int side) {
    byte[] header = ("{\"inputs\": [{\"name\": \"x\", \"shape\": [" + side + ", " + side
            + "], \"datatype\": \"FP32\", \"parameters\": {\"binary_data_size\": " + 4 * side * side
            + "}}]}")
        .getBytes(StandardCharsets.UTF_8);
    ByteBuffer body =
        ByteBuffer.allocate(header.length + 4 * side * side).order(ByteOrder.LITTLE_ENDIAN);
    body.put(header);
    for (int i = 0; i < side * side; i++) {
      body.putFloat(1);
    }
    return Request.of(
        body.array(),
        "application/vnd.sagemaker-triton.binary+json;json-header-size=" + header.length);
  }

  private static void until(BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.onSpinWait();
    }
  }
}
