package io.fairlead.langchain4j;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.http.client.HttpClient;
import dev.langchain4j.http.client.HttpMethod;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEvent;
import dev.langchain4j.http.client.sse.ServerSentEventContext;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Response;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Failures of a model, a platform and a listener, each as LangChain4j and its user see it. */
@Timeout(60)
class BadDaysTest {
  private static final Response EVENTS = Response.of(new byte[0], "text/event-stream");
  private static final String WORD =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"}}]}\n\n";
  private static final String DONE = "data: [DONE]\n\n";

  private Local local;

  @AfterEach
  void close() {
    local.close();
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

  private static StreamingModelHandler failing(ServingException failure) {
    return (request, pieces) -> {
      throw failure;
    };
  }

  // ---- failures of a platform ----

  private Throwable failure(ServingException failure) {
    serving(failing(failure));
    Throwable thrown = catchThrowable(() -> local.chat().build().chat("hello"));
    Recording streamed = new Recording();
    local.streaming().chat("hello", streamed);
    assertThat(streamed.error()).hasSameClassAs(thrown).hasMessage(thrown.getMessage());
    return thrown;
  }

  @ParameterizedTest
  @EnumSource
  void eachKindIsAnExceptionOfLangChain4jWithItsSentenceAndCause(ErrorKind kind) {
    ServingException failure = new ServingException("local", kind, "Endpoint 'chat': why. Do this");

    Throwable thrown = failure(failure);

    assertThat(thrown)
        .isExactlyInstanceOf(
            switch (kind) {
              case UNAUTHORIZED -> AuthenticationException.class;
              case NOT_FOUND -> ModelNotFoundException.class;
              case INVALID -> InvalidRequestException.class;
              case THROTTLED -> RateLimitException.class;
              case TIMEOUT -> TimeoutException.class;
              case CONFLICT, UNAVAILABLE -> InternalServerException.class;
              default -> NonRetriableException.class;
            })
        .hasMessageContaining("Endpoint 'chat': why")
        .cause()
        .isInstanceOfSatisfying(
            ServingException.class, cause -> assertThat(cause.kind()).isEqualTo(kind));
  }

  @ParameterizedTest
  @CsvSource({"THROTTLED", "TIMEOUT", "UNAVAILABLE"})
  void whatIsNotRetryableIsNotRetried(ErrorKind kind) {
    assertThat(failure(
            ServingException.builder("local", kind, "no").retryable(false).build()))
        .isExactlyInstanceOf(NonRetriableException.class);
  }

  @Test
  void theContainersOwnSentenceIsInTheMessage() {
    String sentence =
        "This model's maximum context length is 4096 tokens. However, you requested 5000";

    serving((request, pieces) -> {
      throw new IllegalStateException(sentence);
    });

    assertThatThrownBy(() -> local.chat().build().chat("hello"))
        .isInstanceOf(NonRetriableException.class)
        .hasMessageContaining(sentence);
  }

  @Test
  void anUnknownHostKeepsItsSentenceThoughLangChain4jLooksAtTheLastCause() {
    Exception cause = new ConnectException();
    cause.initCause(new UnresolvedAddressException());

    assertThat(failure(new ServingException("local", ErrorKind.UNAVAILABLE, "No such host", cause)))
        .isInstanceOf(InternalServerException.class)
        .hasMessageContaining("No such host")
        .cause()
        .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(1));
  }

  @Test
  void langChain4jRetriesWhatMayBeRetriedAndNothingElse() {
    AtomicInteger calls = new AtomicInteger();
    serving((request, pieces) -> {
      if (calls.incrementAndGet() == 1) {
        throw ServingException.builder("local", ErrorKind.THROTTLED, "Too many")
            .retryAfter(Duration.ofSeconds(1))
            .build();
      }
      throw new ServingException("local", ErrorKind.MODEL_FAILED, "CUDA out of memory");
    });

    assertThatThrownBy(() -> local.chat().maxRetries(2).build().chat("hello"))
        .isInstanceOf(NonRetriableException.class)
        .hasMessageContaining("CUDA out of memory");
    assertThat(calls).hasValue(2);
  }

  // ---- streams ----

  private Recording streamed(StreamingModelHandler model) {
    Recording streamed = new Recording();
    serving(model).streaming().chat("hello", streamed);
    return streamed;
  }

