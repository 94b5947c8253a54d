package io.fairlead.sagemaker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RecentlyUsedTest {
  private final RecentlyUsed<Integer> values = new RecentlyUsed<>();

  @Test
  void whatWasUsedLongestAgoIsDropped() {
    for (int i = 0; i < 10_000; i++) {
      values.put("name-" + i, i);
    }
    assertThat(values.get("name-0")).contains(0);

    values.put("one-more", -1);

    assertThat(values.get("name-0")).contains(0);
    assertThat(values.get("name-1")).isEmpty();
    assertThat(values.get("name-2")).contains(2);
    assertThat(values.get("one-more")).contains(-1);
  }

  @Test
  void onlyWhatIsThereIsChanged() {
    values.put("one", 1);

    values.change("one", value -> value + 1);
    values.change("two", value -> value + 1);

    assertThat(values.get("one")).contains(2);
    assertThat(values.get("two")).isEmpty();
    values.remove("one");
    assertThat(values.get("one")).isEmpty();
  }
}
