package io.fairlead.stateful.internal.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import org.junit.jupiter.api.Test;

class HeapSizeTest {
  @Test
  void arraysAndObjectsAreAligned() {
    assertThat(HeapSize.bytes(0)).isEqualTo(16);
    assertThat(HeapSize.bytes(1)).isEqualTo(24);
    assertThat(HeapSize.bytes(8)).isEqualTo(24);
    assertThat(HeapSize.object(0, 2 * Long.BYTES)).isEqualTo(32);
  }

  @Test
  void anAnswerCountsWithItsRequest() {
    byte[] body = new byte[100];
    long alone = HeapSize.of(Answers.ofBytes(16));
    RetainedRequest anonymous = new RetainedRequest("", "application/json", body);
    RetainedRequest scoped = new RetainedRequest("tenant-1", "application/json", body);

    long withAnonymous = HeapSize.of(new CachedAnswer(new byte[16], "", null, "", 0, 0, anonymous));
    long withScoped = HeapSize.of(new CachedAnswer(new byte[16], "", null, "", 0, 0, scoped));

    assertThat(HeapSize.of(Answers.ofBytes(216))).isEqualTo(alone + 200);
    assertThat(withAnonymous - alone).isEqualTo(HeapSize.object(3, 0) + 120);
    assertThat(withScoped - withAnonymous).isBetween(24L + 24, 32L + 24);
  }
}