  @Test
  void aStreamThatStopsInTheMiddleIsNoAnswer() {
    Recording streamed = streamed(saying(WORD, WORD));

    assertThat(streamed.error())
        .isInstanceOf(InternalServerException.class)
        .hasMessageContaining("does not end with [DONE]");
    assertThat(streamed.parts()).containsExactly("word", "word");
  }

  @Test
  void halfAPieceIsNoAnswer() {
    Recording streamed = streamed(saying(WORD, WORD.substring(0, 20)));

    assertThat(streamed.error()).isNotNull();
    assertThat(streamed.parts()).containsExactly("word");
  }

  @Test
  void aFailureAfterTheFirstPieceIsTheEnd() {
    Recording streamed = streamed((request, pieces) -> {
      say(pieces, WORD);
      throw new ServingException("local", ErrorKind.TIMEOUT, "It took too long");
    });

    assertThat(streamed.error())
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("It took too long")
        .hasCauseInstanceOf(ServingException.class);
    assertThat(streamed.parts()).containsExactly("word");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data: {\"error\": {\"message\": \"out of memory\", \"code\": 500}}\n\n",
        "data: {\"error\": \"out of memory\"}\n\n",
        "event: error\ndata: {\"message\": \"out of memory\"}\n\n",
        "event: error\ndata: out of memory\n\n"
      })
  void anErrorEventAfterTheFirstPieceIsTheEnd(String event) {
    Recording streamed = streamed(saying(WORD, event + WORD + DONE));

    assertThat(streamed.error())
        .isExactlyInstanceOf(NonRetriableException.class)
        .hasMessage("The model failed after its answer had begun: out of memory.");
    assertThat(streamed.parts()).containsExactly("word");
  }

  @Test
  void aPieceThatSpeaksOfAnErrorIsAPiece() {
    Recording streamed = streamed(saying(
        WORD.replace("word", "\\\"error\\\""), WORD.replace("}]}", "}],\"error\":null}"), DONE));

    streamed.complete();
    assertThat(streamed.parts()).containsExactly("\"error\"", "word");
  }

  @Test
  void anAnswerThatIsNotStreamedIsRefusedWithWhatItIs() {
    Recording streamed = streamed((request, pieces) -> Response.json("{\"choices\":[]}"));

    assertThat(streamed.error())
        .isExactlyInstanceOf(NonRetriableException.class)
        .hasMessageContaining("did not stream: its answer is application/json")
        .hasMessageContaining("Ask without streaming");
  }

  @Test
  void aSlowConsumerSlowsTheModelDown() throws Exception {
    LinkedBlockingQueue<String> said = new LinkedBlockingQueue<>();
    LinkedBlockingQueue<Integer> model = new LinkedBlockingQueue<>();
    CountDownLatch go = new CountDownLatch(1);
    serving((request, pieces) -> {
      for (int i = 1; i <= 50; i++) {
        say(pieces, WORD);
        model.add(i);
      }
      say(pieces, DONE);
      return EVENTS;
    });
    Recording streamed = new Recording() {
      @Override
      public void onPartialResponse(String part) {
        super.onPartialResponse(part);
        said.add(part);
        try {
          go.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    };
    local.streaming().chat("hello", streamed);

    said.take();
    // The first piece is read, and the model waits with the second.
    assertThat(model.size()).isLessThanOrEqualTo(1);
    go.countDown();
    streamed.complete();
    assertThat(streamed.parts()).hasSize(50);
  }

  @Test
  void cancellingEndsTheModel() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    serving((request, pieces) -> {
      try {
        say(pieces, WORD);
        new CountDownLatch(1).await();
        return EVENTS;
      } finally {
        ended.countDown();
      }
    });
    Recording streamed = new Recording() {
      @Override
      public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
        onPartialResponse(part.text());
        context.streamingHandle().cancel();
        assertThat(context.streamingHandle().isCancelled()).isTrue();
        cancelled.countDown();
      }
    };

    local.streaming().chat("hello", streamed);

    cancelled.await();
    ended.await();
    assertThat(streamed.parts()).containsExactly("word");
  }

