package io.fairlead.stateful.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class UseBufferTest {
  private final UseBuffer<Integer> buffer = new UseBuffer<>();

  @Test
  void theUsesOfAThreadKeepTheirOrder() {
    List<Integer> drained = new ArrayList<>();

    for (int i = 0; i < 1000; i++) {
      if (buffer.record(i) == 20) {
        buffer.drain(drained::add);
      }
    }
    buffer.drain(drained::add);

    assertThat(drained).isEqualTo(IntStream.range(0, 1000).boxed().toList());
  }

  @Test
  void aFullStripeLosesTheLatest() {
    List<Integer> drained = new ArrayList<>();

    for (int i = 0; i < 50; i++) {
      assertThat(buffer.record(i)).isEqualTo(Math.min(i + 1, UseBuffer.CAPACITY));
    }
    buffer.drain(drained::add);

    assertThat(drained).isEqualTo(IntStream.range(0, UseBuffer.CAPACITY).boxed().toList());
  }

  @Test
  void nothingIsDrainedTwice() throws InterruptedException {
    ConcurrentLinkedQueue<Integer> drained = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int thread = 0; thread < 8; thread++) {
      int first = thread * 100_000;
      threads.add(new Thread(() -> IntStream.range(first, first + 20_000).forEach(buffer::record)));
    }

    threads.forEach(Thread::start);
    while (threads.stream().anyMatch(Thread::isAlive)) {
      buffer.drain(drained::add);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    buffer.drain(drained::add);

    assertThat(drained).isNotEmpty().doesNotHaveDuplicates();
  }
}
