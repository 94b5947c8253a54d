package io.fairlead.springai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.openai.client.OpenAIClientImpl;
import com.openai.core.ClientOptions;
import com.openai.core.Sleeper;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIIoException;
import com.openai.errors.OpenAIServiceException;
import com.openai.errors.RateLimitException;
import com.openai.errors.SseException;
import com.openai.errors.UnauthorizedException;
import com.openai.errors.UnexpectedStatusCodeException;
import com.openai.models.audio.AudioModel;
import com.openai.models.audio.transcriptions.TranscriptionCreateParams;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import io.fairlead.contract.OpenAiServer;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** Failures of a model, a platform and a consumer, each as OpenAI's library and Spring AI's user see it. */
@Timeout(60)
class BadDaysTest {
  private static final Prompt HELLO = new Prompt("hello");
  private static final Response EVENTS = Response.of(new byte[0], "text/event-stream");
  private static final String WORD =
      "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,"
          + "\"model\":\"echo\",\"choices\":[{\"index\":0,\"finish_reason\":null,\"delta\":{\"content\":\"word\"}}]}\n\n";
  private static final String DONE = "data: [DONE]\n\n";

  private Local local;

  @AfterEach
  void close() {
    if (local != null) {
      local.close();
    }
  }

  private Local serving(StreamingModelHandler model) {
    local = new Local(model);
    return local;
  }

  private static void say(Consumer<? super ByteBuffer> pieces, String text) {
    pieces.accept(ByteBuffer.wrap(text.getBytes(UTF_8)));
  }

  private static StreamingModelHandler saying(String... texts) {
    return (request, pieces) -> {
      for (String text : texts) {
        say(pieces, text);
      }
      return EVENTS;
    };
  }

  // ---- failures of a platform ----

  @ParameterizedTest
  @EnumSource
  void eachKindIsAnExceptionOfTheLibraryWithItsSentence(ErrorKind kind) {
    serving((request, pieces) -> {
      throw ServingException.builder("local", kind, "Endpoint 'chat': why. Do this")
          .requestId("request-1")
          .build();
    });

    Throwable thrown = catchThrowable(() -> local.chat().call(HELLO));
    Throwable streamed = catchThrowable(() -> local.chat().stream(HELLO).blockLast(Local.LIMIT));

    assertThat(thrown)
        .isInstanceOf(
            switch (kind) {
              case UNAUTHORIZED -> UnauthorizedException.class;
              case NOT_FOUND -> NotFoundException.class;
              case INVALID -> BadRequestException.class;
              case THROTTLED -> RateLimitException.class;
              case CONFLICT, ALREADY_EXISTS -> UnexpectedStatusCodeException.class;
              default -> InternalServerException.class;
            })
        .hasMessageContaining("Endpoint 'chat': why")
        .isInstanceOfSatisfying(OpenAIServiceException.class, failure -> {
          assertThat(failure.code()).hasValue(kind.name());
          assertThat(failure.headers().values("x-should-retry"))
              .containsExactly(String.valueOf(kind.isRetryable()));
          assertThat(failure.headers().values("x-request-id")).containsExactly("request-1");
        });
    // The library's futures wrap what they fail with.
    assertThat(streamed).cause().isInstanceOf(thrown.getClass()).hasMessage(thrown.getMessage());
  }

  @Test
  void theContainersOwnSentenceIsInTheMessage() {
    String sentence =
        "This model's maximum context length is 4096 tokens. However, you requested 5000";
    serving((request, pieces) -> {
      throw new IllegalStateException(sentence);
    });

    assertThatThrownBy(() -> local.chat().call(HELLO)).hasMessageContaining(sentence);
  }

  /** A pause that takes no time. */
  private static final class NoSleep implements Sleeper {
    private final List<Duration> slept = new ArrayList<>();

    @Override
    public void sleep(Duration duration) {
      slept.add(duration);
    }