  @Test
  void closingThePlatformEndsTheStream() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    serving((request, pieces) -> {
      say(pieces, WORD);
      begun.countDown();
      new CountDownLatch(1).await();
      return EVENTS;
    });
    Recording streamed = new Recording();
    local.streaming().chat("hello", streamed);
    begun.await();

    local.platform.close();

    assertThat(streamed.error()).hasRootCauseInstanceOf(InterruptedException.class);
  }

  // ---- the client itself ----

  /** A listener of the client that writes down what it is told. */
  private static class Listener implements ServerSentEventListener {
    final LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();

    @Override
    public void onOpen(SuccessfulHttpResponse response) {
      told.add("open " + response.contentType());
    }

    @Override
    public void onEvent(ServerSentEvent event, ServerSentEventContext context) {
      told.add("event");
    }

    @Override
    public void onError(Throwable error) {
      told.add("error " + error.getMessage());
    }

    @Override
    public void onClose() {
      told.add("close");
    }
  }

  private static HttpRequest.Builder post(String path) {
    return HttpRequest.builder()
        .method(HttpMethod.POST)
        .url("http://fairlead", path)
        .body("{}");
  }

  private HttpClient client(StreamingModelHandler model) {
    return serving(model).client().build();
  }

  private static List<String> told(Listener listener, int count) throws InterruptedException {
    List<String> told = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      told.add(listener.told.poll(60, TimeUnit.SECONDS));
    }
    return told;
  }

  @Test
  void aListenerIsToldInOrderAndOnAnotherThread() throws Exception {
    Listener listener = new Listener();

    client(saying(WORD, DONE)).execute(post("v1/chat/completions").build(), listener);

    assertThat(told(listener, 4))
        .containsExactly("open text/event-stream", "event", "event", "close");
  }

  @Test
  void anotherProtocolNeedsNoDone() throws Exception {
    Listener listener = new Listener();

    client(saying("event: response.completed\r\ndata: {}\r\n\r\n"))
        .execute(post("v1/responses").build(), listener);

    assertThat(told(listener, 3)).containsExactly("open text/event-stream", "event", "close");
  }

  @Test
  void aListenerThatThrowsEndsTheCallAndIsToldSoOnce() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    HttpClient client = client((request, pieces) -> {
      try {
        for (int i = 0; i < 1000; i++) {
          say(pieces, WORD + WORD);
        }
        say(pieces, DONE);
        return EVENTS;
      } finally {
        ended.countDown();
      }
    });
    Listener listener = new Listener() {
      @Override
      public void onEvent(ServerSentEvent event, ServerSentEventContext context) {
        super.onEvent(event, context);
        throw new IllegalStateException("my mistake");
      }
    };

    client.execute(post("v1/chat/completions").build(), listener);

    ended.await();
    assertThat(told(listener, 3))
        .containsExactly("open text/event-stream", "event", "error my mistake");
    assertThat(listener.told).isEmpty();
  }

  @Test
  void aListenerThatThrowsAtTheBeginningIsToldNoEvent() throws Exception {
    Listener listener = new Listener() {
      @Override
      public void onOpen(SuccessfulHttpResponse response) {
        throw new IllegalStateException("my mistake");
      }
    };

    client(saying(WORD, DONE)).execute(post("v1/chat/completions").build(), listener);

    assertThat(told(listener, 1)).containsExactly("error my mistake");
  }

  @Test
  void whatCannotBePassedOnIsRefusedBeforeTheModelIsAsked() {
    AtomicInteger calls = new AtomicInteger();
    HttpClient client = client((request, pieces) -> {
      calls.incrementAndGet();
      return EVENTS;
    });
    HttpRequest form = HttpRequest.builder()
        .method(HttpMethod.POST)
        .url("http://fairlead/v1/audio/transcriptions")
        .addFormDataFile("file", "a.wav", "audio/wav", new byte[1])
        .build();
    HttpRequest get = HttpRequest.builder()
        .method(HttpMethod.GET)
        .url("http://fairlead/v1/models")
        .build();
    HttpRequest query =
        post("v1/chat/completions").addQueryParam("version", "1").build();

    assertThatThrownBy(() -> client.execute(form))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("forms with files, such as for audio");
    assertThatThrownBy(() -> client.execute(get, new Listener()))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("method must be POST");
    assertThatThrownBy(() -> client.execute(query))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("must have no query");
    assertThat(calls).hasValue(0);
  }
}
