package io.fairlead.serverless.internal.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.AwaitedFile;
import io.fairlead.engine.TestJvm;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.run.LoadedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs({OS.LINUX, OS.MAC})
@Timeout(120)
final class WorkersTest {
  private static final Request IRIS =
      Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}");
  private static final WorkerLimits LIMITS = WorkerLimits.DEFAULT.withMemoryBytes(256 << 20);

  @TempDir
  Path folder;

  private final Workers workers = newWorkers();
  private final ExecutorService callers = Executors.newCachedThreadPool();

  @AfterEach
  void close() throws InterruptedException {
    workers.close(Duration.ZERO);
    callers.shutdownNow();
    assertThat(callers.awaitTermination(10, SECONDS)).isTrue();
  }

  @Test
  void aModelOfTextsInAWorkerAnswersAsItDoesHere() {
    ModelArtifact artifact = ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx"))
        .withMetadata(ModelMetadata.NONE.withLabels(Map.of("pooling", "cls", "max-tokens", "64")));
    Request texts = Request.json("{\"inputs\": [\"one\", \"another\"]}");
    try (Engine engine =
            new Engine("serverless", Map.of(), cacheFolder(), getClass().getClassLoader());
        LoadedModel here = engine.load(artifact);
        WorkerModel there = workers.start(WorkerSpec.of(artifact, LIMITS).withMaxRuns(1))) {
      assertThat(there.invoke(texts)).isEqualTo(here.invoke(texts));
      assertThat(there.digest()).isEqualTo(here.digest());
      assertThat(there.text()).isEqualTo(here.text()).isPresent();
    }
  }

  @Test
  void aModelThatIsNotThereFailsAsItDoesHere() {
    ModelArtifact missing = ModelArtifact.of(folder.resolve("missing.onnx"));

    assertThatThrownBy(() -> workers.start(WorkerSpec.of(missing, LIMITS)))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
        .hasMessage("There is no file '" + folder.resolve("missing.onnx")
            + "': check the path, and that this process sees that file system.");
    assertThat(ProcessHandle.current().children()).isEmpty();
  }

  @Test
  void aRunThatStopsLeavesTheWorker() {
    WorkerModel runaway = workers.start(
        WorkerSpec.of(model("runaway.onnx"), LIMITS.withStopGrace(Duration.ofSeconds(20))));
    Request request = Request.json(
            "{\"inputs\": [{\"name\": \"x\", \"shape\": [1], \"datatype\": \"FP32\", \"data\": [1]}]}")
        .withTimeout(Duration.ofMillis(200));

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> runaway.invoke(request))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT))
          .hasMessage(
              "Model 'runaway' did not answer within 200 ms and was stopped: give the request a longer"
                  + " timeout, or the model less to do.");
    }
    // Ends by itself, which it does only when nothing runs in it any more.
    runaway.close();
    assertThat(runaway.onExit().join().code()).isZero();
  }

  @Test
  void whatDoesNotStopIsKilledAndWhoeverElseIsInsideIsTold() throws Exception {
    WorkerModel obedient = obedient();
    Future<Throwable> other = callers.submit(
        () -> catchThrowable(() -> obedient.invoke(text("wait " + folder.resolve("other")))));
    await(folder.resolve("other"));
    long start = System.nanoTime();

    Throwable thrown = catchThrowable(() -> obedient.invoke(
        text("hang " + folder.resolve("hangs")).withTimeout(Duration.ofMillis(500))));
    Duration answered = Duration.ofNanos(System.nanoTime() - start);
    WorkerExit exit = obedient.onExit().get();
    Duration gone = Duration.ofNanos(System.nanoTime() - start);

    assertThat(kind(thrown)).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(answered).isBetween(Duration.ofMillis(500), Duration.ofMillis(1500));
    assertThat(gone).isLessThan(Duration.ofMillis(2500));
    assertThat(exit.code()).isEqualTo(137);
    assertThat(exit.requested()).isTrue();
    assertThat(ProcessHandle.of(obedient.pid())).isEmpty();
    assertThat(other.get())
        .isInstanceOfSatisfying(ServingException.class, e -> {
          assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
          assertThat(e.retryable()).isTrue();
        })
        .hasMessage("'java:" + Handlers.Obedient.class.getName()
            + "' did not answer, because worker process " + obedient.pid()
            + " was killed: a call to it did not stop within 50 ms after its deadline; retry with"
            + " another worker.");
  }

  @Test
  void aWorkerThatExitsFailsItsCallersWithItsCodeAndLastWords() {
    WorkerModel obedient = obedient();

    assertThatThrownBy(() -> obedient.invoke(text("exit 7")))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED))
        .hasMessageContaining(
            "worker process " + obedient.pid() + " ended with exit code 7, last output \"")
        .hasMessageContaining("the last words\"")
        .cause()
        .hasMessageContaining("the last words");
    assertThat(obedient.isAlive()).isFalse();
    assertThat(obedient.onExit().join().requested()).isFalse();
    obedient.close();
    assertThatThrownBy(() -> obedient.invoke(text("echo")))
        .as("one that it was never asked may be asked of another")
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE))
        .hasMessageContaining("was not invoked")
        .hasMessageContaining("ended with exit code 7");
  }

  @Test
  void aWorkerThatIsKilledFromOutsideFailsItsCallers() throws Exception {
    WorkerModel obedient = obedient();
    Future<Throwable> call = callers.submit(
        () -> catchThrowable(() -> obedient.invoke(text("wait " + folder.resolve("waits")))));
    await(folder.resolve("waits"));

    ProcessHandle.of(obedient.pid()).orElseThrow().destroyForcibly();

    assertThat(call.get())
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED))
        .hasMessageContaining("exit code 137 (it was killed from outside");
    assertThat(obedient.onExit().get().requested()).isFalse();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aModelThatAsksForTooMuchMemoryFailsInItsProcess() {
    WorkerModel hog = workers.start(WorkerSpec.of(model("hog.onnx"), LIMITS));
    String request =
        "{\"inputs\": [{\"name\": \"x\", \"shape\": [1], \"datatype\": \"FP32\", \"data\": [1]},"
            + " {\"name\": \"shape\", \"shape\": [1], \"datatype\": \"INT64\", \"data\": [%d]}]}";

    Throwable tooMuch =
        catchThrowable(() -> hog.invoke(Request.json(request.formatted(300L << 20))));
    Response little = hog.invoke(Request.json(request.formatted(1000)));

    assertThat(kind(tooMuch)).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(little.text()).contains("1000.0");
  }

  @Test
  void whereTheSystemDoesNotLimitMemoryTheWorkerIsWatched() throws Exception {
    try (Workers watched =
        new Workers("serverless", Set.of(), cacheFolder(), getClass().getClassLoader(), false)) {
      WorkerSpec spec = WorkerSpec.of(
          Handlers.artifact(Handlers.Obedient.class), LIMITS.withMemoryBytes(200 << 20));
      WorkerModel obedient = watched.start(spec);

      Throwable thrown = catchThrowable(() -> obedient.invoke(text("keep 100")));
      WorkerExit exit = obedient.onExit().get(30, SECONDS);

      assertThat(exit.description())
          .matches("was killed: it used \\d+ MB of memory, and its limit is 200 MB");
      assertThat(kind(thrown)).isEqualTo(ErrorKind.MODEL_FAILED);
    }
  }

  @Test
  void tooLittleMemoryForAnyWorkerIsRefused() {
    WorkerSpec spec = WorkerSpec.of(model("iris_lr.onnx"), LIMITS.withMemoryBytes(64 << 20));

    assertThatThrownBy(() -> workers.start(spec))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
        .hasMessage(
            "A worker process needs more than 67108864 bytes of memory: a JVM with a small model needs"
                + " at least 128 MB, so give the function more memory.");
  }

  @Test
  void aFunctionOfThisProcessIsRefused() {
    WorkerSpec spec = WorkerSpec.of(ModelArtifact.of(java.net.URI.create("java:greeter")), LIMITS);

    assertThatThrownBy(() -> workers.start(spec))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
        .hasMessageStartingWith(
            "'java:greeter' is a function that is registered in this process, which no other can run: ");
  }

  @Test
  void aModelThatIsNotTheOneAskedForIsNotServed() {
    WorkerSpec spec = WorkerSpec.of(model("iris_lr.onnx"), LIMITS).withDigest("0".repeat(64));

    assertThat(kind(catchThrowable(() -> workers.start(spec)))).isEqualTo(ErrorKind.CONFLICT);
    assertThat(ProcessHandle.current().children()).isEmpty();
  }

  @Test
  void aModelThatDoesNotComeToBeIsGivenUp() {
    WorkerSpec spec = WorkerSpec.of(
        Handlers.artifact(Handlers.NeverReady.class),
        LIMITS.withStartTimeout(Duration.ofSeconds(1)));

    assertThatThrownBy(() -> workers.start(spec))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT))
        .hasMessageContaining("within 1 s");
    assertThat(ProcessHandle.current().children()).isEmpty();
  }

  @Test
  void aProcessThatIsNoWorkerSaysWhy() {
    WorkerSpec spec = WorkerSpec.of(model("iris_lr.onnx"), LIMITS).withClassPath(List.of(folder));

    assertThatThrownBy(() -> workers.start(spec))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED))
        .hasMessageContaining("ended with exit code 1, last output \"")
        .hasMessageContaining("Could not find or load main class");
  }

  @Test
  void closingLetsCallsEndAndNoneBegin() throws Exception {
    WorkerModel obedient = obedient();
    Path waits = folder.resolve("waits");
    Path left = folder.resolve("left");
    Future<Response> call = callers.submit(() -> obedient.invoke(text("wait " + waits)));
    Future<Throwable> interrupted = callers.submit(() -> {
      Thread.currentThread().setName("caller");
      return catchThrowable(() -> obedient.invoke(text("wait " + left)));
    });
    await(waits);
    await(left);

    Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("caller"))
        .forEach(Thread::interrupt);

    assertThat(kind(interrupted.get())).isEqualTo(ErrorKind.CANCELLED);
    assertThat(obedient.invoke(text("echo")).text()).isEqualTo("echo");
    obedient.close();
    assertThatThrownBy(() -> obedient.invoke(text("echo")))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND));
    assertThat(obedient.isAlive()).isTrue();
    Files.delete(waits);
    assertThat(call.get().text()).isEqualTo("done");
    // The call whose caller was interrupted is still inside.
    assertThat(obedient.isAlive()).isTrue();
    Files.delete(left);
    assertThat(obedient.onExit().get(10, SECONDS).code()).isZero();
  }

  @Test
  void closingWithAGraceKillsWhatDoesNotEnd() throws Exception {
    WorkerModel obedient = obedient();
    Path waits = folder.resolve("waits");
    Future<Throwable> call =
        callers.submit(() -> catchThrowable(() -> obedient.invoke(text("wait " + waits))));
    await(waits);

    obedient.close(Duration.ofMillis(50));

    assertThat(ProcessHandle.of(obedient.pid())).isEmpty();
    assertThat(kind(call.get())).isEqualTo(ErrorKind.CANCELLED);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void workersLeaveNothing() throws Exception {
    workers.start(WorkerSpec.of(model("iris_lr.onnx"), LIMITS)).close(Duration.ofSeconds(10));
    long files = openFiles();
    List<Long> processes = new ArrayList<>();

    // Three of each, which is more than what else may be open.
    for (int i = 0; i < 6; i++) {
      WorkerModel worker =
          i < 2 ? workers.start(WorkerSpec.of(model("iris_lr.onnx"), LIMITS)) : obedient();
      processes.add(worker.pid());
      worker.invoke(i < 2 ? IRIS : text("echo"));
      if (i % 2 == 0) {
        worker.kill();
        worker.onExit().get(10, SECONDS);
      } else {
        worker.close(Duration.ofSeconds(10));
      }
    }

    assertThat(openFiles()).isLessThanOrEqualTo(files + 2);
    assertThat(folders())
        .hasSize(1)
        .allSatisfy(root -> assertThat(root.toFile().list()).containsExactly("lock"));
    workers.close();
    assertThat(processes).allSatisfy(pid -> assertThat(ProcessHandle.of(pid)).isEmpty());
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("fairlead-serverless-worker"));
    assertThat(folders()).isEmpty();
  }

  @Test
  void aWorkerEndsWithTheProcessThatStartedIt() throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    List<String> command = TestJvm.command(TestJvm.classPath());
    command.addAll(List.of(
        "-Djava.io.tmpdir=" + temporary,
        HaltingMain.class.getName(),
        cacheFolder().toString()));
    Process parent = new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    String line;
    try (var output = parent.inputReader(UTF_8)) {
      line = output.readLine();
    }
    ProcessHandle worker = ProcessHandle.of(Long.parseLong(line)).orElseThrow();
    assertThat(parent.isAlive() && worker.isAlive()).isTrue();
    assertThat(temporary.toFile().list()).hasSize(1);

    parent.destroyForcibly();

    parent.waitFor();
    worker.onExit().get(5, SECONDS);
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void whatProcessesThatAreGoneHaveLeftIsDeleted() throws Exception {
    Path left = Files.createDirectories(folder.resolve("fairlead-workers-left/worker-1"));
    Files.createFile(left.resolve("library.so"));
    Path root = left.getParent();
    Files.createFile(root.resolve("lock"));
    Path young = Files.createDirectory(folder.resolve("fairlead-workers-young"));
    Path other = Files.createDirectory(folder.resolve("other"));
    for (Path old : List.of(root, other)) {
      Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(3600)));
    }

    WorkerFolder made = WorkerFolder.create(folder);

    assertThat(root).doesNotExist();
    assertThat(young).exists();
    assertThat(other).exists();
    made.close();
    assertThat(folder.toFile().list()).containsExactlyInAnyOrder("fairlead-workers-young", "other");
  }

  /** The temporary folder is every user's: opening a pipe would wait for ever, and a link leads anywhere. */
  @Test
  @DisabledOnOs(OS.WINDOWS)
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
  void whatOthersPutIntoTheSharedFolderIsNeitherOpenedNorFollowed() throws Exception {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Path kept = Files.createFile(outside.resolve("kept"));
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    Path pipes = Files.createDirectory(temporary.resolve("fairlead-workers-pipe"));
    assertThat(new ProcessBuilder("mkfifo", pipes.resolve("lock").toString())
            .start()
            .waitFor())
        .isZero();
    Path link = Files.createSymbolicLink(temporary.resolve("fairlead-workers-link"), outside);
    Path orphan = Files.createDirectories(temporary.resolve("fairlead-workers-left/worker-1"));
    Files.createSymbolicLink(orphan.resolve("link"), outside);
    Path locked = Files.createDirectory(temporary.resolve("fairlead-workers-locked"));
    Files.createSymbolicLink(locked.resolve("lock"), kept);
    for (Path old : List.of(pipes, outside, orphan.getParent(), locked)) {
      Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(3600)));
    }

    WorkerFolder.create(temporary).close();

    assertThat(kept).exists();
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(pipes.resolve("lock")).exists();
    assertThat(locked.resolve("lock")).exists();
    assertThat(orphan.getParent()).doesNotExist();
  }

  @Test
  void whatAProcessStillHoldsIsNotDeleted() throws Exception {
    WorkerFolder first = WorkerFolder.create(folder);
    Path root = folder.resolve(folder.toFile().list()[0]);
    Files.setLastModifiedTime(root, FileTime.from(Instant.now().minusSeconds(3600)));

    WorkerFolder second = WorkerFolder.create(folder);

    assertThat(root).exists();
    first.close();
    second.close();
  }

  @Test
  void aClosedStarterStartsNothing() {
    workers.close();

    assertThat(kind(catchThrowable(() -> obedient()))).isEqualTo(ErrorKind.CANCELLED);
  }

  /** What leaves a worker as it was: one for all. */
  @Nested
  class OfCode {
    private static final WorkerSpec SPEC = WorkerSpec.of(
            Handlers.artifact(Handlers.Obedient.class), LIMITS)
        .withEnvironment(Map.of("FAIRLEAD_TEST", "a secret"));

    private static Workers shared;
    private static WorkerModel obedient;

    @BeforeAll
    static void start() {
      shared = newWorkers();
      obedient = shared.start(SPEC);
    }

    @AfterAll
    static void end() {
      shared.close(Duration.ZERO);
    }

    @Test
    void aFailureCrossesWithItsKindItsCausesAndTheirStacks() {
      ServingException e =
          catchThrowableOfType(ServingException.class, () -> obedient.invoke(text("throttled")));

      assertThat(e.kind()).isEqualTo(ErrorKind.THROTTLED);
      assertThat(e.retryable()).isTrue();
      assertThat(e.retryAfter()).contains(Duration.ofSeconds(3));
      assertThat(e).hasMessage("Too much.");
      assertThat(e.getCause()).hasMessage("java.lang.IllegalStateException: outer");
      assertThat(e.getCause().getStackTrace()[0].getClassName())
          .isEqualTo(Handlers.Obedient.class.getName());
      assertThat(e.getCause().getCause()).hasMessage("java.lang.IllegalArgumentException: inner");
    }

    @Test
    void callersAreInsideAtTheSameTime() throws Exception {
      List<Future<Response>> calls = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        calls.add(callers.submit(() -> obedient.invoke(text("meet"))));
      }

      for (Future<Response> call : calls) {
        assertThat(call.get().text()).isEqualTo("done");
      }
    }

    @Test
    void bodiesOfMegabytesCrossWhole() throws Exception {
      List<byte[]> bodies = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        byte[] body = new byte[(3 << 20) + i];
        new Random(i).nextBytes(body);
        bodies.add(body);
      }

      List<Future<Response>> calls = new ArrayList<>();
      for (byte[] body : bodies) {
        calls.add(
            callers.submit(() -> obedient.invoke(Request.of(body, "application/octet-stream"))));
      }

      for (int i = 0; i < bodies.size(); i++) {
        assertThat(calls.get(i).get().body()).isEqualTo(bodies.get(i));
      }
    }

    @Test
    void whatCodePrintsDoesNotGetBetweenTheAnswers() {
      assertThat(obedient.invoke(text("print")).text()).isEqualTo("done");
      assertThat(obedient.invoke(text("echo")).text()).isEqualTo("echo");
    }

    @Test
    void codeThatRunsOutOfHeapFailsAndTheWorkerGoesOn() {
      assertThatThrownBy(() -> obedient.invoke(text("eat")))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED))
          .hasMessageContaining(
              "ran out of memory (Java heap space; the heap of its worker process is ");
      assertThat(obedient.invoke(text("echo")).text()).isEqualTo("echo");
    }

    @Test
    void aWorkerSeesItsOwnEnvironmentOnly() {
      List<String> seen = obedient.invoke(text("environment")).text().lines().toList();

      assertThat(seen).contains("PATH", "FAIRLEAD_TEST", "a secret");
      assertThat(seen.subList(0, seen.size() - 1))
          .allMatch(name -> name.matches(
              "PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_.*|TZ|XDG_CACHE_HOME|(DY)?LD_LIBRARY_PATH|TMPDIR"
                  + "|MALLOC_ARENA_MAX|FAIRLEAD_TEST|PWD|OLDPWD|SHLVL|_"));
      assertThat(SPEC.toString()).contains("FAIRLEAD_TEST").doesNotContain("a secret");
    }
  }

  /** The same model in one worker for all, with as little memory as one may have, and here. */
  @Nested
  class OfAModel {
    private static Workers shared;
    private static Engine engine;
    private static LoadedModel here;
    private static WorkerModel there;

    @BeforeAll
    static void start() {
      ModelArtifact artifact = model("iris_lr.onnx").named("flowers");
      engine =
          new Engine("serverless", Map.of(), cacheFolder(), WorkersTest.class.getClassLoader());
      here = engine.load(artifact);
      shared = newWorkers();
      there = shared.start(WorkerSpec.of(artifact, LIMITS.withMemoryBytes(Launch.MIN_JVM_BYTES)));
    }

    @AfterAll
    static void end() {
      shared.close(Duration.ZERO);
      engine.close();
    }

    @Test
    void aModelInAWorkerAnswersAsItDoesHere() {
      assertThat(there.invoke(IRIS)).isEqualTo(here.invoke(IRIS));
      assertThat(there.name()).isEqualTo("flowers");
      assertThat(there.digest()).isEqualTo(here.digest());
      assertThat(there.inputs()).isEqualTo(here.inputs()).isNotEmpty();
      assertThat(there.outputs()).isEqualTo(here.outputs()).isNotEmpty();
    }

    @Test
    void aWrongRequestIsRefusedWithTheSameWords() {
      Request wrong = Request.json("{\"instances\": [[1, 2]], \"outputs\": [{\"name\": \"x\"}]}");
      InvalidValueException expected =
          catchThrowableOfType(InvalidValueException.class, () -> here.invoke(wrong));

      assertThatThrownBy(() -> there.invoke(wrong))
          .isInstanceOfSatisfying(InvalidValueException.class, e -> {
            assertThat(e.problems()).isEqualTo(expected.problems()).hasSizeGreaterThan(1);
            assertThat(e.subject()).isEqualTo(expected.subject());
          });
    }

    @Test
    void aRequestLargerThanTheProcessMayBeIsNotSent() {
      Request large = Request.of(new byte[128 << 20], "application/octet-stream");

      assertThatThrownBy(() -> there.invoke(large))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
          .hasMessageContaining(
              "was not invoked: a request must take at most the 134217728 bytes of limits.memoryBytes, and takes 1342177")
          .hasMessageEndingWith(": send less at a time, or deploy it with more memory.");
      assertThat(there.invoke(IRIS).text()).contains("probabilities");
    }
  }

  private static Workers newWorkers() {
    return new Workers(
        "serverless", Set.of("greeter"), cacheFolder(), WorkersTest.class.getClassLoader());
  }

  private WorkerModel obedient() {
    return workers.start(WorkerSpec.of(Handlers.artifact(Handlers.Obedient.class), LIMITS));
  }

  private static Request text(String text) {
    return Request.of(text.getBytes(UTF_8), "text/plain");
  }

  private static ErrorKind kind(Throwable thrown) {
    return ((ServingException) thrown).kind();
  }

  private static void await(Path file) throws Exception {
    AwaitedFile.await(file, () -> true);
  }

  private static long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  /** The temporary folders of this process. */
  private static List<Path> folders() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("fairlead-workers-"))
          .filter(file -> isOfThisProcess(file))
          .toList();
    }
  }

  private static boolean isOfThisProcess(Path root) {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.anyMatch(file -> {
        try {
          return Files.readSymbolicLink(file).startsWith(root);
        } catch (IOException e) {
          return false;
        }
      });
    } catch (IOException e) {
      return false;
    }
  }

  /** A cache folder that all tests of a build share, so that they unpack native libraries once. */
  static Path cacheFolder() {
    return Path.of("target", "cache").toAbsolutePath();
  }

  static ModelArtifact model(String name) {
    URL url = WorkersTest.class.getResource("/models/" + name);
    try {
      return ModelArtifact.of(Path.of(url.toURI()));
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Starts a worker, prints its id and stays. */
  static final class HaltingMain {
    private HaltingMain() {}

    public static void main(String[] arguments) throws Exception {
      WorkerModel obedient = new Workers(
              "serverless", Set.of(), Path.of(arguments[0]), WorkersTest.class.getClassLoader())
          .start(WorkerSpec.of(Handlers.artifact(Handlers.Obedient.class), LIMITS));
      System.out.println(obedient.pid());
      obedient.onExit().get();
    }
  }
}
