package io.fairlead.stateful.internal.prefetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.stateful.internal.prefetch.SuccessorModel.Successor;
import java.util.List;
import org.junit.jupiter.api.Test;

class SuccessorModelTest {
  private static final long A = TagTable.tag(1);
  private static final long B = TagTable.tag(2);
  private static final long C = TagTable.tag(3);
  private static final long D = TagTable.tag(4);

  private final SuccessorModel model = new SuccessorModel(1 << 20);

  private void request(long session, long... keys) {
    for (long key : keys) {
      long previous = model.advance(session, key);
      if (previous != 0) {
        model.learn(previous, key);
      }
    }
  }

  @Test
  void aCycleIsPredicted() {
    request(1, A, B, C, A, B, C, A);

    assertThat(model.successors(A)).containsExactly(new Successor(B, 2, 2));
    assertThat(model.successors(B)).containsExactly(new Successor(C, 2, 2));
    assertThat(model.successors(C)).containsExactly(new Successor(A, 2, 2));
  }

  @Test
  void sessionsAreKeptApart() {
    request(1, A);
    request(2, C);
    request(1, B);
    request(2, D);

    assertThat(model.successors(A)).extracting(Successor::key).containsExactly(B);
    assertThat(model.successors(C)).extracting(Successor::key).containsExactly(D);
    assertThat(model.successors(B)).isEmpty();
  }

  @Test
  void requestsWithoutASessionAreOneSequence() {
    request(SuccessorModel.NO_SESSION, A, B);
    request(7, D);
    request(SuccessorModel.NO_SESSION, C);

    assertThat(model.successors(B)).extracting(Successor::key).containsExactly(C);
  }

  @Test
  void theFirstOfASessionFollowsNothing() {
    assertThat(model.advance(1, A)).isZero();
    assertThat(model.advance(2, B)).isZero();
    assertThat(model.advance(1, C)).isEqualTo(A);
  }

  @Test
  void theTwoMostFrequentAreKeptAndTheMoreFrequentIsFirst() {
    for (int i = 0; i < 4; i++) {
      model.learn(A, B);
      model.learn(A, C);
    }
    model.learn(A, C);
    model.learn(A, D);

    assertThat(model.successors(A))
        .containsExactly(new Successor(C, 5, 10), new Successor(B, 3, 10));
  }

  @Test
  void ageingForgetsWhatWasUsualOnce() {
    for (int i = 0; i < 1000; i++) {
      model.learn(A, B);
    }
    for (int i = 0; i < 2 * SuccessorModel.AGED_AT; i++) {
      model.learn(A, C);
    }

    Successor likeliest = model.successors(A).get(0);

    assertThat(likeliest.key()).isEqualTo(C);
    assertThat((double) likeliest.count() / likeliest.transitions()).isGreaterThan(0.8);
  }

  @Test
  void aKeyThatFollowsItselfTellsNothing() {
    request(1, A, A, A);

    assertThat(model.successors(A)).isEmpty();
  }

  @Test
  void whatIsLearnedIsOfTheClassThatIsPredicted() {
    assertThat(model.learn(A, B)).isEqualTo(PrefetchGate.classOf(1, 1));
    assertThat(model.learn(A, B)).isEqualTo(PrefetchGate.classOf(2, 2));
    assertThat(model.learn(A, C)).isEqualTo(PrefetchGate.classOf(1, 3));
    assertThat(model.learn(A, C)).isEqualTo(PrefetchGate.classOf(2, 4));
    assertThat(model.learn(A, D)).isEqualTo(-1);
  }

  @Test
  void itsBytesAreBoundedHoweverManyKeysAndSessionsThereAre() {
    SuccessorModel small = new SuccessorModel(10_000);
    assertThat(small.bytes()).isBetween(9_000L, 10_000L);

    for (int i = 10; i < 100_000; i++) {
      small.learn(TagTable.tag(i), TagTable.tag(i + 1));
      small.advance(i, A);
      small.learn(A, B);
    }

    assertThat(small.bytes()).isBetween(9_000L, 10_000L);
    assertThat(small.successors(A)).extracting(Successor::key).isEqualTo(List.of(B));
    assertThat(small.successors(TagTable.tag(10))).isEmpty();
    assertThat(small.successors(TagTable.tag(99_999))).hasSize(1);
  }
}