    @Override
    public CompletableFuture<Void> sleepAsync(Duration duration) {
      slept.add(duration);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  @Test
  void theLibraryRetriesAfterThePauseThatThePlatformAskedFor() {
    OpenAiServer server = new OpenAiServer();
    AtomicInteger calls = new AtomicInteger();
    serving((request, pieces) -> {
      if (calls.incrementAndGet() == 1) {
        throw ServingException.builder("local", ErrorKind.THROTTLED, "Too many")
            .retryAfter(Duration.ofSeconds(17))
            .build();
      }
      return server.stream(request, pieces);
    });
    NoSleep sleeper = new NoSleep();
    ClientOptions options = local.client().options().sleeper(sleeper).build();

    ChatResponse response = Local.chat(options).call(HELLO);

    assertThat(response.getResult()).isNotNull();
    assertThat(calls).hasValue(2);
    // The library counts in floating point.
    assertThat(sleeper.slept)
        .singleElement()
        .satisfies(
            pause -> assertThat(pause).isCloseTo(Duration.ofSeconds(17), Duration.ofMillis(1)));
  }

  @Test
  void theLibraryDoesNotRetryWhatDoesNotPass() {
    AtomicInteger calls = new AtomicInteger();
    serving((request, pieces) -> {
      calls.incrementAndGet();
      throw new ServingException("local", ErrorKind.MODEL_FAILED, "CUDA out of memory");
    });

    assertThatThrownBy(() -> Local.chat(local.client().options().build()).call(HELLO))
        .hasMessageContaining("CUDA out of memory");
    assertThat(calls).hasValue(1);
  }

  // ---- streams ----

  private static Throwable streamed(Flux<ChatResponse> flux, List<String> parts) {
    return catchThrowable(() -> flux.doOnNext(it -> {
          if (it.getResult() != null) {
            parts.add(it.getResult().getOutput().getText());
          }
        })
        .blockLast(Local.LIMIT));
  }

  private Throwable streamed(StreamingModelHandler model, String... expected) {
    List<String> parts = new ArrayList<>();
    Throwable thrown = streamed(serving(model).chat().stream(HELLO), parts);
    assertThat(parts).containsExactly(expected);
    return thrown;
  }

  @Test
  void aStreamThatStopsInTheMiddleIsNoAnswer() {
    assertThat(streamed(saying(WORD, WORD), "word", "word"))
        .isInstanceOf(OpenAIIoException.class)
        .cause()
        .isInstanceOf(IOException.class)
        .hasMessageContaining("does not end with [DONE]")
        .hasCauseInstanceOf(ServingException.class);
  }

  @Test
  void halfAPieceIsNoAnswer() {
    assertThat(streamed(saying(WORD, WORD.substring(0, 20)), "word")).isNotNull();
  }

  @Test
  void aFailureAfterTheFirstPieceIsTheEnd() {
    Throwable thrown = streamed(
        (request, pieces) -> {
          say(pieces, WORD);
          throw new ServingException("local", ErrorKind.TIMEOUT, "It took too long");
        },
        "word");

    assertThat(thrown)
        .isInstanceOf(OpenAIIoException.class)
        .rootCause()
        .isInstanceOf(ServingException.class)
        .hasMessageContaining("It took too long");
  }

  @Test
  void anErrorEventAfterTheFirstPieceIsTheEnd() {
    String event = "data: {\"error\": {\"message\": \"out of memory\", \"code\": \"500\"}}\n\n";

    assertThat(streamed(saying(WORD, event, WORD, DONE), "word"))
        .isInstanceOf(SseException.class)
        .hasMessageContaining("out of memory");
  }

  @Test
  void anAnswerThatIsNotStreamedIsRefusedWithWhatItIs() {
    assertThat(streamed((request, pieces) -> Response.json("{\"choices\":[]}")))
        .rootCause()
        .hasMessageContaining("did not stream: its answer is application/json");
  }

  private static ChatCompletionCreateParams hello() {
    return ChatCompletionCreateParams.builder()
        .model("echo")
        .addUserMessage("hello")
        .build();
  }

  @Test
  void aSlowConsumerSlowsTheModelDown() throws Exception {
    LinkedBlockingQueue<Integer> said = new LinkedBlockingQueue<>();
    serving((request, pieces) -> {
      for (int i = 1; i <= 50; i++) {
        say(pieces, WORD);
        said.add(i);
      }
      say(pieces, DONE);
      return EVENTS;
    });

    try (StreamResponse<ChatCompletionChunk> response =
        new OpenAIClientImpl(local.options()).chat().completions().createStreaming(hello())) {
      Iterator<ChatCompletionChunk> chunks = response.stream().iterator();
      assertThat(said.size()).isZero();
      chunks.next();
      assertThat(said.take()).isEqualTo(1);
      assertThat(said.size()).isLessThanOrEqualTo(1);
      for (int i = 2; i <= 50; i++) {
        chunks.next();
      }
      assertThat(chunks.hasNext()).isFalse();
    }
  }

  /** A model that says a word, and no more. */
  private static StreamingModelHandler stuck(CountDownLatch ended) {
    return (request, pieces) -> {
      try {
        say(pieces, WORD);
        new CountDownLatch(1).await();
        return EVENTS;
      } finally {
        ended.countDown();
      }
    };
  }

  @Test
  void cancellingEndsTheModelAtItsNextPiece() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    CountDownLatch heard = new CountDownLatch(1);
    serving((request, pieces) -> {
      try {
        while (true) {
          say(pieces, WORD);
        }
      } finally {
        ended.countDown();
      }
    });

    Disposable subscription = local.chat().stream(HELLO).subscribe(it -> heard.countDown());
    heard.await();
    subscription.dispose();

    ended.await();
  }

