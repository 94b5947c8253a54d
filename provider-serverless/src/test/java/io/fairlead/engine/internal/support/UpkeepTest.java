package io.fairlead.engine.internal.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class UpkeepTest {
  private final AtomicInteger trims = new AtomicInteger();
  private final Upkeep upkeep = new Upkeep("upkeep", trims::incrementAndGet);

  @Test
  void memoryThatIsToBeReturnedIsReturnedOnceAtTheLatestWhenItIsClosed() {
    upkeep.trimNativeHeap();
    upkeep.trimNativeHeap();

    upkeep.close();

    assertThat(trims).hasValue(1);
  }

  @Test
  void closingReturnsNothingWhereNothingWasFreed() {
    upkeep.close();
    upkeep.trimNativeHeap();
    upkeep.close();

    assertThat(trims).hasValue(0);
  }
}
