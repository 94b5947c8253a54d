package io.fairlead.engine.internal.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a handler that answers in pieces can rely on, and its caller. */
@Timeout(30)
final class StreamingHandlerTest {
  private static final Request REQUEST = Request.json("1");
  private static final StreamingModelHandler COUNTER = (request, pieces) -> {
    pieces.accept(buffer("one "));
    pieces.accept(buffer("two "));
    return Response.of("three".getBytes(UTF_8), "text/plain");
  };

  private final Failures failures = new Failures("local");
  private final RunningCall call =
      new RunningCall(failures, "counter", Duration.ofSeconds(20), Long.MAX_VALUE);
  private final List<String> pieces = new ArrayList<>();

  private static ByteBuffer buffer(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  private Response stream(ModelHandler handler, Consumer<String> consumer) {
    Consumer<ByteBuffer> noting = piece -> {
      String text = UTF_8.decode(piece).toString();
      pieces.add(text);
      consumer.accept(text);
    };
    return new HandlerModel(handler, false, failures)
        .stream(REQUEST, noting, call).handOn(noting);
  }

  @Test
  void theBodyOfWhatItReturnsIsTheLastPiece() {
    Response rest = stream(COUNTER, text -> {});

    assertThat(pieces).containsExactly("one ", "two ", "three");
    assertThat(rest).isEqualTo(Response.of(new byte[0], "text/plain"));
  }

  @Test
  void askedForAWholeAnswerItGivesAllPiecesInOne() {
    Response whole = new HandlerModel(COUNTER, false, failures).answer(REQUEST, call);

    assertThat(whole).isEqualTo(Response.of("one two three".getBytes(UTF_8), "text/plain"));
  }

  @Test
  void anyOtherHandlerAnswersInOnePiece() {
    ModelHandler plain = request -> Response.json("42");

    Response rest = stream(plain, text -> {});

    assertThat(pieces).containsExactly("42");
    assertThat(rest).isEqualTo(Response.of(new byte[0], "application/json"));
  }

  @Test
  void aConsumerIsNotInterruptedWhenTheTimeIsUpAndGetsNothingMore() {
    List<Boolean> interrupted = new ArrayList<>();

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> stream(COUNTER, text -> {
          call.stop(ErrorKind.TIMEOUT);
          interrupted.add(Thread.currentThread().isInterrupted());
        }));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(interrupted).containsExactly(false);
    assertThat(Thread.interrupted()).isFalse();
    assertThat(pieces).containsExactly("one ");
  }

  @Test
  void aHandlerIsInterruptedBetweenItsPieces() {
    List<Boolean> interrupted = new ArrayList<>();
    StreamingModelHandler stopped = (request, out) -> {
      out.accept(buffer("one"));
      call.stop(ErrorKind.TIMEOUT);
      interrupted.add(Thread.currentThread().isInterrupted());
      out.accept(buffer("two"));
      return Response.json("3");
    };

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> stream(stopped, text -> {}));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(interrupted).containsExactly(true);
    assertThat(Thread.interrupted()).as("the interrupt goes no further").isFalse();
    assertThat(pieces).containsExactly("one");
  }

  @Test
  void whatTheConsumerThrowsReachesTheHandlerAsItIs() {
    IllegalStateException enough = new IllegalStateException("enough");
    List<Throwable> seen = new ArrayList<>();
    StreamingModelHandler noting = (request, out) -> {
      seen.add(catchThrowable(() -> out.accept(buffer("one"))));
      throw (RuntimeException) seen.get(0);
    };

    assertThatThrownBy(() -> stream(noting, text -> {
          throw enough;
        }))
        .hasRootCause(enough);
    assertThat(seen).containsExactly(enough);
  }

  @Test
  void aPieceFromAnotherThreadIsRefused() {
    StreamingModelHandler elsewhere = (request, out) -> {
      List<Throwable> refused = new ArrayList<>();
      Thread other = new Thread(() -> refused.add(catchThrowable(() -> out.accept(buffer("one")))));
      other.start();
      other.join();
      throw (Exception) refused.get(0);
    };

    assertThatThrownBy(() -> stream(elsewhere, text -> {}))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED))
        .hasMessageContaining("on the thread on which the handler was called");
    assertThat(pieces).isEmpty();
  }
}
