package io.fairlead.stateful.internal.persistence;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How long a snapshot of 200,000 answers of 256 bytes takes, beside as many bytes that are written and read without
 * any form. They take turns. The argument is the folder to write in.
 */
@SuppressWarnings("SystemOut")
public final class SnapshotSpeed {
  private static final int ROUNDS = 9;
  private static final int ENTRIES = 200_000;
  private static final int LENGTH = 256;

  private SnapshotSpeed() {}

  public static void main(String[] arguments) throws IOException {
    Path parent = arguments.length > 0 ? Path.of(arguments[0]) : Path.of("target");
    Path path = Files.createTempDirectory(parent, "snapshot");
    try {
      measure(path);
    } finally {
      delete(path);
    }
  }

  private static void measure(Path path) throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (int number = 0; number < ENTRIES; number++) {
      // Neither variants nor requests.
      entries.add(Entries.entry(15 * number + 1, Entries.DIGEST, LENGTH));
    }
    List<Entry> changed = entries.subList(0, ENTRIES / 10);
    double[] compacted = new double[ROUNDS];
    double[] written = new double[ROUNDS];
    double[] restored = new double[ROUNDS];
    double[] read = new double[ROUNDS];
    double[] appended = new double[ROUNDS];
    long bytes = 0;
    long changedBytes = 0;
    for (int round = 0; round < ROUNDS; round++) {
      State state = new State(round, Entries.DIGEST, "{}");
      long begin;
      try (SnapshotFolder folder = SnapshotFolder.open(path.resolve("snapshot"), "bert", "")) {
        begin = System.nanoTime();
        bytes = folder.compact(entries, state).bytes();
        compacted[round] = millis(begin);

        byte[] plain = new byte[Math.toIntExact(bytes)];
        begin = System.nanoTime();
        try (FileChannel file =
            FileChannel.open(path.resolve("plain"), CREATE, WRITE, TRUNCATE_EXISTING)) {
          file.write(ByteBuffer.wrap(plain));
          file.force(true);
        }
        written[round] = millis(begin);
      }
      try (SnapshotFolder folder = SnapshotFolder.open(path.resolve("snapshot"), "bert", "")) {
        Map<Object, Object> all = new HashMap<>(2 * ENTRIES);
        begin = System.nanoTime();
        folder.restore(entry -> all.put(entry.key(), entry.answer()));
        restored[round] = millis(begin);
        check(all.size() == ENTRIES);

        begin = System.nanoTime();
        check(Files.readAllBytes(path.resolve("plain")).length == bytes);
        read[round] = millis(begin);

        begin = System.nanoTime();
        changedBytes =
            folder.append(changed, new State(-1, Entries.DIGEST, "{}")).bytes();
        appended[round] = millis(begin);
      }
    }
    System.out.printf("%d answers of %d bytes: %.1f MB%n", ENTRIES, LENGTH, bytes / 1e6);
    print("compact", compacted, "plain write and force", written);
    print("restore into a map", restored, "plain read", read);
    System.out.printf(
        "append of %d: %.0f ms, %.1f bytes for each; body, key, digest, type and times are %d%n",
        changed.size(),
        median(appended),
        (double) changedBytes / changed.size(),
        LENGTH + 16 + 32 + "application/json".length() + 16);
  }

  /** The least is what other load on the machine adds nothing to. */
  private static void print(String what, double[] millis, String plain, double[] plainMillis) {
    double least = Arrays.stream(millis).min().orElseThrow();
    double plainLeast = Arrays.stream(plainMillis).min().orElseThrow();
    System.out.printf(
        "%s, median/least in ms: %.0f/%.0f; %s: %.0f/%.0f; %.2fx/%.2fx%n",
        what,
        median(millis),
        least,
        plain,
        median(plainMillis),
        plainLeast,
        median(millis) / median(plainMillis),
        least / plainLeast);
  }

  private static double millis(long begin) {
    return (System.nanoTime() - begin) / 1e6;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static void check(boolean holds) {
    if (!holds) {
      throw new IllegalStateException("it was not all there");
    }
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
