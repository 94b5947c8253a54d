package io.fairlead.engine.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.InferenceEngine;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Model;
import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.RequestModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Sha256;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class EngineTest {
  private static final Request IRIS = Request.json(Models.IRIS_REQUEST);
  private static final Request RUNAWAY = Request.json(Models.RUNAWAY_REQUEST);
  private static final String DEADLINES = "fairlead-local-deadlines";

  @TempDir
  Path folder;

  private final Engine engine = Models.engine();
  private final ExecutorService callers = Executors.newCachedThreadPool();

  @AfterEach
  void close() throws InterruptedException {
    engine.close(Duration.ZERO);
    callers.shutdownNow();
    assertThat(callers.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aModelFromAFileAnswers() {
    LeasedModel iris = engine.load(Models.artifact("iris_lr.onnx"));

    Response response = iris.invoke(IRIS);

    assertThat(response.contentType()).isEqualTo("application/json");
    assertThat(response.text())
        .startsWith("{\"model_name\":\"iris_lr\",\"outputs\":[{\"name\":\"label\",");
    assertThat(iris.inputs()).containsExactly(new TensorSpec("X", Datatype.FP32, List.of(-1L, 4L)));
    assertThat(iris.outputs())
        .containsExactly(
            new TensorSpec("label", Datatype.INT64, List.of(-1L)),
            new TensorSpec("probabilities", Datatype.FP32, List.of(-1L, 3L)));
  }

  @Test
  void anArtifactsNameIsTheModelsName() {
    LeasedModel iris = engine.load(Models.artifact("iris_lr.onnx").named("flowers"));

    assertThat(iris.name()).isEqualTo("flowers");
    assertThat(iris.invoke(IRIS).text()).startsWith("{\"model_name\":\"flowers\"");
  }

  @Test
  void theDigestOfAFileIsItsSha256() throws IOException {
    ModelArtifact artifact = Models.artifact("iris_lr.onnx");

    String digest = engine.digest(artifact);

    assertThat(digest).isEqualTo(Sha256.of(Files.readAllBytes(Models.path("iris_lr.onnx"))));
    assertThat(engine.digest(artifact.named("other"))).isEqualTo(digest);
    assertThat(engine.load(artifact).digest()).isEqualTo(digest);
    assertThat(engine.digest(Models.artifact("iris_rf.onnx"))).isNotEqualTo(digest);
  }

  @Test
  void aTokenizerBesideTheModelChangesTheDigest() throws IOException {
    Path model = Files.copy(Models.path("iris_lr.onnx"), folder.resolve("model.onnx"));
    String without = engine.digest(ModelArtifact.of(model));
    Files.writeString(folder.resolve("tokenizer.json"), "{}");

    String with = engine.digest(ModelArtifact.of(model));

    assertThat(with).isNotEqualTo(without);
  }

  @Test
  void aFileThatIsWrittenAgainHasAnotherDigest() throws IOException {
    Path model = Files.copy(Models.path("iris_lr.onnx"), folder.resolve("model.onnx"));
    String before = engine.digest(ModelArtifact.of(model));
    Files.copy(Models.path("iris_rf.onnx"), model, StandardCopyOption.REPLACE_EXISTING);

    String after = engine.digest(ModelArtifact.of(model));

    assertThat(after).isNotEqualTo(before);
  }

  @Test
  void theSameBytesAreLoadedOnce() throws IOException {
    Path copy = Files.copy(Models.path("iris_lr.onnx"), folder.resolve("copy.onnx"));
    LeasedModel first = engine.load(Models.artifact("iris_lr.onnx"));
    LeasedModel second = engine.load(ModelArtifact.of(copy));
    assertThat(engine.loadedModels()).isEqualTo(1);

    first.close();
    first.close();

    assertThat(engine.loadedModels()).isEqualTo(1);
    assertThat(second.invoke(IRIS).text()).startsWith("{\"model_name\":\"copy\"");
    second.close();
    assertThat(engine.loadedModels()).isZero();
  }

  @Test
  void theSameBytesWithOtherOptionsAreAnotherModel() {
    ModelArtifact artifact = Models.artifact("iris_rf.onnx");
    LeasedModel one = engine.load(artifact);

    LeasedModel other = engine.load(artifact, LoadOptions.DEFAULT.withThreads(2));

    assertThat(engine.loadedModels()).isEqualTo(2);
    assertThat(engine.load(artifact, LoadOptions.DEFAULT.withThreads(2)).digest())
        .isEqualTo(one.digest());
    assertThat(engine.loadedModels()).isEqualTo(2);
    assertThat(other.invoke(IRIS).text()).isEqualTo(one.invoke(IRIS).text());
  }

  @Test
  void aModelWhoseWeightsAreInAnotherFileIsToldFromOneWithOtherWeights() throws IOException {
    OnnxFile graph = new OnnxFile()
        .input("x", OnnxFile.FLOAT, 2)
        .output("y", OnnxFile.FLOAT, 2)
        .external("w", "weights.bin", 2)
        .node("Add", List.of("x", "w"), List.of("y"));
    Path blue = Files.createDirectory(folder.resolve("blue"));
    Path green = Files.createDirectory(folder.resolve("green"));
    Files.write(blue.resolve("weights.bin"), OnnxFile.floats(1, 2));
    Files.write(green.resolve("weights.bin"), OnnxFile.floats(30, 40));
    LeasedModel one = engine.load(Models.write(blue, "model.onnx", graph));
    LeasedModel other = engine.load(Models.write(green, "model.onnx", graph));
    Request request = Request.json(
        "{\"inputs\": [{\"name\": \"x\", \"shape\": [2], \"datatype\": \"FP32\", \"data\": [0, 0]}]}");

    assertThat(one.invoke(request).text()).contains("[1.0,2.0]");
    assertThat(other.invoke(request).text()).contains("[30.0,40.0]");
    assertThat(one.digest()).isNotEqualTo(other.digest());
  }

  @Test
  void aModelThatFailedToLoadIsTriedAgain() throws IOException {
    Path model = Files.write(folder.resolve("model.onnx"), new byte[] {8, 7});
    assertThatThrownBy(() -> engine.load(ModelArtifact.of(model)))
        .isInstanceOf(ServingException.class);
    assertThat(engine.loadedModels()).isZero();
    Files.copy(Models.path("iris_lr.onnx"), model, StandardCopyOption.REPLACE_EXISTING);

    LeasedModel iris = engine.load(ModelArtifact.of(model));

    assertThat(iris.invoke(IRIS).text()).contains("probabilities");
  }

  @Test
  void callersOnOneModelAllGetItsAnswer() throws Exception {
    LeasedModel forest = engine.load(Models.artifact("iris_rf.onnx"));
    String expected = forest.invoke(IRIS).text();

    List<Future<Integer>> results = new ArrayList<>();
    for (int caller = 0; caller < 4; caller++) {
      results.add(callers.submit(() -> {
        int equal = 0;
        for (int i = 0; i < 2000; i++) {
          equal += forest.invoke(IRIS).text().equals(expected) ? 1 : 0;
        }
        return equal;
      }));
    }

    for (Future<Integer> result : results) {
      assertThat(result.get()).isEqualTo(2000);
    }
  }

  @Test
  void aHundredCyclesOfLoadAndUnloadAmongCallersEndWithNothingLoaded() throws Exception {
    ModelArtifact artifact = Models.artifact("iris_rf.onnx");
    AtomicReference<LeasedModel> current = new AtomicReference<>(engine.load(artifact));
    String expected = current.get().invoke(IRIS).text();
    AtomicBoolean ended = new AtomicBoolean();
    AtomicInteger answered = new AtomicInteger();
    List<Future<?>> results = new ArrayList<>();
    for (int caller = 0; caller < 3; caller++) {
      results.add(callers.submit(() -> {
        while (!ended.get()) {
          try {
            assertThat(current.get().invoke(IRIS).text()).isEqualTo(expected);
            answered.incrementAndGet();
          } catch (ServingException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND);
          }
        }
      }));
    }

    for (int cycle = 0; cycle < 100; cycle++) {
      current.get().close();
      LeasedModel next = engine.load(artifact);
      assertThat(next.invoke(IRIS).text()).isEqualTo(expected);
      current.set(next);
      int before = answered.get();
      while (answered.get() == before && results.stream().noneMatch(Future::isDone)) {
        Thread.onSpinWait();
      }
    }
    ended.set(true);
    current.get().close();

    for (Future<?> result : results) {
      result.get();
    }
    assertThat(engine.loadedModels()).isZero();
  }

  @Test
  void manyWhoLoadTheSameModelAtOnceShareIt() throws Exception {
    AtomicInteger opened = new AtomicInteger();
    AtomicInteger closed = new AtomicInteger();
    Engine counting = counting(opened, closed);

    List<Future<LeasedModel>> results = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      results.add(callers.submit(() -> counting.load(Models.artifact("iris_lr.onnx"))));
    }
    for (Future<LeasedModel> result : results) {
      result.get().close();
    }

    assertThat(opened.get()).isEqualTo(closed.get()).isPositive();
    assertThat(counting.loadedModels()).isZero();
    counting.close();
  }

  @Test
  void aModelIsClosedByTheLastCallIfItsLeasesWereClosedBefore() throws Exception {
    AtomicInteger closed = new AtomicInteger();
    Engine counting = counting(new AtomicInteger(), closed);
    LeasedModel model = counting.load(Models.artifact("iris_lr.onnx"));
    Future<Response> answer = callers.submit(() -> model.invoke(Request.json("wait")));
    CountingModel.INSIDE.acquire();

    model.close();

    assertThat(closed.get()).isZero();
    CountingModel.GO_ON.release();
    assertThat(answer.get().text()).isEqualTo("done");
    assertThat(closed.get()).isEqualTo(1);
    counting.close();
  }

  @Test
  void aModelThatDoesNotEndIsStoppedAtTheRequestsTimeout() {
    LeasedModel runaway = engine.load(Models.artifact("runaway.onnx"));
    long begin = System.nanoTime();

    Throwable thrown =
        catchThrowable(() -> runaway.invoke(RUNAWAY.withTimeout(Duration.ofMillis(100))));

    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isBetween(Duration.ofMillis(100), Duration.ofSeconds(5));
    assertThat(thrown)
        .isInstanceOfSatisfying(ServingException.class, e -> {
          assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT);
          assertThat(e.platform()).isEqualTo("local");
        })
        .hasMessage(
            "Model 'runaway' did not answer within 100 ms and was stopped: give the request a longer timeout, or"
                + " the model less to do.");
    runaway.close();
    assertThat(engine.loadedModels()).isZero();
  }

  @Test
  void eachCallHasItsOwnDeadline() throws Exception {
    LeasedModel runaway = engine.load(Models.artifact("runaway.onnx"));
    Future<ErrorKind> late = callers.submit(() -> kindOf(runaway, RUNAWAY));
    Future<ErrorKind> early =
        callers.submit(() -> kindOf(runaway, RUNAWAY.withTimeout(Duration.ofMillis(50))));

    assertThat(early.get()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(late.isDone()).isFalse();
  }

  @Test
  void aLeaseThatIsClosedWhileItsModelRunsLetsItRun() throws Exception {
    LeasedModel runaway = engine.load(Models.artifact("runaway.onnx"));
    Future<ErrorKind> call = callers.submit(() -> kindOf(runaway, RUNAWAY));
    awaitRun();

    runaway.close();

    assertThat(call.isDone()).isFalse();
    assertThat(engine.loadedModels()).isEqualTo(1);
    engine.close(Duration.ZERO);
    assertThat(call.get()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(engine.loadedModels()).isZero();
  }

  @Test
  void aTimeoutLongerThanTheClockIsNoTimeout() {
    LeasedModel iris = engine.load(Models.artifact("iris_lr.onnx"));

    Response response = iris.invoke(IRIS.withTimeout(Duration.ofSeconds(Long.MAX_VALUE)));

    assertThat(response.text()).contains("probabilities");
  }

  @Test
  void invokingAClosedLeaseFailsAsNotFound() {
    LeasedModel iris = engine.load(Models.artifact("iris_lr.onnx"));
    iris.close();

    assertThatThrownBy(() -> iris.invoke(IRIS))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
        .hasMessage("Model 'iris_lr' is no longer loaded: load it again.");
  }

  @Test
  void aClosedEngineLoadsAndAnswersNothing() {
    LeasedModel iris = engine.load(Models.artifact("iris_lr.onnx"));
    engine.close();
    engine.close();

    for (Throwable thrown : List.of(
        catchThrowable(() -> iris.invoke(IRIS)),
        catchThrowable(() -> engine.load(Models.artifact("iris_lr.onnx"))))) {
      assertThat(thrown)
          .isInstanceOfSatisfying(ServingException.class, e -> {
            assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED);
            assertThat(e.retryable()).isFalse();
          })
          .hasMessage("Platform 'local' is closed: open it again to run a model.");
    }
    assertThat(engine.loadedModels()).isZero();
  }

  @Test
  void closingLeavesNoThread() {
    engine.load(Models.artifact("iris_lr.onnx")).invoke(IRIS);
    assertThat(threads()).contains(DEADLINES);

    engine.close();

    assertThat(threads()).doesNotContain(DEADLINES);
  }

  @Test
  void anEngineThatHasRunNothingHasNoThread() {
    engine.load(Models.artifact("iris_lr.onnx"));

    assertThat(threads()).doesNotContain(DEADLINES);
  }

  @Test
  void closingStopsWhatDoesNotEndWithinTheGrace() throws Exception {
    LeasedModel runaway = engine.load(Models.artifact("runaway.onnx"));
    Future<Throwable> call = callers.submit(() -> catchThrowable(() -> runaway.invoke(RUNAWAY)));
    awaitRun();

    engine.close(Duration.ofMillis(50));

    assertThat(call.get())
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED))
        .hasMessage("Model 'runaway' was stopped because its platform is being closed.");
    assertThat(engine.loadedModels()).isZero();
  }

  @Test
  void closingWaitsForWhatEndsWithinTheGrace() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ModelHandler slow = request -> {
      inside.countDown();
      goOn.await();
      return Response.json("1");
    };
    Engine mine = Models.engine(Map.of("slow", slow));
    LeasedModel model = mine.load(function("slow"));
    Future<Response> call = callers.submit(() -> model.invoke(Request.json("{}")));
    inside.await();

    Future<?> closing = callers.submit(() -> mine.close(Duration.ofSeconds(30)));

    assertThatThrownBy(() -> closing.get(100, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    goOn.countDown();
    closing.get();
    assertThat(call.get().text()).isEqualTo("1");
  }

  /** Waits until a thread is inside a native run. */
  private static void awaitRun() {
    while (Thread.getAllStackTraces().values().stream()
        .flatMap(Arrays::stream)
        .noneMatch(frame -> frame.getClassName().equals("ai.onnxruntime.OrtSession")
            && frame.getMethodName().equals("run"))) {
      Thread.onSpinWait();
    }
  }

  private static ModelArtifact function(String name) {
    return ModelArtifact.of(URI.create("java:" + name));
  }

  private static ErrorKind kindOf(LeasedModel model, Request request) {
    ServingException e = (ServingException) catchThrowable(() -> model.invoke(request));
    return e.kind();
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
  }

  private static Engine counting(AtomicInteger opened, AtomicInteger closed) {
    InferenceEngine counting = new InferenceEngine() {
      @Override
      public boolean claims(ModelSource source) {
        return true;
      }

      @Override
      public Model open(ModelSource source, LoadOptions options) {
        opened.incrementAndGet();
        return new CountingModel(closed);
      }
    };
    Failures failures = new Failures("local");
    ClassLoader loader = EngineTest.class.getClassLoader();
    return new Engine(
        "local",
        failures,
        loader,
        new Engines(List.of(counting), loader, Models.cacheFolder(), failures));
  }

  /** Says when it is inside a call, and stays there until it may go on. */
  private record CountingModel(AtomicInteger closed) implements RequestModel {
    private static final Semaphore INSIDE = new Semaphore(0);
    private static final Semaphore GO_ON = new Semaphore(0);

    @Override
    public List<TensorSpec> inputs() {
      return List.of();
    }

    @Override
    public List<TensorSpec> outputs() {
      return List.of();
    }

    @Override
    public Response answer(Request request, Call call) {
      INSIDE.release();
      GO_ON.acquireUninterruptibly();
      return Response.json("done");
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }
}
