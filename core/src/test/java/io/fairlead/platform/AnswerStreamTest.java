package io.fairlead.platform;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class AnswerStreamTest {
  private static final ModelFunction MODEL = new ModelFunction(
      ModelArtifact.of(URI.create("file:///model.onnx")).named("model"), FunctionLimits.DEFAULT);
  private static final Response EVENTS =
      Response.of(new byte[0], "text/event-stream").servedBy("blue");

  private final LinkedBlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
  private final Executor executor = work -> {
    Thread thread = new Thread(work);
    threads.add(thread);
    thread.start();
  };

  /** Each answer's thread ends. */
  @AfterEach
  void leaveNoThread() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** A model that answers in pieces. */
  private interface Model {
    Response stream(Consumer<ByteBuffer> pieces) throws Exception;
  }

  @SuppressWarnings("unchecked")
  private static Platform<ModelFunction> platform(Model model) {
    return (Platform<ModelFunction>) Proxy.newProxyInstance(
        AnswerStreamTest.class.getClassLoader(),
        new Class<?>[] {Platform.class},
        (proxy, method, arguments) -> switch (method.getName()) {
          case "id" -> "fake";
          case "invokeStreaming" -> model.stream((Consumer<ByteBuffer>) arguments[2]);
          default -> throw new UnsupportedOperationException(method.getName());
        });
  }

  private CompletableFuture<AnswerStream> open(Model model) {
    return AnswerStream.open(platform(model), MODEL, Request.json("{}"), executor);
  }

  private static void accept(Consumer<ByteBuffer> pieces, String text) {
    pieces.accept(ByteBuffer.wrap(text.getBytes(UTF_8)).asReadOnlyBuffer());
  }

  private static Model of(List<String> texts, Response end) {
    return pieces -> {
      texts.forEach(text -> accept(pieces, text));
      return end;
    };
  }

  @Test
  void piecesAreReadAsOneStreamAndTheAnswerIsKnownAtItsEnd() throws Exception {
    try (AnswerStream stream =
        open(of(List.of("one ", "two ", "three"), EVENTS)).get()) {
      assertThat(stream.response()).isEmpty();
      assertThat(stream.read()).isEqualTo('o');
      assertThat(new String(stream.readAllBytes(), UTF_8)).isEqualTo("ne two three");
      assertThat(stream.response()).hasValue(EVENTS);
      assertThat(stream.read()).isEqualTo(-1);
    }
  }

  @Test
  void anAnswerWithoutPiecesIsEmpty() throws Exception {
    try (AnswerStream stream = open(of(List.of(), EVENTS)).get()) {
      assertThat(stream.readAllBytes()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void charactersThatAreCutAnywhereAreWhole(int size) throws Exception {
    byte[] text = "a😀é\uFFFD漢".getBytes(UTF_8);
    Model model = pieces -> {
      for (int at = 0; at < text.length; at += size) {
        pieces.accept(ByteBuffer.wrap(text, at, Math.min(size, text.length - at)));
      }
      return EVENTS;
    };

    assertThat(open(model).get().readAllBytes()).isEqualTo(text);
  }

  @Test
  void aFailureBeforeTheFirstPieceIsThatOfTheFuture() {
    ServingException failure = new ServingException("fake", ErrorKind.THROTTLED, "Too many");

    assertThatThrownBy(() -> open(pieces -> {
              throw failure;
            })
            .get())
        .isInstanceOf(ExecutionException.class)
        .hasCause(failure);
  }

  @Test
  void aFailureAfterAPieceIsTheCauseOfAnIOExceptionWheneverItIsReadAgain() throws Exception {
    ServingException failure = new ServingException("fake", ErrorKind.TIMEOUT, "It took too long");
    AnswerStream stream = open(pieces -> {
          accept(pieces, "half");
          throw failure;
        })
        .get();

    assertThat(stream.readNBytes(4)).hasSize(4);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(stream::read)
          .isInstanceOf(IOException.class)
          .hasMessage("It took too long")
          .hasCause(failure);
    }
  }

  @Test
  void theModelWaitsUntilItsPieceIsRead() throws Exception {
    LinkedBlockingQueue<Integer> handed = new LinkedBlockingQueue<>();
    AnswerStream stream = open(pieces -> {
          for (int i = 1; i <= 3; i++) {
            accept(pieces, "xy");
            handed.add(i);
          }
          return EVENTS;
        })
        .get();

    stream.read();
    assertThat(handed).isEmpty();
    stream.read();
    assertThat(handed.take()).isEqualTo(1);
    assertThat(stream.readAllBytes()).hasSize(4);
  }

  @Test
  void closingEndsAnAnswerThatWaitsForItsReader() throws Exception {
    AnswerStream stream = open(of(List.of("one", "two"), EVENTS)).get();

    stream.close();
    stream.close();

    threads.take().join();
    assertThat(stream.response()).isEmpty();
    assertThat(stream.read()).isEqualTo(-1);
  }

  @Test
  void closingInterruptsAnAnswerThatWaitsForItsNextPieceAndItsReader() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    CompletableFuture<Thread> interrupted = new CompletableFuture<>();
    AnswerStream stream = open(pieces -> {
          accept(pieces, "one");
          waiting.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.complete(Thread.currentThread());
          }
          throw new ServingException("fake", ErrorKind.CANCELLED, "interrupted");
        })
        .get()
        .endingWith("[DONE]");
    CompletableFuture<byte[]> read = new CompletableFuture<>();
    Thread reader = new Thread(() -> {
      try {
        read.complete(stream.readAllBytes());
      } catch (IOException e) {
        read.completeExceptionally(e);
      }
    });
    reader.start();
    waiting.await();

    stream.close();

    assertThat(read.get()).asString(UTF_8).isEqualTo("one");
    assertThat(interrupted.get()).isSameAs(threads.peek());
    reader.join();
  }

  @Test
  void cancellingTheFutureEndsAnAnswerThatHasNotBegun() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    CompletableFuture<AnswerStream> begun = open(pieces -> {
      waiting.countDown();
      try {
        new CountDownLatch(1).await();
      } finally {
        interrupted.countDown();
      }
      return EVENTS;
    });
    waiting.await();

    begun.cancel(true);

    interrupted.await();
  }

  @Test
  void anInterruptedReaderIsToldSoAndTheAnswerGoesOn() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    AnswerStream stream = open(pieces -> {
          accept(pieces, "1");
          go.await();
          accept(pieces, "2");
          return EVENTS;
        })
        .get();
    stream.read();

    Thread.currentThread().interrupt();
    assertThatThrownBy(stream::read).isInstanceOf(InterruptedIOException.class);

    assertThat(Thread.interrupted()).isTrue();
    go.countDown();
    assertThat(stream.readAllBytes()).hasSize(1);
  }

  @Test
  void anInterruptOfTheAnswersThreadThatNobodyAskedForIsAFailure() throws Exception {
    AnswerStream stream = open(of(List.of("one", "two"), EVENTS)).get();

    threads.peek().interrupt();
    threads.peek().join();

    assertThatThrownBy(stream::read)
        .hasCauseInstanceOf(ServingException.class)
        .hasMessageContaining("interrupted");
  }

  @Test
  void readingOnTheAnswersThreadIsRefusedBecauseItWouldWaitForItself() {
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<Integer> read = open(pieces -> {
          go.await();
          accept(pieces, "one");
          return EVENTS;
        })
        .thenApply(stream -> {
          try (stream) {
            return stream.read();
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
    go.countDown();

    assertThatThrownBy(read::get)
        .hasRootCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Async");
  }

  @Test
  void anAnswerThatEndsAsItMustIsWholeWhereverItIsCut() throws Exception {
    assertThat(open(of(List.of("data: {}\n\ndata: [DO", "N", "E]\n\n"), EVENTS))
            .get()
            .endingWith("[DONE]")
            .readAllBytes())
        .hasSize(24);
    String filler = "x".repeat(20_000);
    assertThat(open(of(List.of(filler + "data: [DONE]"), EVENTS))
            .get()
            .endingWith("[DONE]")
            .readAllBytes())
        .hasSize(20_012);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"data: {\"a\": \"[DONE]\"}\n\n", "data: [DONE", "[DONE] and more", ": ping"})
  void anAnswerThatStoppedInTheMiddleFailsAtItsEnd(String text) throws Exception {
    AnswerStream stream = open(of(List.of(text), EVENTS)).get().endingWith("[DONE]");

    assertThatThrownBy(stream::readAllBytes)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("stopped after " + text.length() + " bytes")
        .cause()
        .isInstanceOfSatisfying(ServingException.class, failure -> {
          assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
          assertThat(failure.platform()).isEqualTo("fake");
          assertThat(failure.variant()).hasValue("blue");
        });
  }

  @Test
  void anAnswerThatWasNotStreamedIsRefusedWithItsType() throws Exception {
    AnswerStream stream = open(of(List.of("{}"), Response.json(""))).get().endingWith("[DONE]");

    assertThatThrownBy(stream::readAllBytes)
        .hasMessageContaining("did not stream: its answer is application/json")
        .cause()
        .isInstanceOfSatisfying(
            ServingException.class,
            failure -> assertThat(failure.kind()).isEqualTo(ErrorKind.UNSUPPORTED));
  }
}
