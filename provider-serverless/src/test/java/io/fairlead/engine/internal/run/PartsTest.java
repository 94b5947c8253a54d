package io.fairlead.engine.internal.run;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class PartsTest {
  private static final Duration LONG = Duration.ofSeconds(50);
  private static final String THREAD = "parts-test";

  private final Calls calls = new Calls(new Failures("local"), THREAD);
  private final Set<RunningCall> begun = ConcurrentHashMap.newKeySet();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  @AfterEach
  void close() {
    begun.forEach(calls::end);
    calls.close(Duration.ZERO);
  }

  @Test
  void partsAreComputedAtTheSameTime() {
    CountDownLatch both = new CountDownLatch(2);

    Parts.compute(begin(LONG, 2, 2), 2, (index, call) -> {
      both.countDown();
      assertThat(await(both)).isTrue();
    });

    assertThat(both.getCount()).isZero();
  }

  @Test
  void eachPartIsComputedOnce() {
    AtomicIntegerArray times = new AtomicIntegerArray(1000);

    Parts.compute(begin(LONG, 4, 4), 1000, (index, call) -> times.incrementAndGet(index));

    for (int i = 0; i < times.length(); i++) {
      assertThat(times.get(i)).isOne();
    }
  }

  @Test
  void oneRunAtATimeIsOnTheThreadOfTheCaller() {
    Parts.compute(begin(LONG, 4, 1), 10, (index, call) -> threads.add(Thread.currentThread()));

    assertThat(threads).containsExactly(Thread.currentThread());
  }

  @Test
  void nobodyHelpsWhileOthersHaveTheProcessors() {
    begin(LONG, 2, 2);

    Parts.compute(begin(LONG, 2, 2), 10, (index, call) -> threads.add(Thread.currentThread()));

    assertThat(threads).containsExactly(Thread.currentThread());
  }

  @Test
  void aHelperLeavesWhenOthersCome() {
    RunningCall own = begin(LONG, 2, 2);
    CountDownLatch helping = new CountDownLatch(1);
    AtomicInteger byHelper = new AtomicInteger();

    Parts.compute(own, 10, (index, call) -> {
      if (call == own) {
        assertThat(await(helping)).isTrue();
      } else {
        byHelper.incrementAndGet();
        begin(LONG, 2, 2);
        helping.countDown();
      }
    });

    assertThat(byHelper.get()).isOne();
  }

  @Test
  void theFirstFailureEndsIt() {
    AtomicInteger begun = new AtomicInteger();

    Throwable thrown =
        catchThrowable(() -> Parts.compute(begin(LONG, 2, 2), 1000, (index, call) -> {
          begun.incrementAndGet();
          throw new IllegalStateException("part");
        }));

    assertThat(thrown).isInstanceOf(IllegalStateException.class).hasMessage("part");
    assertThat(begun.get()).isBetween(1, 2);
  }

  @Test
  void allPartsEndAtTheDeadline() {
    ServingException e = catchThrowableOfType(
        ServingException.class,
        () -> Parts.compute(begin(Duration.ofMillis(50), 2, 2), 2, (index, call) -> {
          while (!call.isStopped()) {
            Thread.onSpinWait();
          }
          call.checkNotStopped(null);
        }));

    assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT);
  }

  @Test
  void aCloseEndsTheHelpers() throws InterruptedException {
    partsAreComputedAtTheSameTime();
    begun.forEach(calls::end);

    calls.close(Duration.ZERO);

    // A pool says that it has ended a moment before its last thread has.
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith(THREAD)) {
        thread.join(20_000);
        assertThat(thread.isAlive()).as("%s", thread).isFalse();
      }
    }
  }

  private RunningCall begin(Duration timeout, int processors, int maxRuns) {
    RunningCall call = calls.begin("m", timeout, Long.MAX_VALUE, processors, maxRuns);
    begun.add(call);
    return call;
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(20, SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
