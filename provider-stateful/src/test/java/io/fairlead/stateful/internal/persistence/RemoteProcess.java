package io.fairlead.stateful.internal.persistence;

import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import java.time.Duration;

/** Another JVM, which looks up an answer of the first, and stores one for it. */
final class RemoteProcess {
  private RemoteProcess() {}

  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) {
    // A JVM that has just started may take more than 20 ms for its first lookup.
    RemoteSettings patient = RemoteSettings.of("bert").withCommandTimeout(Duration.ofSeconds(20));
    try (RemoteCache cache = RemoteCache.inRedis(arguments[0], patient)) {
      Until.holds(cache::isUsable);
      Entry expected = Entries.entry(1);
      cache
          .get(expected.key(), Entries.DIGEST)
          .ifPresent(answer -> Entries.assertEqual(answer, expected.answer()));
      System.out.println("hits " + cache.counts().hits());
      cache.put(Entries.key(2), Entries.entry(2).answer());
      Until.holds(() -> cache.counts().stored() == 1);
      System.out.println("stored 1");
    }
  }
}
