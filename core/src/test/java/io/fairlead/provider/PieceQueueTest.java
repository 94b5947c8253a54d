package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PieceQueueTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final PieceQueues queues = new PieceQueues("moon");
  private final List<String> noted = new ArrayList<>();

  /** What is sent, of which each piece is there as soon as it is asked for. */
  private final class Sent implements PieceQueues.Source {
    @Override
    public void request() {
      noted.add("request");
    }

    @Override
    public void close() {
      noted.add("close");
    }
  }

  private PieceQueue<String> open() {
    return open(Deadline.after(LIMIT, TimeSource.system()));
  }

  private PieceQueue<String> open(Deadline deadline) {
    return queues.open(
        "Invoking endpoint 'bert'",
        deadline,
        new Sent(),
        (thrown, pieces) -> new IllegalStateException("after " + pieces + " pieces", thrown));
  }

  private ServingException failure(PieceQueue<String> queue) {
    return catchThrowableOfType(ServingException.class, () -> queue.handOn(noted::add));
  }

  @Test
  void piecesAreHandedOnInOrderAndEachIsAskedForWhenTheOneBeforeIsDone() {
    PieceQueue<String> queue = open();
    queue.piece("one");
    queue.piece("two");
    queue.ended();

    assertThat(queue.begin(() -> noted.add("call"))).isNull();
    queue.handOn(noted::add);

    assertThat(noted).containsExactly("call", "one", "request", "two", "request", "close");
  }

  @Test
  void anAnswerMayBeginBeforeItsFirstPieceAndHaveNone() {
    PieceQueue<String> queue = open();

    assertThat(queue.begin(queue::begun)).isNull();
    queue.ended();
    queue.handOn(noted::add);

    assertThat(noted).containsExactly("close");
  }

  @Test
  void whatFailsBeforeItBeginsIsToldAndOver() {
    PieceQueue<String> queue = open();
    IllegalArgumentException refusal = new IllegalArgumentException("refused");

    assertThat(queue.begin(() -> queue.failed(refusal))).isSameAs(refusal);
    assertThat(noted).containsExactly("close");
  }

  @Test
  void aCallThatCannotBeMadeIsOver() {
    PieceQueue<String> queue = open();
    IllegalArgumentException refusal = new IllegalArgumentException("refused");

    assertThatThrownBy(() -> queue.begin(() -> {
          throw refusal;
        }))
        .isSameAs(refusal);
    assertThat(noted).containsExactly("close");
  }

  @Test
  void whatFailsOnItsWayIsToldInThePlatformsWordsWithTheNumberOfPieces() {
    PieceQueue<String> queue = open();
    IllegalArgumentException broken = new IllegalArgumentException("broken");
    queue.piece("one");
    queue.failed(broken);

    assertThatThrownBy(() -> queue.handOn(noted::add))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("after 1 pieces")
        .hasCause(broken);
    assertThat(noted).containsExactly("one", "request", "close");
  }

  @Test
  void aFurtherFailureIsToldIfItComesInTime() {
    PieceQueue<String> queue = open();
    IllegalArgumentException reason = new IllegalArgumentException("reason");
    queue.failed(reason);

    assertThat(queue.furtherFailure(LIMIT)).isSameAs(reason);
    assertThat(queue.furtherFailure(Duration.ofMillis(1))).isNull();
  }

  @Test
  void whatTheConsumerThrowsEndsItAndIsThrown() {
    PieceQueue<String> queue = open();
    IllegalStateException enough = new IllegalStateException("enough");
    queue.piece("one");

    assertThatThrownBy(() -> queue.handOn(piece -> {
          throw enough;
        }))
        .isSameAs(enough);
    assertThat(noted).containsExactly("close");
  }

  @Test
  void theTimeIsForTheWholeAnswer() {
    VirtualTime time = new VirtualTime();
    PieceQueue<String> queue = open(Deadline.after(LIMIT, time));
    queue.piece("one");
    queue.piece("two");

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> queue.handOn(piece -> {
          noted.add(piece);
          time.pass(LIMIT);
        }));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure)
        .hasMessage(
            "Invoking endpoint 'bert' timed out after 1 piece: its limit is 20 s. The model may"
                + " still be running. Retry with a longer limit.");
    assertThat(noted).containsExactly("one", "request", "close");
  }

  @Test
  void whatDoesNotBeginInTimeIsOver() {
    PieceQueue<String> queue = open(Deadline.after(Duration.ofMillis(5), TimeSource.system()));

    assertThatThrownBy(() -> queue.begin(() -> {}))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
    assertThat(noted).containsExactly("close");
  }

  @Test
  void anInterruptEndsItAndStaysWithTheThread() {
    PieceQueue<String> queue = open();
    Thread.currentThread().interrupt();

    ServingException failure = failure(queue);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(noted).containsExactly("close");
  }

  @Test
  void closingEndsWhatIsUnderWayAndBeginsNothing() {
    PieceQueue<String> queue = open();
    queue.piece("one");
    queue.piece("two");

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> queue.handOn(piece -> {
          noted.add(piece);
          queues.close();
        }));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(failure).hasMessageContaining("'moon' was closed after 1 pieces");
    assertThat(noted).containsExactly("one", "close", "request", "close");
    assertThatThrownBy(this::open)
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED))
        .hasMessageContaining("'moon' is closed");
  }

  @Test
  void whatHasEndedIsNotHeld() {
    PieceQueue<String> queue = open();
    queue.ended();
    queue.handOn(noted::add);

    queues.close();

    assertThat(noted).containsExactly("close");
  }
}