  @Test
  void aConsumerThatThrowsEndsTheModel() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    Flux<ChatResponse> flux = serving(stuck(ended)).chat().stream(HELLO).doOnNext(it -> {
      throw new IllegalStateException("my mistake");
    });

    assertThatThrownBy(() -> flux.blockLast(Local.LIMIT)).hasMessage("my mistake");

    ended.await();
  }

  @Test
  void anInterruptedCallerEndsTheModel() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    serving((request, pieces) -> {
      begun.countDown();
      try {
        new CountDownLatch(1).await();
        return EVENTS;
      } finally {
        ended.countDown();
      }
    });
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread caller = new Thread(() -> {
      thrown.complete(catchThrowable(() ->
          new OpenAIClientImpl(local.options()).chat().completions().createStreaming(hello())));
    });
    caller.start();
    begun.await();

    caller.interrupt();

    ended.await();
    assertThat(thrown.get())
        .isInstanceOf(InternalServerException.class)
        .hasMessageContaining("interrupted");
    caller.join();
  }

  @Test
  void whatCannotBePassedOnIsRefusedBeforeTheModelIsAsked() {
    AtomicInteger calls = new AtomicInteger();
    serving((request, pieces) -> {
      calls.incrementAndGet();
      return EVENTS;
    });
    OpenAIClientImpl client = new OpenAIClientImpl(local.options());
    OpenAIClientImpl versioned = new OpenAIClientImpl(
        local.client().options().putQueryParam("version", "1").build());

    assertThat(catchThrowableOfType(
            BadRequestException.class,
            () -> client
                .audio()
                .transcriptions()
                .create(TranscriptionCreateParams.builder()
                    .file(new byte[1])
                    .model(AudioModel.WHISPER_1)
                    .build())))
        .hasMessageContaining("forms with files, such as for audio");
    assertThatThrownBy(() -> client.models().list())
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("method must be POST");
    assertThatThrownBy(() -> versioned.chat().completions().create(hello()))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("must have no query");
    assertThat(calls).hasValue(0);
  }
}
