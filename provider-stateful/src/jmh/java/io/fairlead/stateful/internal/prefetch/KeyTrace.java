package io.fairlead.stateful.internal.prefetch;

import io.fairlead.stateful.internal.cache.CacheKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a stream of requests, and their sessions where they are known.
 *
 * <p>Traces are not part of this repository: they are looked for in the folder {@code cache} in the one that the system
 * property {@code traces} names.
 */
final class KeyTrace {
  private final String name;
  private final int[] keys;
  private final int @Nullable [] sessions;
  private final CacheKey[] cacheKeys;

  private KeyTrace(String name, int[] keys, int @Nullable [] sessions) {
    this.name = name;
    this.keys = keys;
    this.sessions = sessions;
    cacheKeys = new CacheKey[Arrays.stream(keys).max().orElse(-1) + 1];
    SplittableRandom random = new SplittableRandom(1);
    Arrays.setAll(cacheKeys, i -> new CacheKey(random.nextLong(), random.nextLong()));
  }

  static Path folder() {
    return Path.of(System.getProperty("traces", "../../shared/traces"), "cache");
  }

  /** {@return the names of the traces that are there} */
  static List<String> names() throws IOException {
    if (!Files.isDirectory(folder())) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(".keys.gz"))
          .map(file -> file.substring(0, file.length() - ".keys.gz".length()))
          .sorted()
          .toList();
    }
  }

  static KeyTrace read(String name) throws IOException {
    Path sessions = folder().resolve(name + ".sess.gz");
    return new KeyTrace(
        name,
        numbers(folder().resolve(name + ".keys.gz")),
        Files.exists(sessions) ? numbers(sessions) : null);
  }

  private static int[] numbers(Path file) throws IOException {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      ByteBuffer bytes = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
      int[] numbers = new int[bytes.remaining() / Integer.BYTES];
      bytes.asIntBuffer().get(numbers);
      return numbers;
    }
  }

  KeyTrace withoutSessions() {
    return new KeyTrace(name + ", no sessions", keys, null);
  }

  boolean hasSessions() {
    return sessions != null;
  }

  int length() {
    return keys.length;
  }

  int uniqueKeys() {
    return cacheKeys.length;
  }

  CacheKey key(int request) {
    return cacheKeys[keys[request]];
  }

  long session(int request) {
    return sessions == null ? Prefetcher.NO_SESSION : sessions[request] + 1L;
  }

  @Override
  public String toString() {
    return name;
  }
}
