package io.fairlead.stateful.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WindowTinyLfuTest {
  private final FrequencySketch sketch = new FrequencySketch();

  /** Of 10 entries, 1 in the window; of the other 9, 7 protected. */
  private final WindowTinyLfu policy = new WindowTinyLfu(sketch, 10, 0.1);

  private final List<One> entries = new ArrayList<>();

  private static final class One extends Tracked {
    private final long hash;

    private One(int key) {
      this.hash = Answers.key(key).low();
      this.bytes = 1;
    }

    @Override
    long hash() {
      return hash;
    }
  }

  private One add(int key) {
    One entry = new One(key);
    sketch.increment(entry.hash);
    policy.added(entry);
    entries.add(entry);
    return entry;
  }

  private void use(One entry) {
    sketch.increment(entry.hash);
    policy.used(entry);
  }

  private Tracked evict() {
    Tracked victim = policy.victim();
    policy.removed(victim);
    return victim;
  }

  private void fill() {
    for (int key = 0; key < 10; key++) {
      add(key);
    }
  }

  @Test
  void whatLeavesTheWindowIsRejectedUnlessItIsUsedMoreThanWhatMainWouldEvict() {
    fill();
    One tenth = entries.get(9);
    add(10);

    assertThat(evict()).isSameAs(tenth);

    use(entries.get(10));
    add(11);

    assertThat(evict()).isSameAs(entries.get(0));
    assertThat(policy.bytes()).isEqualTo(10);
  }

  @Test
  void whatIsUsedOnProbationIsProtected() {
    fill();
    use(entries.get(0));

    for (int key = 10; key < 18; key++) {
      One frequent = add(key);
      use(frequent);
      use(frequent);
    }

    List<Tracked> evicted = new ArrayList<>();
    while (policy.bytes() > 10) {
      evicted.add(evict());
    }
    assertThat(evicted).hasSize(8).doesNotContain(entries.get(0));
  }

  @Test
  void aWindowOfAllIsLru() {
    WindowTinyLfu lru = new WindowTinyLfu(sketch, 10, 1);
    One one = new One(1);
    One other = new One(2);
    lru.added(one);
    lru.added(other);
    assertThat(lru.victim()).isSameAs(one);

    lru.used(one);

    assertThat(lru.victim()).isSameAs(other);
  }

  @Test
  void entriesOfMainComeIntoTheWindowWhenTheyAreUsedAfterItHasBecomeAll() {
    fill();

    policy.share(1);
    entries.forEach(this::use);

    assertThat(policy.victim()).isSameAs(entries.get(0));
    List<Tracked> order = new ArrayList<>();
    policy.forEach(order::add);
    assertThat(order.get(0)).isSameAs(entries.get(9));
    assertThat(order.get(9)).isSameAs(entries.get(0));
  }

  @Test
  void theBytesOfAnEntryMayChange() {
    fill();

    entries.get(0).bytes = 5;
    policy.resized(entries.get(0), 4);

    assertThat(policy.bytes()).isEqualTo(14);
    policy.removed(entries.get(0));
    assertThat(policy.bytes()).isEqualTo(9);
  }
}
