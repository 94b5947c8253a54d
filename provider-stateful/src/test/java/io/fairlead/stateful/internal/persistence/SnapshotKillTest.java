package io.fairlead.stateful.internal.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.Restored;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left of a process that was killed between and within its cycles. */
class SnapshotKillTest {
  @TempDir
  Path folder;

  private static int number(String line) {
    assertThat(line).matches("(completed|compacted) \\d+");
    return Integer.parseInt(line.substring(line.indexOf(' ') + 1));
  }

  @Test
  void allEntriesOfTheLastCompletedCycleAreBack() throws Exception {
    int next = 0;
    // The files of the first are those that the second goes on with.
    for (int lines : new int[] {7, 30}) {
      int completed = -1;
      boolean compacted = false;
      try (Child child =
          Child.java(SnapshotProcess.class, folder.toString(), Integer.toString(next))) {
        for (int line = 0; line < lines; line++) {
          String said = child.line();
          completed = number(said);
          compacted |= said.startsWith("compacted");
        }
        assertInUse();
        List<String> rest = child.kill();
        // The last line may be cut off.
        if (rest.size() > 1) {
          completed = number(rest.get(rest.size() - 2));
        }
      }
      assertThat(compacted).isTrue();

      Map<CacheKey, CachedAnswer> read = new HashMap<>();
      try (SnapshotFolder snapshot = SnapshotFolder.open(folder, "bert", "lru 4GB")) {
        Restored restored = snapshot.restore(entry -> read.put(entry.key(), entry.answer()));

        int entries = (completed + 1) * SnapshotProcess.ENTRIES_PER_CYCLE;
        for (Entry entry : Entries.range(0, entries)) {
          assertThat(read).containsKey(entry.key());
          Entries.assertEqual(read.get(entry.key()), entry.answer());
        }
        int last = Math.toIntExact(restored.state().orElseThrow().epoch());
        assertThat(last).isGreaterThanOrEqualTo(completed);
        assertThat(restored.state()).contains(SnapshotProcess.state(last));
        next = last + 1;
      }
    }
  }

  private void assertInUse() {
    assertThatIOException()
        .isThrownBy(() -> SnapshotFolder.open(folder, "bert", ""))
        .satisfies(e -> assertThat(e.getMessage())
            .matches("The snapshot folder .* is in use by process \\d+ since 20[0-9TZ:.-]+, and has"
                + " one writer at a time: close it there, or give another folder."));
  }
}
