package io.fairlead.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.ModelHandler;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Plan;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LocalPlatformTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Scaling ONE = Scaling.fixed(1);
  private static final ModelArtifact IRIS =
      ModelArtifact.of(URI.create("classpath:models/iris_lr.onnx"));
  private static final Request FLOWER = Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");

  private final ExecutorService callers = Executors.newCachedThreadPool();
  private final EndpointPlatform local = Platforms.open("local", EndpointPlatform.class);

  @AfterEach
  void close() {
    local.close();
    callers.shutdownNow();
  }

  @Test
  void aRealModelAnswersAsItWasTrained() {
    Endpoint iris = deploy(local, IRIS, "blue");

    Response answer = local.invoke(iris, FLOWER);

    assertThat(answer.variant()).contains("blue");
    assertThat(answer.text()).contains("\"label\":0");
  }

  @Test
  void openingCostsNothingBeforeTheFirstDeploy() {
    String prefix = "fairlead-local";

    try (EndpointPlatform opened = Platforms.open("local", EndpointPlatform.class)) {
      assertThat(Thread.getAllStackTraces().keySet())
          .noneMatch(thread -> thread.getName().startsWith(prefix));
      assertThat(opened.list()).isEmpty();
    }
  }

  @Test
  void anUnknownSettingIsNamedWithThoseThatThereAre() {
    assertThatThrownBy(
            () -> Platforms.open("local", EndpointPlatform.class, Map.of("cash", "/tmp")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("cash is not a setting; there are: cache");
  }

  @Test
  void openedAsAnotherTypeItSaysWhichItIs() {
    assertThatThrownBy(() -> Platforms.open("local", FunctionPlatform.class))
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("is of type EndpointPlatform, not FunctionPlatform");
  }

  @Test
  void aFileThatIsNotThereFailsWhenItIsPackagedAndNamesIt(@TempDir Path folder) {
    Path missing = folder.resolve("missing.onnx");

    ServingException failure = fails(() -> deploy(local, ModelArtifact.of(missing), "blue"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure).hasMessageContaining("missing.onnx");
    assertThat(local.inventory()).isEmpty();
  }

  @Test
  void aFileThatWasCutShortFailsAndNothingIsLeft(@TempDir Path folder) throws IOException {
    byte[] whole;
    try (var stream = LocalPlatformTest.class.getResourceAsStream("/models/iris_rf.onnx")) {
      whole = stream.readAllBytes();
    }
    Path cut = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, whole.length / 2));

    ServingException failure = fails(() -> deploy(local, ModelArtifact.of(cut), "blue"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure).hasMessageContaining("cut.onnx").hasMessageContaining(cut(whole));
    local.sweep(Duration.ZERO).await(LIMIT);
    assertThat(local.inventory()).isEmpty();
  }

  private static String cut(byte[] whole) {
    return String.valueOf(whole.length / 2).substring(0, 1);
  }

  @Test
  void aPickleIsRefusedByItsBytesWhateverItIsCalled(@TempDir Path folder) throws IOException {
    Path pickle = Files.write(
        folder.resolve("model.onnx"), new byte[] {(byte) 0x80, 4, (byte) 0x95, 0, 0, 0, 0});

    ServingException failure = fails(() -> deploy(local, ModelArtifact.of(pickle), "blue"));

    assertThat(failure).hasMessageContaining("pickle");
    assertThat(local.list()).isEmpty();
  }

  @Test
  void aWrongRequestNamesWhatIsWrongBeforeTheModelRuns() {
    Endpoint iris = deploy(local, IRIS, "blue");

    assertThatThrownBy(() -> local.invoke(iris, Request.json("""
            {"inputs": [{"name": "flower", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}
            """)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("flower");
    assertThatThrownBy(() -> local.invoke(iris, Request.json("{")))
        .isInstanceOf(InvalidValueException.class);
    assertThat(local.invoke(iris, FLOWER).variant()).contains("blue");
  }

  @Test
  void aModelThatThrowsFailsWithItsCauseAndServesOn() {
    AtomicInteger calls = new AtomicInteger();
    IllegalStateException cause = new IllegalStateException("a model's bug");
    try (EndpointPlatform platform = opened("moody", request -> {
      if (calls.incrementAndGet() == 1) {
        throw cause;
      }
      return Response.json("1");
    })) {
      Endpoint moody = deploy(platform, java("moody"), "blue");

      ServingException failure = fails(() -> platform.invoke(moody, FLOWER));

      assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      assertThat(failure).hasRootCause(cause);
      assertThat(platform.invoke(moody, FLOWER).text()).isEqualTo("1");
    }
  }

  @Test
  void aClassThatIsNotThereFailsAndNamesIt() {
    ServingException failure = fails(() -> deploy(local, java("com.example.Missing"), "blue"));

    assertThat(failure).hasMessageContaining("com.example.Missing");
    assertThat(local.list()).isEmpty();
    local.sweep(Duration.ZERO).await(LIMIT);
    assertThat(local.inventory()).isEmpty();
  }

  @Test
  void undeployingLetsTheRequestsThatRunEnd() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch allowed = new CountDownLatch(1);
    try (EndpointPlatform platform = opened("slow", request -> {
      inside.countDown();
      allowed.await();
      return Response.json("1");
    })) {
      Endpoint slow = deploy(platform, java("slow"), "blue");
      CompletableFuture<Response> running =
          CompletableFuture.supplyAsync(() -> platform.invoke(slow, FLOWER), callers);
      inside.await();

      platform.undeploy(slow).await(LIMIT);
      assertThat(platform.inventory()).isEmpty();
      ServingException gone = fails(() -> platform.invoke(slow, FLOWER));
      assertThat(gone.kind()).isEqualTo(ErrorKind.NOT_FOUND);

      allowed.countDown();
      assertThat(running.get(30, TimeUnit.SECONDS).text()).isEqualTo("1");
    }
  }

  @Test
  void closingAnswersWhatRunsAndWhatWaitsForAnInstance() throws Exception {
    int slots = Runtime.getRuntime().availableProcessors();
    Semaphore inside = new Semaphore(0);
    CountDownLatch allowed = new CountDownLatch(1);
    EndpointPlatform platform = new LocalProvider()
        .open(LocalConfig.DEFAULT.withFunction("slow", request -> {
          inside.release();
          allowed.await();
          return Response.json("1");
        }));
    Endpoint slow = deploy(platform, java("slow"), "blue");
    List<CompletableFuture<Response>> calls = new ArrayList<>();
    for (int i = 0; i < slots; i++) {
      calls.add(CompletableFuture.supplyAsync(() -> platform.invoke(slow, FLOWER), callers));
    }
    inside.acquire(slots);
    CompletableFuture<Response> waiting = new CompletableFuture<>();
    Thread waiter = new Thread(() -> waiting.complete(platform.invoke(slow, FLOWER)));
    waiter.start();
    while (waiter.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    calls.add(waiting);

    CompletableFuture<Void> closing = CompletableFuture.runAsync(platform::close, callers);
    while (catchThrowable(platform::list) == null) {
      Thread.onSpinWait();
    }
    assertThat(calls).noneMatch(CompletableFuture::isDone);
    allowed.countDown();

    for (CompletableFuture<Response> call : calls) {
      assertThat(call.get(30, TimeUnit.SECONDS).text()).isEqualTo("1");
    }
    closing.get(30, TimeUnit.SECONDS);
  }

  @Test
  void closingWhileRealModelsRunNeverBreaksThem() throws Exception {
    for (int round = 0; round < 10; round++) {
      EndpointPlatform platform = Platforms.open("local", EndpointPlatform.class);
      Endpoint iris = deploy(platform, IRIS, "blue");
      List<CompletableFuture<Integer>> running = new ArrayList<>();
      CountDownLatch started = new CountDownLatch(4);
      for (int caller = 0; caller < 4; caller++) {
        running.add(
            CompletableFuture.supplyAsync(() -> askUntilClosed(platform, iris, started), callers));
      }
      started.await();
      platform.close();

      for (CompletableFuture<Integer> caller : running) {
        assertThat(caller.get(30, TimeUnit.SECONDS)).isPositive();
      }
    }
  }

  private static int askUntilClosed(
      EndpointPlatform platform, Endpoint endpoint, CountDownLatch started) {
    int answered = 0;
    while (true) {
      Throwable thrown = catchThrowable(() -> platform.invoke(endpoint, FLOWER));
      if (thrown != null) {
        assertThat(thrown).isInstanceOf(ServingException.class).hasMessageContaining("closed");
        return answered;
      }
      if (answered++ == 0) {
        started.countDown();
      }
    }
  }

  @Test
  void noRequestFailsWhileVersionsComeShareAndGo() throws Exception {
    try (EndpointPlatform platform = new LocalProvider()
        .open(LocalConfig.DEFAULT
            .withFunction("one", request -> Response.json("1"))
            .withFunction("two", request -> Response.json("2")))) {
      Endpoint blue = deploy(platform, java("one"), "blue");
      CountDownLatch enough = new CountDownLatch(1);
      List<CompletableFuture<Integer>> running = new ArrayList<>();
      for (int caller = 0; caller < 3; caller++) {
        running.add(CompletableFuture.supplyAsync(
            () -> {
              int answered = 0;
              while (enough.getCount() > 0) {
                assertThat(platform.invoke(blue, FLOWER).variant()).isPresent();
                answered++;
              }
              return answered;
            },
            callers));
      }
      for (int round = 0; round < 50; round++) {
        Endpoint green = deploy(platform, java("two"), "green");
        platform.route(blue.at(100), green.at(0), TrafficWeight.percent(50)).await(LIMIT);
        platform.scale(blue, Scaling.fixed(1 + round % 2)).await(LIMIT);
        platform.undeploy(green).await(LIMIT);
      }
      enough.countDown();

      for (CompletableFuture<Integer> caller : running) {
        assertThat(caller.get(30, TimeUnit.SECONDS)).isPositive();
      }
    }
  }

  @Test
  void theCountBoundsTheRequestsThatAreAnsweredAtATimeAndScalingChangesIt() throws Exception {
    int perInstance = Runtime.getRuntime().availableProcessors();
    Semaphore inside = new Semaphore(0);
    CountDownLatch allowed = new CountDownLatch(1);
    try (EndpointPlatform platform = opened("slow", request -> {
      inside.release();
      allowed.await();
      return Response.json("1");
    })) {
      Endpoint slow = deploy(platform, java("slow"), "blue");
      List<CompletableFuture<Response>> running = new ArrayList<>();
      for (int caller = 0; caller < 2 * perInstance; caller++) {
        running.add(CompletableFuture.supplyAsync(() -> platform.invoke(slow, FLOWER), callers));
      }
      inside.acquire(perInstance);
      ServingException full =
          fails(() -> platform.invoke(slow, FLOWER.withTimeout(Duration.ofMillis(1))));
      assertThat(full.kind()).isEqualTo(ErrorKind.TIMEOUT);
      assertThat(full)
          .hasMessageContaining("no free instance")
          .hasMessageContaining("scale it out");

      platform.scale(slow, Scaling.fixed(2)).await(LIMIT);
      inside.acquire(perInstance);

      allowed.countDown();
      for (CompletableFuture<Response> caller : running) {
        assertThat(caller.get(30, TimeUnit.SECONDS).text()).isEqualTo("1");
      }
    }
  }

  @Test
  void aCountThatNoMachineHasIsRefused() {
    Endpoint iris = deploy(local, IRIS, "blue");

    assertThatThrownBy(() -> local.scale(iris, Scaling.fixed(1_200_000_000)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("count must be at most 1000");
  }

  @Test
  void theLongestAndTheShortestTimeoutAreKept() {
    Endpoint iris = deploy(local, IRIS, "blue");

    assertThat(local
            .invoke(iris, FLOWER.withTimeout(Duration.ofSeconds(Long.MAX_VALUE)))
            .variant())
        .contains("blue");
    ServingException timeout =
        fails(() -> local.invoke(iris, FLOWER.withTimeout(Duration.ofNanos(1))));
    assertThat(timeout.kind()).isEqualTo(ErrorKind.TIMEOUT);
  }

  @Test
  void theTimeThatARequestWaitedIsTakenFromTheTimeThatTheModelHas() throws Exception {
    int perInstance = Runtime.getRuntime().availableProcessors();
    CountDownLatch allowed = new CountDownLatch(1);
    CountDownLatch inside = new CountDownLatch(perInstance);
    List<Duration> given = java.util.Collections.synchronizedList(new ArrayList<>());
    try (EndpointPlatform platform = opened("slow", request -> {
      given.add(request.timeout());
      inside.countDown();
      allowed.await();
      return Response.json("1");
    })) {
      Endpoint slow = deploy(platform, java("slow"), "blue");
      List<CompletableFuture<Response>> running = new ArrayList<>();
      for (int caller = 0; caller <= perInstance; caller++) {
        running.add(CompletableFuture.supplyAsync(() -> platform.invoke(slow, FLOWER), callers));
      }
      inside.await();
      allowed.countDown();
      for (CompletableFuture<Response> caller : running) {
        assertThat(caller.get(30, TimeUnit.SECONDS).text()).isEqualTo("1");
      }
    }

    assertThat(given)
        .hasSize(perInstance + 1)
        .allMatch(timeout -> timeout.compareTo(FLOWER.timeout()) < 0);
  }

  @Test
  void whatThisJvmCannotHonourIsAWarningOrRefused() {
    Container container = new Container(
        ModelArtifact.of(URI.create("file:/code"), IRIS.weights()),
        RuntimeSpec.of("registry/image:1"),
        Dependencies.environment(Map.of("A", "b")));
    Routing routing = new Routing("iris", "blue");

    Plan plan =
        local.preview(p -> p.deploy(container, Scaling.between("ml.m5.large", 1, 4), routing));

    assertThat(plan.warnings())
        .anyMatch(loss -> loss.startsWith("artifact.code"))
        .anyMatch(loss -> loss.startsWith("runtime.image"))
        .anyMatch(loss -> loss.startsWith("dependencies"))
        .anyMatch(loss -> loss.startsWith("scaling.instanceType"))
        .anyMatch(loss -> loss.startsWith("scaling.min"));
    assertThatThrownBy(() -> local.deploy(container, Scaling.between(0, 4), routing))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("min must be 1 or more on platform 'local'");
  }

  @Test
  void aModelWhoseFilesAreGoneIsUndeployedAllTheSame(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("iris.onnx");
    try (var stream = LocalPlatformTest.class.getResourceAsStream("/models/iris_lr.onnx")) {
      Files.copy(stream, file);
    }
    Endpoint iris = deploy(local, ModelArtifact.of(file), "blue");
    Files.delete(file);

    assertThat(local.invoke(iris, FLOWER).variant()).contains("blue");
    local.undeploy(iris).await(LIMIT);

    assertThat(local.inventory()).isEmpty();
  }

  private static EndpointPlatform opened(String name, ModelHandler function) {
    return new LocalProvider().open(LocalConfig.DEFAULT.withFunction(name, function));
  }

  private static ModelArtifact java(String name) {
    return ModelArtifact.of(URI.create("java:" + name));
  }

  private static Endpoint deploy(
      EndpointPlatform platform, ModelArtifact artifact, String variant) {
    Container container =
        platform.packageModel(artifact, RuntimeSpec.NONE, Dependencies.NONE).await(LIMIT);
    return platform.deploy(container, ONE, new Routing("test", variant)).await(LIMIT);
  }

  private static ServingException fails(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }
}
