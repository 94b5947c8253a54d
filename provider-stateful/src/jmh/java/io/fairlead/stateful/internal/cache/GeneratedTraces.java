package io.fairlead.stateful.internal.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;

/** Streams of keys that are hard for one policy or another, by the size of the cache that they are meant for. */
final class GeneratedTraces {
  private static final int FIRST_OF_OTHERS = 1 << 20;
  private static final int SHORTEST = 20_000;
  private static final int LENGTH = 60;

  private final int capacity;
  private final SplittableRandom random;
  private final List<Trace> traces = new ArrayList<>();
  private int fresh = FIRST_OF_OTHERS;

  private GeneratedTraces(int capacity) {
    this.capacity = capacity;
    this.random = new SplittableRandom(capacity);
  }

  static List<Trace> of(int capacity) {
    GeneratedTraces generated = new GeneratedTraces(capacity);
    generated.generate();
    return generated.traces;
  }

  private void generate() {
    add("loop of 1.1 caches", i -> i % (capacity * 11 / 10));
    add("loop of 1.5 caches", i -> i % (capacity * 3 / 2));
    add("loop of 3 caches", i -> i % (capacity * 3));
    add("loop of 20 caches", i -> i % (capacity * 20));
    double[] zipf = zipf(20 * capacity, 0.9);
    double[] flat = zipf(20 * capacity, 0.7);
    double[] steep = zipf(20 * capacity, 1.1);
    add("Zipf 0.7", i -> draw(flat));
    add("Zipf 0.9", i -> draw(zipf));
    add("Zipf 1.1", i -> draw(steep));
    int[] places = new int[20 * capacity];
    Arrays.setAll(places, i -> i);
    add("Zipf 0.9 with drift", i -> {
      if (i % capacity == 0) {
        exchange(places, places.length / 50);
      }
      return places[draw(zipf)];
    });
    add("Zipf 0.9 with scans", i -> i / capacity % 4 == 3 ? fresh++ : draw(zipf));
    add("Zipf 0.9 and single uses", i -> random.nextBoolean() ? fresh++ : draw(zipf));
    add(
        "Zipf 0.9 and a loop of 2 caches",
        i -> random.nextBoolean() ? FIRST_OF_OTHERS + i % (4 * capacity) / 2 : draw(zipf));
    add("recency", i -> recent());
    int phase = Math.max(SHORTEST, LENGTH * capacity) / 4;
    add("recency and Zipf 0.9 in turns", i -> i / phase % 2 == 0 ? recent() : draw(zipf));
  }

  private void add(String name, IntUnaryOperator key) {
    int[] keys = new int[Math.max(SHORTEST, LENGTH * capacity)];
    fresh = FIRST_OF_OTHERS;
    Arrays.setAll(keys, key);
    traces.add(new Trace(name, keys));
  }

  /** {@return a new key, or a late one again, the later the likelier} */
  private int recent() {
    int back = (int) (-Math.log(1 - random.nextDouble()) * capacity * 0.4);
    return random.nextInt(10) < 4 || fresh - 1 - back < FIRST_OF_OTHERS
        ? fresh++
        : fresh - 1 - back;
  }

  private void exchange(int[] places, int times) {
    for (int i = 0; i < times; i++) {
      int one = random.nextInt(places.length);
      int other = random.nextInt(places.length);
      int place = places[one];
      places[one] = places[other];
      places[other] = place;
    }
  }

  private static double[] zipf(int count, double exponent) {
    double[] shares = new double[count];
    Arrays.setAll(shares, i -> Math.pow(i + 1, -exponent));
    Arrays.parallelPrefix(shares, Double::sum);
    double sum = shares[count - 1];
    Arrays.setAll(shares, i -> shares[i] / sum);
    return shares;
  }

  private int draw(double[] shares) {
    int place = Arrays.binarySearch(shares, random.nextDouble());
    return place < 0 ? -place - 1 : place;
  }
}
