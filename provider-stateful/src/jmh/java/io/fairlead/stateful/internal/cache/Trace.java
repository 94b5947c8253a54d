package io.fairlead.stateful.internal.cache;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * A stream of keys, which are numbers from 0.
 *
 * <p>Recorded ones are not part of this repository: they are looked for in the folder that the system property
 * {@code traces} names.
 */
final class Trace {
  final String name;
  final int[] keys;

  /** The number of different keys. */
  final int unique;

  Trace(String name, int[] keys) {
    this.name = name;
    this.keys = keys;
    this.unique = (int) Arrays.stream(keys).distinct().count();
  }

  /** {@return the recorded ones; none if they are not there} */
  static List<Trace> recorded() {
    Path folder = Path.of(System.getProperty("traces", "../../shared/traces"), "cache");
    if (!Files.isDirectory(folder)) {
      System.out.println(
          "no traces in " + folder.toAbsolutePath() + "; -Dtraces names another folder");
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".keys.gz"))
          .sorted()
          .map(Trace::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Trace read(Path file) {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      ByteBuffer bytes = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
      int[] keys = new int[bytes.remaining() / Integer.BYTES];
      bytes.asIntBuffer().get(keys);
      return new Trace(file.getFileName().toString().replace(".keys.gz", ""), keys);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return the keys of the numbers, hashed as keys are} */
  CacheKey[] cacheKeys() {
    CacheKey[] cacheKeys = new CacheKey[Arrays.stream(keys).max().orElse(-1) + 1];
    Arrays.setAll(cacheKeys, Answers::key);
    return cacheKeys;
  }

  /**
   * {@return the hit ratio of the optimum that knows the future and need not keep a new key}
   *
   * <p>Belady: A Study of Replacement Algorithms for a Virtual-Storage Computer, 1966.
   */
  double optimum(int capacity) {
    int[] nextUse = nextUses();
    // What is resident is known by the place of its next use.
    TreeSet<Integer> resident = new TreeSet<>();
    int hits = 0;
    for (int i = 0; i < keys.length; i++) {
      if (resident.remove(i)) {
        hits++;
      }
      if (nextUse[i] < keys.length) {
        resident.add(nextUse[i]);
        if (resident.size() > capacity) {
          resident.pollLast();
        }
      }
    }
    return (double) hits / keys.length;
  }

  private int[] nextUses() {
    int[] nextUse = new int[keys.length];
    int[] last = new int[Arrays.stream(keys).max().orElse(-1) + 1];
    Arrays.fill(last, keys.length);
    for (int i = keys.length - 1; i >= 0; i--) {
      nextUse[i] = last[keys[i]];
      last[keys[i]] = i;
    }
    return nextUse;
  }
}
