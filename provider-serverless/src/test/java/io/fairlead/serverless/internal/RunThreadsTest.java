package io.fairlead.serverless.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class RunThreadsTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final List<Thread> made = new ArrayList<>();
  private final RunThreads threads = new RunThreads(this::newThread, LONG);

  private Thread newThread(Runnable task) {
    Thread thread = new Thread(task, "run-threads-test");
    thread.setDaemon(true);
    made.add(thread);
    return thread;
  }

  @AfterEach
  void close() {
    threads.close(Duration.ZERO);
  }

  @Test
  void whateverRunsAtOneTimeHasAThreadOfItsOwn() throws InterruptedException {
    CountDownLatch together = new CountDownLatch(20);
    for (int i = 0; i < 20; i++) {
      threads.execute(() -> {
        together.countDown();
        awaitQuietly(together);
      });
    }

    assertThat(together.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(made).hasSize(20);
  }

  @Test
  void whoeverIsToldFindsTheThreadIdle() throws Exception {
    Set<Thread> used = ConcurrentHashMap.newKeySet();
    for (int i = 0; i < 1000; i++) {
      CompletableFuture<Void> told = new CompletableFuture<>();
      threads.executeThenComplete(() -> {
        used.add(Thread.currentThread());
        return () -> told.complete(null);
      });
      told.get(30, TimeUnit.SECONDS);
    }

    assertThat(made).hasSize(1);
    assertThat(used).containsExactlyElementsOf(made);
  }

  @Test
  void everyTaskOfManyCallersRunsOnce() throws InterruptedException {
    AtomicInteger ran = new AtomicInteger();
    CountDownLatch all = new CountDownLatch(40_000);
    List<Thread> callers = new ArrayList<>();
    RunThreads plain = new RunThreads(Thread::new, Duration.ofNanos(1));
    for (int caller = 0; caller < 4; caller++) {
      Thread thread = new Thread(() -> {
        for (int i = 0; i < 10_000; i++) {
          plain.execute(() -> {
            ran.incrementAndGet();
            all.countDown();
          });
        }
      });
      callers.add(thread);
      thread.start();
    }
    for (Thread caller : callers) {
      caller.join();
    }

    assertThat(all.await(50, TimeUnit.SECONDS)).isTrue();
    assertThat(plain.close(LONG)).isTrue();
    assertThat(ran).hasValue(40_000);
  }

  @Test
  void aThreadThatIsIdleForLongEnoughEnds() throws InterruptedException {
    RunThreads brief = new RunThreads(this::newThread, Duration.ofMillis(1));
    brief.execute(() -> {});

    made.get(0).join(30_000);

    assertThat(made.get(0).isAlive()).isFalse();
    assertThat(brief.size()).isZero();
  }

  @Test
  void closingWaitsForWhatRunsAndLeavesNoThread() {
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger ended = new AtomicInteger();
    threads.execute(() -> {
      awaitQuietly(release);
      ended.incrementAndGet();
    });
    threads.execute(release::countDown);

    assertThat(threads.close(LONG)).isTrue();

    assertThat(ended).hasValue(1);
    assertThat(made).noneMatch(Thread::isAlive);
    assertThatThrownBy(() -> threads.execute(() -> {}))
        .isInstanceOf(RejectedExecutionException.class);
  }

  @Test
  void whatDoesNotEndInTimeIsInterrupted() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    threads.execute(() -> {
      begun.countDown();
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        interrupted.countDown();
      }
    });
    begun.await();

    assertThat(threads.close(Duration.ofMillis(1))).isFalse();

    assertThat(interrupted.await(30, TimeUnit.SECONDS)).isTrue();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
