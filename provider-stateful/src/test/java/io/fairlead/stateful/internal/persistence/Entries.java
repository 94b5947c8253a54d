package io.fairlead.stateful.internal.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Entries that follow from a number, so that another process has the same. */
final class Entries {
  static final String DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

  private Entries() {}

  static CacheKey key(int number) {
    SplittableRandom random = new SplittableRandom(number);
    return new CacheKey(random.nextLong(), random.nextLong());
  }

  /** {@return an entry with up to 100 bytes; each third has a variant, each fifth its request} */
  static Entry entry(int number) {
    return entry(number, DIGEST, new SplittableRandom(number).nextInt(100));
  }

  static Entry entry(int number, String digest, int length) {
    byte[] body = bytes(number, length);
    return new Entry(
        key(number),
        new CachedAnswer(
            body,
            "application/json",
            number % 3 == 0 ? "blue" : null,
            digest,
            1_700_000_000_000L + number,
            1000L * number,
            number % 5 == 0
                ? new RetainedRequest("tenant-" + number % 7, "text/csv", bytes(-number, 20))
                : null));
  }

  static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }

  static List<Entry> range(int from, int to) {
    return IntStream.range(from, to).mapToObj(Entries::entry).toList();
  }

  static void assertEqual(CachedAnswer actual, CachedAnswer expected) {
    assertThat(actual.body()).isEqualTo(expected.body());
    assertThat(actual.contentType()).isEqualTo(expected.contentType());
    assertThat(actual.variant()).isEqualTo(expected.variant());
    assertThat(actual.modelDigest()).isEqualTo(expected.modelDigest());
    assertThat(actual.answeredAtMillis()).isEqualTo(expected.answeredAtMillis());
    assertThat(actual.costNanos()).isEqualTo(expected.costNanos());
    RetainedRequest request = expected.request();
    if (request == null) {
      assertThat(actual.request()).isNull();
      return;
    }
    assertThat(actual.request()).isNotNull();
    assertThat(actual.request().scope()).isEqualTo(request.scope());
    assertThat(actual.request().contentType()).isEqualTo(request.contentType());
    assertThat(actual.request().body()).isEqualTo(request.body());
  }
}
