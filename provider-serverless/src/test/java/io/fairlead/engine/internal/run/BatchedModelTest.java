package io.fairlead.engine.internal.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.withPrecision;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.onnx.OnnxOperators;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class BatchedModelTest {
  private static final Failures FAILURES = new Failures("local");

  @TempDir
  Path folder;

  private final ExecutorService callers = Executors.newCachedThreadPool();
  private final List<Future<float[]>> asked = new ArrayList<>();
  private final Doubling doubling = new Doubling();
  private final BatchedModel batched = new BatchedModel(doubling, 4, 1, true, FAILURES);

  @AfterEach
  void end() throws InterruptedException {
    doubling.goOn.release(1000);
    callers.shutdownNow();
    assertThat(callers.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whoeverWaitsWhenARunEndsIsRunTogether() throws Exception {
    Future<float[]> first = ask(1);
    doubling.inside.acquire();
    Future<float[]> second = askAndWait(1, 2);
    Future<float[]> third = askAndWait(2, 3, 4);

    doubling.goOn.release(10);

    assertThat(first.get()).containsExactly(2);
    assertThat(second.get()).containsExactly(4);
    assertThat(third.get()).containsExactly(6, 8);
    assertThat(doubling.runs).containsExactly(List.of(1f), List.of(2f, 3f, 4f));
  }

  @Test
  void aBatchHasNoMoreRowsThanItMay() throws Exception {
    occupy();
    asked.add(askAndWait(1, 2, 3));
    asked.add(askAndWait(2, 4, 5, 6));
    Future<float[]> last = askAndWait(3, 7, 8);

    doubling.goOn.release(10);

    assertThat(last.get()).containsExactly(14, 16);
    for (Future<float[]> other : asked) {
      other.get();
    }
    assertThat(doubling.runs).contains(List.of(2f, 3f, 7f, 8f), List.of(4f, 5f, 6f));
  }

  @Test
  void aBatchTakesNoMoreMemoryThanEachOfItsRequestsMay() throws Exception {
    occupy();
    asked.add(submit(tensor(1, 1, 2), List.of("y"), call(100)));
    awaitWaiting(1);
    asked.add(submit(tensor(2, 1, 3, 4), List.of("y"), call(11)));
    awaitWaiting(2);
    Future<float[]> last = submit(tensor(1, 1, 5), List.of("y"), call(8));
    awaitWaiting(3);

    doubling.goOn.release(10);

    assertThat(last.get()).containsExactly(10);
    for (Future<float[]> other : asked) {
      other.get();
    }
    assertThat(doubling.runs).containsExactly(List.of(1f), List.of(2f, 5f), List.of(3f, 4f));
  }

  @Test
  void requestsOfAnotherShapeOrForOtherOutputsRunApart() throws Exception {
    occupy();
    Future<float[]> narrow = askAndWait(1, 2);
    Future<float[]> wide = submit(tensor(1, 2, 3, 4), List.of("y"), call());
    awaitWaiting(2);
    Future<float[]> other = submit(tensor(1, 1, 5), List.of("z"), call());
    awaitWaiting(3);

    doubling.goOn.release(10);

    assertThat(narrow.get()).containsExactly(4);
    assertThat(wide.get()).containsExactly(6, 8);
    assertThat(other.get()).containsExactly(10);
    assertThat(doubling.runs).hasSize(4);
  }

  @Test
  void aRequestWithAsManyRowsAsABatchNeverWaits() throws Exception {
    Future<float[]> first = ask(1);
    doubling.inside.acquire();

    Future<float[]> full = ask(1, 2, 3, 4);
    doubling.inside.acquire();

    assertThat(first.isDone()).isFalse();
    doubling.goOn.release(10);
    assertThat(full.get()).containsExactly(2, 4, 6, 8);
  }

  @Test
  void aBadRequestDoesNotFailItsMates() throws Exception {
    occupy();
    Future<float[]> good = askAndWait(1, 2);
    Future<float[]> bad = askAndWait(2, -1);
    Future<float[]> alsoGood = askAndWait(3, 3);

    doubling.goOn.release(10);

    assertThat(good.get()).containsExactly(4);
    assertThat(alsoGood.get()).containsExactly(6);
    assertThat(failure(bad).kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(doubling.runs).contains(List.of(2f, -1f, 3f), List.of(-1f));
  }

  @Test
  void whoIsStoppedWhileItWaitsLeaves() throws Exception {
    Future<float[]> first = ask(1);
    doubling.inside.acquire();
    RunningCall call = call();
    Future<float[]> waiting = submit(tensor(1, 1, 2), List.of("y"), call);
    awaitWaiting(1);

    call.stop(ErrorKind.TIMEOUT);

    assertThat(failure(waiting).kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(first.isDone()).isFalse();
    assertThat(batched.waiting()).isZero();
    doubling.goOn.release(10);
    first.get();
    assertThat(doubling.runs).containsExactly(List.of(1f));
  }

  @Test
  void aRunIsStoppedWhenAllThatAreInItWere() throws Exception {
    occupy();
    RunningCall early = new RunningCall(FAILURES, "doubling", Duration.ofSeconds(1), 1);
    RunningCall late = new RunningCall(FAILURES, "doubling", Duration.ofSeconds(2), 2);
    Future<float[]> one = submit(tensor(1, 1, 2), List.of("y"), early);
    awaitWaiting(1);
    Future<float[]> other = submit(tensor(1, 1, 3), List.of("y"), late);
    awaitWaiting(2);
    doubling.goOn.release();
    doubling.inside.acquire();

    early.stop(ErrorKind.TIMEOUT);

    assertThat(failure(one).kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(other.isDone()).isFalse();
    assertThat(doubling.stopped.getCount()).isEqualTo(1);
    late.stop(ErrorKind.TIMEOUT);
    assertThat(failure(other).kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(doubling.stopped.getCount()).isZero();
    assertThat(doubling.runs).contains(List.of(2f, 3f));
  }

  @Test
  void whoLeavesABatchDoesNotTakeItsMatesWithIt() throws Exception {
    occupy();
    RunningCall early = new RunningCall(FAILURES, "doubling", Duration.ofSeconds(1), 1);
    Future<float[]> one = submit(tensor(1, 1, 2), List.of("y"), early);
    awaitWaiting(1);
    Future<float[]> other = askAndWait(2, 3);
    doubling.goOn.release();
    doubling.inside.acquire();

    early.stop(ErrorKind.TIMEOUT);
    failure(one);
    doubling.goOn.release(10);

    assertThat(other.get()).containsExactly(6);
    assertThat(doubling.runs).containsExactly(List.of(1f), List.of(2f, 3f));
  }

  @Test
  void aModelThatDoesNotAnswerRowByRowIsNotGivenBatchesAgain() throws Exception {
    doubling.sums = true;
    occupy();
    Future<float[]> one = askAndWait(1, 2);
    Future<float[]> other = askAndWait(2, 3);

    doubling.goOn.release(10);

    assertThat(one.get()).containsExactly(2);
    assertThat(other.get()).containsExactly(3);
  }

  @ParameterizedTest
  @CsvSource({"iris_lr.onnx, 4, X, 1e-5", "iris_rf.onnx, 4, X, 0", "digits.onnx, 64, x, 0"})
  void batchedAnswersAreThoseOfRequestsAlone(String name, int width, String input, double precision)
      throws Exception {
    try (Engine engine = Models.engine()) {
      LeasedModel alone = engine.load(Models.artifact(name));
      LeasedModel together =
          engine.load(Models.artifact(name), LoadOptions.DEFAULT.withMaxBatch(8));
      List<Future<?>> results = new ArrayList<>();
      for (int caller = 0; caller < 12; caller++) {
        Random random = new Random(caller);
        results.add(callers.submit(() -> {
          for (int i = 0; i < 40; i++) {
            Request request = randomRequest(random, input, width);
            String expected = alone.invoke(request).text();
            String answer = together.invoke(request).text();
            if (precision == 0) {
              assertThat(answer).isEqualTo(expected);
            } else {
              assertThat(numbers(answer))
                  .containsExactly(numbers(expected), withPrecision(precision));
            }
          }
        }));
      }
      for (Future<?> result : results) {
        result.get();
      }
    }
  }

  /** In batches, each request would be answered with the others' rows in it. */
  @ParameterizedTest
  @ValueSource(strings = {"mean", "softmax"})
  void aModelWhoseRowsDependOnEachOtherAnswersEachRequestAlone(String what) throws Exception {
    OnnxFile file =
        new OnnxFile().input("x", OnnxFile.FLOAT, -1, 2).output("y", OnnxFile.FLOAT, -1, 2);
    ModelArtifact dependent = Models.write(
        folder,
        what + ".onnx",
        what.equals("softmax")
            ? file.node("Softmax", List.of("x"), List.of("y"), OnnxFile.attribute("axis", 0))
            : file.node(
                    "ReduceMean",
                    List.of("x"),
                    List.of("m"),
                    OnnxFile.attribute("axes", new long[] {0}))
                .node("Sub", List.of("x", "m"), List.of("y")));
    try (Engine engine = Models.engine()) {
      LeasedModel alone = engine.load(dependent);
      LeasedModel together = engine.load(dependent, LoadOptions.DEFAULT.withMaxBatch(8));
      assertThat(together.batching()).contains("on");
      assertThat(alone.batching()).isEmpty();
      List<Future<?>> results = new ArrayList<>();
      for (int caller = 0; caller < 16; caller++) {
        Random random = new Random(caller);
        results.add(callers.submit(() -> {
          for (int i = 0; i < 200; i++) {
            Request request = randomRequest(random, "x", 2);
            assertThat(together.invoke(request).text())
                .isEqualTo(alone.invoke(request).text());
          }
        }));
      }
      for (Future<?> result : results) {
        result.get();
      }

      assertThat(together.batching()).contains("off: a row's answer depends on the other rows");
    }
  }

  @Test
  void theFirstRequestsOfAShapeRunAloneAsWellAndAreCompared() throws Exception {
    BatchedModel compared = new BatchedModel(doubling, 4, 1, false, FAILURES);
    doubling.goOn.release(1_000);

    batches(compared, BatchComparison.FIRST / 2);
    assertThat(alone()).isEqualTo(BatchComparison.FIRST);
    batches(compared, BatchComparison.EVERY - 1);
    assertThat(alone()).isEqualTo(BatchComparison.FIRST);
    batches(compared, 1);

    assertThat(alone()).isEqualTo(BatchComparison.FIRST + 2);
    assertThat(BatchedModel.state(compared)).contains("on");
    compared.close();
  }

  private void batches(BatchedModel model, int count) throws Exception {
    int batches = 0;
    while (batches < count) {
      batches += batchOfTwo(model, 1) ? 1 : 0;
    }
  }

  private long alone() {
    return doubling.runs.stream().filter(run -> run.equals(List.of(1f))).count();
  }

  /** A dependence that some rows only show is found by the first compared batch in which one is. */
  @Test
  void aDependenceThatShowsForSomeRowsIsFoundWhenABatchWithThemIsCompared() throws Exception {
    BatchedModel compared = new BatchedModel(doubling, 4, 1, false, FAILURES);
    doubling.goOn.release(10_000);
    doubling.leak = 100;
    int equal = 0;
    while (equal < BatchComparison.FIRST) {
      equal += batchOfTwo(compared, 1) ? 2 : 0;
    }

    int wrong = 0;
    while (BatchedModel.state(compared).equals(Optional.of("on"))) {
      wrong += batchOfTwo(compared, 100) ? 1 : 0;
    }

    assertThat(wrong).isLessThan(2 * BatchComparison.EVERY);
    doubling.runs.clear();
    batchOfTwo(compared, 100);
    assertThat(doubling.runs).allSatisfy(run -> assertThat(run).hasSize(1));
  }

  /** Asks with two rows at once while a third is running; {@return whether they were run together}. */
  private boolean batchOfTwo(BatchedModel model, float row) throws Exception {
    int before = (int) doubling.runs.stream().filter(run -> run.size() == 2).count();
    doubling.goOn.drainPermits();
    Future<List<Tensor>> first =
        callers.submit(() -> model.run(List.of(tensor(1, 1, 7)), List.of("y"), call()));
    doubling.inside.acquire();
    List<Future<List<Tensor>>> others = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      others.add(callers.submit(() -> model.run(List.of(tensor(1, 1, row)), List.of("y"), call())));
    }
    if (BatchedModel.state(model).equals(Optional.of("on"))) {
      while (model.waiting() < 2) {
        Thread.onSpinWait();
      }
    }
    doubling.goOn.release(100);
    first.get();
    for (Future<List<Tensor>> other : others) {
      other.get();
    }
    doubling.inside.drainPermits();
    return doubling.runs.stream().filter(run -> run.size() == 2).count() > before;
  }

  @ParameterizedTest
  @CsvSource({
    "1,        1.00005,  true",
    "1,        1.001,    false",
    "1000,     1000.05,  true",
    "0,        1e-7,     true",
    "0,        1e-3,     false",
    "NaN,      NaN,      true",
    "NaN,      1,        false",
    "Infinity, Infinity, true",
    "Infinity, 1,        false"
  })
  void answersAreEqualUpToTheRoundingOfAnotherOrder(float alone, float together, boolean equal) {
    assertThat(BatchComparison.difference(
                List.of(tensor(1, 1, alone)), List.of(tensor(1, 1, together)))
            .isEmpty())
        .isEqualTo(equal);
  }

  @Test
  void textsAndWholeNumbersAreEqualIfTheyAreTheSame() {
    long[] one = {1};
    assertThat(BatchComparison.difference(
            List.of(Tensor.of("l", Datatype.INT64, one, new long[] {1})),
            List.of(Tensor.of("l", Datatype.INT64, one, new long[] {2}))))
        .contains("l");
    assertThat(BatchComparison.difference(
            List.of(Tensor.of("t", Datatype.BYTES, one, new String[] {"a"})),
            List.of(Tensor.of("t", Datatype.BYTES, one, new String[] {"a"}))))
        .isEmpty();
  }

  @Test
  void aModelWithDynamicQuantisationIsNotBatchedUnlessThatIsAllowed() {
    LoadOptions options = LoadOptions.DEFAULT.withMaxBatch(8);
    try (Engine engine = Models.engine()) {
      assertThatThrownBy(() -> engine.load(Models.MINILM, options))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
          .hasMessage(
              "'classpath:all-minilm-l6-v2-q.onnx' (22972370 bytes) uses DynamicQuantizeLinear, with which the answer"
                  + " to one row depends on the others of its batch: load it with a maxBatch of 1, or allow such"
                  + " answers with batchDependentAllowed.");
      assertThat(engine.loadedModels()).isZero();

      LeasedModel allowed = engine.load(Models.MINILM, options.withBatchDependentAllowed(true));

      assertThat(allowed.invoke(Request.json("{\"inputs\": \"a text\"}")).text())
          .startsWith("[[");
    }
  }

  @Test
  void aModelWithAFixedFirstDimensionIsNotBatched() {
    try (Engine engine = Models.engine()) {
      assertThatThrownBy(() -> engine.load(
              Models.artifact("runaway.onnx"),
              LoadOptions.DEFAULT.withMaxBatch(2).withBatchDependentAllowed(true)))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
          .hasMessageContaining(
              "takes no batches, because the first dimension of its 'x' is not open ([1]): load it with a maxBatch"
                  + " of 1");
    }
  }

  @Test
  void operatorsAreFoundInTheBodiesOfLoopsToo() throws IOException {
    assertThat(operators(Files.readAllBytes(Models.path("runaway.onnx"))))
        .contains("Loop", "Identity");
    OnnxFile.Message body = new OnnxFile.Message()
        .message(1, new OnnxFile.Message().string(4, "DynamicQuantizeLinear"));
    OnnxFile model = new OnnxFile()
        .input("x", OnnxFile.FLOAT, -1)
        .output("y", OnnxFile.FLOAT, -1)
        .node(
            "If",
            List.of("x"),
            List.of("y"),
            new OnnxFile.Message().string(1, "then_branch").message(6, body));

    assertThat(operators(model.bytes())).containsExactly("DynamicQuantizeLinear", "If");
  }

  @Test
  void theOperatorsOfWhatIsCutOffAreNotRead() {
    byte[] whole = new OnnxFile().input("x", OnnxFile.FLOAT, -1).bytes();

    assertThatThrownBy(() -> operators(Arrays.copyOf(whole, whole.length - 3)))
        .isInstanceOf(IOException.class);
  }

  private static Set<String> operators(byte[] model) throws IOException {
    return OnnxOperators.of(new ByteArrayInputStream(model));
  }

  @Test
  void whatIsRandomIsNotBatched() {
    ModelArtifact random = Models.write(
        folder,
        "random.onnx",
        new OnnxFile()
            .input("x", OnnxFile.FLOAT, -1)
            .output("y", OnnxFile.FLOAT, -1)
            .node("RandomUniformLike", List.of("x"), List.of("y")));
    try (Engine engine = Models.engine()) {
      assertThatThrownBy(() -> engine.load(random, LoadOptions.DEFAULT.withMaxBatch(2)))
          .isInstanceOf(ServingException.class)
          .hasMessageContaining("uses RandomUniformLike");
    }
  }

  private static double[] numbers(String json) {
    return Arrays.stream(json.split("[^-0-9.E]+", -1))
        .filter(text -> text.matches("-?[0-9].*"))
        .mapToDouble(Double::parseDouble)
        .toArray();
  }

  private static Request randomRequest(Random random, String input, int width) {
    int rows = 1 + random.nextInt(3);
    StringBuilder data = new StringBuilder();
    for (int i = 0; i < rows * width; i++) {
      data.append(i == 0 ? "" : ",").append(random.nextFloat() * 8);
    }
    String shape = width == 64 ? rows + ",1,8,8" : rows + "," + width;
    return Request.json("{\"inputs\": [{\"name\": \"" + input + "\", \"shape\": [" + shape
        + "], \"datatype\": \"FP32\", \"data\": [" + data + "]}]}");
  }

  /** Has a run under way, behind which others wait. */
  private void occupy() throws InterruptedException {
    asked.add(ask(1));
    doubling.inside.acquire();
  }

  private Future<float[]> ask(float... rows) {
    return submit(tensor(rows.length, 1, rows), List.of("y"), call());
  }

  private Future<float[]> askAndWait(int waiting, float... rows) {
    Future<float[]> answer = ask(rows);
    awaitWaiting(waiting);
    return answer;
  }

  private Future<float[]> submit(Tensor tensor, List<String> outputs, Call call) {
    return callers.submit(
        () -> batched.run(List.of(tensor), outputs, call).get(0).floats());
  }

  private void awaitWaiting(int count) {
    while (batched.waiting() < count) {
      Thread.onSpinWait();
    }
  }

  private static Tensor tensor(long rows, long width, float... elements) {
    return Tensor.of("x", Datatype.FP32, new long[] {rows, width}, elements);
  }

  private static RunningCall call() {
    return call(Long.MAX_VALUE);
  }

  private static RunningCall call(long memoryBytes) {
    return new RunningCall(
        FAILURES, "doubling", Duration.ofSeconds(60), Long.MAX_VALUE, memoryBytes);
  }

  private static ServingException failure(Future<?> answer) {
    ExecutionException thrown = catchThrowableOfType(ExecutionException.class, answer::get);
    return (ServingException) thrown.getCause();
  }

  /** Doubles what is not negative, when it may go on. */
  private static final class Doubling implements TensorModel {
    private final Semaphore inside = new Semaphore(0);
    private final Semaphore goOn = new Semaphore(0);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Queue<List<Float>> runs = new ConcurrentLinkedQueue<>();
    private volatile boolean sums;
    private volatile float leak = Float.POSITIVE_INFINITY;

    @Override
    public List<TensorSpec> inputs() {
      return List.of(new TensorSpec("x", Datatype.FP32, List.of(-1L, -1L)));
    }

    @Override
    public List<TensorSpec> outputs() {
      return List.of(new TensorSpec("y", Datatype.FP32, List.of(-1L, -1L)));
    }

    @Override
    public List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call) {
      Tensor input = inputs.get(0);
      List<Float> row = new ArrayList<>();
      for (float value : input.floats()) {
        row.add(value);
      }
      runs.add(row);
      call.enter(() -> {
        stopped.countDown();
        goOn.release();
      });
      try {
        inside.release();
        goOn.acquireUninterruptibly();
      } finally {
        call.leave();
      }
      call.checkNotStopped(null);
      float[] answer = new float[input.size()];
      float sum = 0;
      for (int i = 0; i < answer.length; i++) {
        if (input.floats()[i] < 0) {
          throw FAILURES.failure(ErrorKind.MODEL_FAILED, "negative");
        }
        sum += input.floats()[i];
        answer[i] = 2 * input.floats()[i];
      }
      for (int i = 0; i < answer.length; i++) {
        answer[i] += input.floats()[i] >= leak ? sum - input.floats()[i] : 0;
      }
      return List.of(
          sums
              ? Tensor.of(outputs.get(0), Datatype.FP32, new long[] {1}, new float[] {sum})
              : Tensor.of(outputs.get(0), Datatype.FP32, input.shape(), answer));
    }

    @Override
    public void close() {}
  }
}
