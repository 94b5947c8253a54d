package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.operation.Operation;
import io.fairlead.operation.OperationStatus.State;
import io.fairlead.reconcile.CompositeOperations.Steps;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CompositeOperationsTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final VirtualTime time = new VirtualTime();
  private final CompositeOperations beneath =
      new CompositeOperations("beneath", time, Duration.ofHours(1));
  private final CompositeOperations operations =
      new CompositeOperations("above", time, Duration.ofHours(1));
  private final List<String> done = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    operations.close();
    beneath.close();
  }

  /** A step on the platform beneath. */
  private Supplier<Operation<String>> step(String name) {
    return () -> beneath.run("do", name, steps -> {
      steps.report("working");
      done.add(name);
      return name;
    });
  }

  private Supplier<Operation<String>> failing(String name) {
    return () -> beneath.run("do", name, steps -> {
      throw new ServingException("beneath", ErrorKind.QUOTA, "there is no room for " + name);
    });
  }

  private static ServingException failure(Operation<?> operation) {
    return catchThrowableOfType(ServingException.class, () -> operation.await(LIMIT));
  }

  @Test
  void theStepsOfAnOperationAreRunInOrderAndTheirEventsAreItsOwn() {
    List<String> events = new CopyOnWriteArrayList<>();

    Operation<String> operation = operations
        .run("deploy", "one", steps -> steps.await(step("a")) + steps.await(step("b")))
        .onProgress(event -> events.add(event.message()));

    assertThat(operation.await(LIMIT)).isEqualTo("ab");
    assertThat(operation.id().platform()).isEqualTo("above");
    assertThat(operation.status().state()).isEqualTo(State.SUCCEEDED);
    assertThat(done).containsExactly("a", "b");
    assertThat(events)
        .startsWith("deploy one on above")
        .contains("do a on beneath", "working", "do b on beneath is done")
        .endsWith("deploy one on above is done");
  }

  @Test
  void aStepThatFailsIsTheReasonAndWhatCameBeforeIsUndoneInReverse() {
    Operation<String> operation = operations.run("deploy", "one", steps -> {
      steps.await(step("a"));
      steps.undoBy("a", step("undo a"));
      steps.await(step("b"));
      steps.undoBy("b", step("undo b"));
      return steps.await(failing("c"));
    });

    ServingException e = failure(operation);

    assertThat(e.kind()).isEqualTo(ErrorKind.QUOTA);
    assertThat(e.platform()).isEqualTo("above");
    assertThat(e)
        .hasMessageContaining("deploy one on above failed")
        .hasMessageContaining("there is no room for c")
        .hasMessageContaining("Rolled back: b, a.");
    assertThat(done).containsExactly("a", "b", "undo b", "undo a");
    assertThat(operation.status().state()).isEqualTo(State.FAILED);
  }

  @Test
  void whatIsKeptIsNotUndone() {
    Operation<String> operation = operations.run("deploy", "one", steps -> {
      steps.undoBy("a", step("undo a"));
      steps.commit();
      return steps.await(failing("c"));
    });

    assertThat(failure(operation)).hasMessageNotContaining("Rolled back");
    assertThat(done).isEmpty();
  }

  @Test
  void whatIsKeptIsNotCancelledAnyMore() throws Exception {
    CountDownLatch kept = new CountDownLatch(1);
    CountDownLatch tried = new CountDownLatch(1);
    Operation<String> operation = operations.run("deploy", "one", steps -> {
      steps.undoBy("a", step("undo a"));
      steps.commit();
      kept.countDown();
      waitFor(tried);
      return steps.await(step("b"));
    });
    kept.await();

    assertThat(operation.cancel()).isFalse();
    tried.countDown();

    assertThat(operation.await(LIMIT)).isEqualTo("b");
    assertThat(done).containsExactly("b");
  }

  @Test
  void whatIsToBeDoneAfterAFailureIsDoneAfterTheRollbackAndNotAfterASuccess() {
    Operation<String> failing = operations.run("deploy", "one", steps -> {
      steps.undoBy("a", step("undo a"));
      steps.whenFailed(() -> done.add("looked again"));
      return steps.await(failing("c"));
    });
    Operation<String> succeeding = operations.run("deploy", "two", steps -> {
      steps.whenFailed(() -> done.add("never"));
      return "two";
    });

    assertThat(failure(failing)).hasMessageContaining("Rolled back: a.");
    assertThat(succeeding.await(LIMIT)).isEqualTo("two");
    assertThat(done).containsExactly("undo a", "looked again");
  }

  @Test
  void aCancelThatCameBeforeACommitIsKeptToAndAllIsUndone() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    Operation<String> operation = operations.run("deploy", "one", steps -> {
      steps.undoBy("a", step("undo a"));
      entered.countDown();
      waitFor(cancelled);
      steps.commit();
      return "too late";
    });
    entered.await();

    assertThat(operation.cancel()).isTrue();
    cancelled.countDown();

    assertThat(failure(operation).kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(done).containsExactly("undo a");
  }

  @Test
  void aRollbackThatFailsSaysWhatToDoAndNothingMore() {
    Operation<String> operation = operations.run("deploy", "one", steps -> {
      steps.undoBy("a", step("undo a"));
      steps.undoBy("b", failing("undo b"));
      return steps.await(failing("c"));
    });

    ServingException e = failure(operation);

    assertThat(e)
        .hasMessageContaining("The rollback failed at b: undeploy one removes the rest.")
        .hasMessageNotContaining("Rolled back");
    assertThat(e.getSuppressed()).hasSize(1);
  }

  @Test
  void aCancelCancelsTheStepAndUndoesTheOnesBefore() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    Operation<String> operation = operations.run("deploy", "one", steps -> {
      steps.undoBy("a", step("undo a"));
      return steps.await(() -> beneath.run("do", "long", inner -> {
        entered.countDown();
        waitFor(cancelled);
        inner.checkStop();
        return "long";
      }));
    });
    entered.await();

    assertThat(operation.cancel()).isTrue();
    cancelled.countDown();

    ServingException e = failure(operation);
    assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(e.retryable()).isFalse();
    assertThat(e).hasMessageContaining("was cancelled").hasMessageContaining("Rolled back: a.");
    assertThat(operation.status().state()).isEqualTo(State.CANCELLED);
    assertThat(done).containsExactly("undo a");
  }

  @Test
  void closingEndsTheWaitAndUndoesNothing() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    Operation<String> operation = operations.run("deploy", "one", steps -> {
      steps.undoBy("a", step("undo a"));
      return steps.await(() -> beneath.run("do", "long", inner -> {
        entered.countDown();
        waitFor(never);
        return "long";
      }));
    });
    entered.await();

    operations.close();

    ServingException e = failure(operation);
    assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(e).hasMessageContaining("the platform was closed").hasMessageContaining("resume");
    assertThat(done).isEmpty();
    assertThat(catchThrowableOfType(
                ServingException.class, () -> operations.run("deploy", "two", steps -> "x"))
            .kind())
        .isEqualTo(ErrorKind.CANCELLED);
    never.countDown();
  }

  @Test
  void operationsOnOneNameRunOneAfterTheOther() throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    Operation<String> holding = operations.run("deploy", "one", steps -> {
      waitFor(first);
      done.add("first");
      return "first";
    });
    Operation<String> after = operations.run("update", "one", steps -> {
      done.add("second");
      return "second";
    });
    operations
        .run("deploy", "other", steps -> {
          done.add("other");
          return "other";
        })
        .await(LIMIT);

    assertThat(after.status().state()).isEqualTo(State.QUEUED);
    first.countDown();
    assertThat(holding.await(LIMIT)).isEqualTo("first");
    assertThat(after.await(LIMIT)).isEqualTo("second");
    assertThat(done).containsExactly("other", "first", "second");
  }

  @Test
  void whatTheWorkThrowsByMistakeIsToldAsSuch() {
    Operation<String> operation = operations.run("deploy", "one", steps -> {
      steps.undoBy("a", step("undo a"));
      throw new IllegalStateException("a bug");
    });

    ServingException e = failure(operation);

    assertThat(e.kind()).isEqualTo(ErrorKind.UNKNOWN);
    assertThat(e).hasMessageContaining("a bug").hasStackTraceContaining("IllegalStateException");
    assertThat(done).containsExactly("undo a");
  }

  @Test
  void anOperationWhoseLimitPassesSaysThatItCanBeResumed() {
    AtomicReference<Steps> seen = new AtomicReference<>();
    Operation<String> operation = operations.run("deploy", "one", steps -> {
      seen.set(steps);
      time.pass(Duration.ofHours(2));
      steps.checkStop();
      return "x";
    });

    ServingException e = failure(operation);

    assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(e).hasMessageContaining("was not done within 1 h").hasMessageContaining("resume");
    assertThat(seen.get().left()).isZero();
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException("beneath", ErrorKind.CANCELLED, "interrupted", e);
    }
  }
}
