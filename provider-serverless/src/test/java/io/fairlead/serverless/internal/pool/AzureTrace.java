package io.fairlead.serverless.internal.pool;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Eight hours of 500 functions of Azure Functions, 2019: calls by the minute, and percentiles of durations.
 *
 * <p>From Shahrad and others, "Serverless in the Wild", USENIX ATC 2020; data by Microsoft, CC BY 4.0. It is not part of
 * this repository: it is looked for in the folder that the system property {@code traces} names.
 */
final class AzureTrace {
  /** How long it is. */
  static final Duration LENGTH = Duration.ofHours(8);

  private static final double[] PERCENTILES = {0, 0.01, 0.25, 0.5, 0.75, 0.99, 1};
  private static final double LONGEST_MILLIS = 60_000;
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private AzureTrace() {}

  /** {@return the folder with the trace; it may not be there} */
  static Path folder() {
    return Path.of(System.getProperty("traces", "../../shared/traces"), "azure-functions");
  }

  static boolean isThere() {
    return Files.isRegularFile(folder().resolve("invocations.csv"))
        && Files.isRegularFile(folder().resolve("durations.csv"));
  }

  /**
   * One function's calls.
   *
   * @param perMinute how many there are in each minute
   * @param millis durations at the percentiles
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Function(String trigger, int[] perMinute, double[] millis) {
    @Override
    public String toString() {
      return trigger;
    }

    /** {@return the calls in their order: when, and how long each takes, in nanoseconds} */
    long[][] calls(long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      int count = Arrays.stream(perMinute).sum();
      long[] times = new long[count];
      int next = 0;
      for (int minute = 0; minute < perMinute.length; minute++) {
        for (int i = 0; i < perMinute[minute]; i++) {
          times[next++] = minute * MINUTE + random.nextLong(MINUTE);
        }
      }
      Arrays.sort(times);
      long[] services = new long[count];
      Arrays.setAll(services, i -> service(random.nextDouble()));
      return new long[][] {times, services};
    }

    private long service(double part) {
      int i = 1;
      while (PERCENTILES[i] < part) {
        i++;
      }
      double within = (part - PERCENTILES[i - 1]) / (PERCENTILES[i] - PERCENTILES[i - 1]);
      double value = millis[i - 1] + within * (millis[i] - millis[i - 1]);
      return (long) (Math.min(LONGEST_MILLIS, value) * 1e6);
    }
  }

  static List<Function> functions() {
    Map<String, double[]> durations = new HashMap<>();
    List<Function> functions = new ArrayList<>();
    try (Stream<String> durationLines = Files.lines(folder().resolve("durations.csv"));
        Stream<String> lines = Files.lines(folder().resolve("invocations.csv"))) {
      durationLines
          .skip(1)
          .map(line -> line.split(",", -1))
          .forEach(fields -> durations.put(
              key(fields),
              Arrays.stream(fields, 7, 14).mapToDouble(Double::parseDouble).toArray()));
      lines
          .skip(1)
          .map(line -> line.split(",", -1))
          .forEach(fields -> functions.add(new Function(
              fields[3],
              Arrays.stream(fields, 4, 484)
                  .mapToInt(count -> count.isEmpty() ? 0 : Integer.parseInt(count))
                  .toArray(),
              durations.get(key(fields)))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return functions;
  }

  private static String key(String[] fields) {
    return fields[0] + fields[1] + fields[2];
  }
}
