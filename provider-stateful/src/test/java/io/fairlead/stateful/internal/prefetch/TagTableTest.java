package io.fairlead.stateful.internal.prefetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.stateful.internal.cache.CacheKey;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TagTableTest {
  private final TagTable oneSet = new TagTable(8);

  @Test
  void aTagKeepsItsSlot() {
    int slot = ~oneSet.claim(7);

    assertThat(oneSet.claim(7)).isEqualTo(slot);
    assertThat(oneSet.find(7)).isEqualTo(slot);
    assertThat(oneSet.tagAt(slot)).isEqualTo(7);
    assertThat(oneSet.lockAt(slot)).isSameAs(oneSet.lock(7));
  }

  @Test
  void whatIsUsedAgainOutlivesWhatIsSeenOnce() {
    oneSet.claim(1);
    oneSet.claim(1);

    for (long once = 2; once < 18; once++) {
      oneSet.claim(once);
    }

    assertThat(oneSet.find(1)).isNotNegative();
    assertThat(oneSet.find(17)).isNotNegative();
    assertThat(oneSet.find(2)).isNegative();
  }

  @Test
  void whatWasUsedOnceUponATimeGoesInTheEnd() {
    oneSet.claim(1);
    oneSet.claim(1);

    for (long tag = 2; tag < 20; tag++) {
      oneSet.claim(tag);
      oneSet.claim(tag);
    }

    assertThat(oneSet.find(1)).isNegative();
  }

  @Test
  void theSlotThatWillBeReplacedIsKnownBefore() {
    assertThat(oneSet.replaced(1)).isNegative();
    for (long tag = 1; tag <= 8; tag++) {
      oneSet.claim(tag);
    }

    int replaced = oneSet.replaced(9);

    assertThat(oneSet.replaced(8)).isNegative();
    assertThat(oneSet.claim(9)).isEqualTo(~replaced);
  }

  @Test
  void aReleasedSlotIsFree() {
    int slot = ~oneSet.claim(1);

    oneSet.release(slot);

    assertThat(oneSet.find(1)).isNegative();
    assertThat(oneSet.claim(2)).isEqualTo(~slot);
  }

  @Test
  void keysThatDifferInOneHalfHaveTagsOfTheirOwn() {
    Set<Long> tags = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      tags.add(TagTable.tag(new CacheKey(i, 0)));
      tags.add(TagTable.tag(new CacheKey(0, i)));
      tags.add(TagTable.tag(new CacheKey(-1, i)));
    }

    assertThat(tags).hasSize(2999).doesNotContain(0L);
  }

  @Test
  void aTableHoldsNearlyAsManyTagsAsItHasSlots() {
    TagTable table = new TagTable(8000);
    for (int i = 0; i < 6000; i++) {
      table.claim(TagTable.tag(i));
    }

    int found = 0;
    for (int i = 0; i < 6000; i++) {
      found += table.find(TagTable.tag(i)) >= 0 ? 1 : 0;
    }

    assertThat(found).isGreaterThan(5400);
  }

  @Test
  void lessThanASetIsRefused() {
    assertThatThrownBy(() -> new TagTable(7))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("slots must be at least 8, was 7");
  }
}
