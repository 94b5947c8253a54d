package io.fairlead.stateful.internal.persistence;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.Restored;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left of snapshots whose files were damaged at random. */
class SnapshotDamageTest {
  private static final List<State> STATES =
      List.of(state(1), state(2), state(3), state(4), state(5));

  @TempDir
  Path folder;

  private final SplittableRandom random = new SplittableRandom(20261129);
  private final Map<CacheKey, byte[]> written = new HashMap<>();

  private static State state(long epoch) {
    return new State(epoch, Entries.DIGEST, "{\"hits\":" + 100 * epoch + "}");
  }

  private SnapshotFolder open() throws IOException {
    return SnapshotFolder.open(folder, "bert", "lru 4GB");
  }

  /** {@return the files of a snapshot of a base and three deltas} */
  private Map<Path, byte[]> snapshot() throws IOException {
    List<Entry> all = Entries.range(0, 60);
    all.forEach(entry -> written.put(entry.key(), AnswerCodec.encode(entry.key(), entry.answer())));
    try (SnapshotFolder snapshot = open()) {
      snapshot.compact(all.subList(0, 20), STATES.get(0));
      snapshot.append(all.subList(20, 30), STATES.get(1));
    }
    try (SnapshotFolder snapshot = open()) {
      snapshot.append(all.subList(30, 40), STATES.get(2));
      snapshot.append(all.subList(40, 50), STATES.get(3));
    }
    try (SnapshotFolder snapshot = open()) {
      snapshot.append(all.subList(50, 60), STATES.get(4));
    }
    Map<Path, byte[]> files = new TreeMap<>();
    try (Stream<Path> paths = Files.list(folder)) {
      for (Path path : paths.toList()) {
        files.put(path, Files.readAllBytes(path));
      }
    }
    assertThat(files).hasSize(5);
    return files;
  }

  @Test
  void aThousandDamagesNeverGiveAWrongAnswerNorPreventAStart() throws IOException {
    Map<Path, byte[]> files = snapshot();
    List<Path> paths = List.copyOf(files.keySet());
    long rest = 0;
    Path damaged = paths.get(0);
    for (int round = 0; round < 1000; round++) {
      // The one of the round before is whole again.
      write(damaged, files.get(damaged));
      damaged = paths.get(random.nextInt(paths.size()));
      byte[] bytes = damage(files.get(damaged));
      write(damaged, bytes);

      rest += restore(round);
    }
    assertThat(rest).isBetween(45_000L, 59_999L);
  }

  /** Writes in place: to free a file's blocks takes the longest on some disks. */
  private static void write(Path path, byte[] bytes) throws IOException {
    try (FileChannel file = FileChannel.open(path, CREATE, WRITE)) {
      file.write(ByteBuffer.wrap(bytes));
      if (bytes.length < file.size()) {
        file.truncate(bytes.length);
      }
    }
  }

  private byte[] damage(byte[] whole) {
    byte[] bytes = whole.clone();
    switch (random.nextInt(4)) {
      case 0 -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      case 1 -> flip(bytes);
      case 2 -> {
        for (int flips = random.nextInt(2, 50); flips > 0; flips--) {
          flip(bytes);
        }
      }
      default -> {
        int from = random.nextInt(bytes.length);
        int to = random.nextInt(from, Math.min(bytes.length, from + 600)) + 1;
        Arrays.fill(bytes, from, to, (byte) 0);
      }
    }
    return bytes;
  }

  private void flip(byte[] bytes) {
    int bit = random.nextInt(8 * bytes.length);
    bytes[bit / 8] ^= (byte) (1 << bit % 8);
  }

  private int restore(int round) throws IOException {
    Set<CacheKey> read = new HashSet<>();
    try (SnapshotFolder snapshot = open()) {
      Restored restored = snapshot.restore(entry -> {
        byte[] bytes = AnswerCodec.encode(entry.key(), entry.answer());
        if (!Arrays.equals(bytes, written.get(entry.key()))) {
          throw new AssertionError("a wrong answer in round " + round);
        }
        read.add(entry.key());
      });
      restored.state().ifPresent(state -> assertThat(state).isIn(STATES));
      if (read.size() < written.size()) {
        assertThat(restored.warnings()).as("round %d", round).isNotEmpty();
      }
    }
    // A header that became one of a later version.
    try (Stream<Path> paths = Files.list(folder)) {
      for (Path path : paths.filter(path -> path.toString().endsWith(".kept")).toList()) {
        Files.delete(path);
      }
    }
    return read.size();
  }

  /** Damage in one entry costs that entry. */
  @Test
  void aFlippedBitOfAnAnswerCostsOneEntry() throws IOException {
    try (SnapshotFolder snapshot = open()) {
      snapshot.compact(List.of(Entries.entry(1, Entries.DIGEST, 5000), Entries.entry(2)), state(1));
    }
    Path base = folder.resolve("base-0000000001.snapshot");
    byte[] bytes = Files.readAllBytes(base);
    bytes[2500] ^= 1;
    Files.write(base, bytes);

    try (SnapshotFolder snapshot = open()) {
      Set<CacheKey> read = new HashSet<>();
      Restored restored = snapshot.restore(entry -> read.add(entry.key()));

      assertThat(read).containsExactly(Entries.key(2));
      assertThat(restored.state()).contains(state(1));
      assertThat(restored.dropped()).isEqualTo(1);
      assertThat(restored.warnings())
          .containsExactly(base + " is damaged in 1 places, which are ignored.");
    }
  }

  @Test
  void aCutEndCostsWhatIsBehindIt() throws IOException {
    try (SnapshotFolder snapshot = open()) {
      snapshot.append(Entries.range(0, 10), state(1));
      snapshot.append(Entries.range(10, 20), state(2));
    }
    Path delta = folder.resolve("delta-0000000000-000001.snapshot");
    byte[] bytes = Files.readAllBytes(delta);
    Files.write(delta, Arrays.copyOf(bytes, bytes.length - 1));

    try (SnapshotFolder snapshot = open()) {
      Restored restored = snapshot.restore(entry -> {});

      assertThat(restored.entries()).isEqualTo(20);
      assertThat(restored.state()).contains(state(1));
      assertThat(restored.dropped()).isEqualTo(1);
      assertThat(restored.warnings()).hasSize(1);
      assertThat(restored.warnings().get(0)).startsWith(delta + " is used up to where its last ");
      // What follows is not behind what is cut off.
      snapshot.append(Entries.range(20, 30), state(3));
    }
    try (SnapshotFolder snapshot = open()) {
      assertThat(snapshot.restore(entry -> {}).state()).contains(state(3));
    }
  }
}
