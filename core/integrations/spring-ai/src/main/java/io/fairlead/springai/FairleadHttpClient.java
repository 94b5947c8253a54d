package io.fairlead.springai;

import static java.util.Objects.requireNonNull;

import com.openai.core.ClientOptions;
import com.openai.core.RequestOptions;
import com.openai.core.Timeout;
import com.openai.core.http.HttpClient;
import com.openai.core.http.HttpMethod;
import com.openai.core.http.HttpRequest;
import com.openai.core.http.HttpRequestBody;
import com.openai.core.http.HttpResponse;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Served;
import io.fairlead.platform.AnswerStream;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Request;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP client of OpenAI's Java library, which Spring AI's models use, whose requests are answered by a deployed
 * model, on whatever platform it is.
 *
 * <pre>{@code
 * ClientOptions options = FairleadHttpClient.of(platform, endpoint).options().build();
 * ChatModel model = OpenAiChatModel.builder()
 *     .openAiClient(new OpenAIClientImpl(options))
 *     .openAiClientAsync(new OpenAIClientAsyncImpl(options))
 *     .options(OpenAiChatOptions.builder().model("Qwen/Qwen3-4B").build())
 *     .build();
 * }</pre>
 *
 * <p>The path of a request is that of {@link Request#withPath}, and its headers, such as an API key, are not sent: the
 * platform has its own credentials. The library's timeout is that of each {@link Request}, streaming included; without
 * one it is a day. The variant that answered is in the header {@value #VARIANT} of the library's raw responses.
 *
 * <p>A failure is an answer with a status, OpenAI's error in JSON and {@code Retry-After}, of which the library makes its
 * own exception, such as {@code RateLimitException}: as {@link io.fairlead.provider.HttpStatus#of}, but 401 for
 * credentials, which are the caller's here. One in the middle of a stream is an {@code OpenAIIoException}, whose last
 * cause is the {@link ServingException}; so is the end of completions that do not end with {@code [DONE]}. A stream that
 * is cancelled ends at its next piece, for which the library waits.
 *
 * <p>The library's {@code maxRetries}, 2 by default, are beside the platform's own retries, which resend what was
 * rejected without an effect, within the timeout. It retries only what {@link ServingException#retryable()} says, by the
 * header {@code X-Should-Retry}, each time with the whole timeout; 0 leaves retries to the platform.
 */
public final class FairleadHttpClient implements HttpClient {
  /**
   * A base URL for clients, whose host stands for the platform; only its path matters. Servers of OpenAI's protocol, such
   * as vLLM, have their routes below {@code /v1}.
   */
  public static final String BASE_URL = "http://fairlead/v1";

  /** The header of an answer that names the variant, {@value}; a streaming answer has it from its end on. */
  public static final String VARIANT = "fairlead-variant";

  private static final Duration NO_TIMEOUT = Duration.ofDays(1);

  private static final Executor THREADS = Executors.newCachedThreadPool(work -> {
    Thread thread = new Thread(work, "fairlead-spring-ai");
    thread.setDaemon(true);
    return thread;
  });

  private final Asked<?> asked;
  private final Executor executor;
  private final UnaryOperator<Request> change;

  private FairleadHttpClient(Asked<?> asked, Executor executor, UnaryOperator<Request> change) {
    this.asked = asked;
    this.executor = executor;
    this.change = change;
  }

  /** A served model and where it is. */
  private record Asked<S extends Served>(Platform<S> platform, S served) {
    HttpResponse invoke(Request request) {
      return Answer.of(platform.invoke(served, request));
    }

    CompletableFuture<AnswerStream> stream(Request request, Executor executor) {
      return AnswerStream.open(platform, served, request, executor);
    }
  }

  /**
   * {@return a client of one model}
   *
   * @param served what was deployed, such as an endpoint or a function; it follows the traffic weights
   */
  public static <S extends Served> FairleadHttpClient of(Platform<S> platform, S served) {
    return new FairleadHttpClient(
        new Asked<>(requireNonNull(platform, "platform"), requireNonNull(served, "served")),
        THREADS,
        UnaryOperator.identity());
  }

  /**
   * {@return a client with another executor of asynchronous calls and streams, which has a thread for each until its
   * end, such as one of virtual threads; daemon threads by default}
   */
  public FairleadHttpClient withExecutor(Executor newExecutor) {
    return new FairleadHttpClient(asked, requireNonNull(newExecutor, "executor"), change);
  }

  /**
   * {@return a client that changes each request, such as by {@code request -> request.pinnedTo("green")}, or with an
   * option of a platform}
   */
  public FairleadHttpClient withRequest(UnaryOperator<Request> newChange) {
    return new FairleadHttpClient(asked, executor, requireNonNull(newChange, "change"));
  }

  /** {@return options of the library's clients, with this one, {@link #BASE_URL} and a key that is not sent} */
  public ClientOptions.Builder options() {
    return ClientOptions.builder().httpClient(this).baseUrl(BASE_URL).apiKey("not-sent");
  }

  @Override
  public HttpResponse execute(HttpRequest request) {
    return execute(request, RequestOptions.none());
  }

  @Override
  public HttpResponse execute(HttpRequest http, RequestOptions options) {
    try {
      Request request = request(http, options);
      return isStreaming(http) ? Answer.of(stream(http, request)) : asked.invoke(request);
    } catch (RuntimeException e) {
      return Answer.ofFailure(e);
    }
  }

  private AnswerStream stream(HttpRequest http, Request request) {
    CompletableFuture<AnswerStream> begun = asked.stream(request, executor);
    try {
      return required(http, begun.get());
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      begun.cancel(true);
      Thread.currentThread().interrupt();
      throw new ServingException(
          asked.platform().id(), ErrorKind.CANCELLED, "The waiting thread was interrupted", e);
    }
  }

  @Override
  public CompletableFuture<HttpResponse> executeAsync(HttpRequest request) {
    return executeAsync(request, RequestOptions.none());
  }

  @Override
  public CompletableFuture<HttpResponse> executeAsync(HttpRequest http, RequestOptions options) {
    if (!isStreaming(http)) {
      return CompletableFuture.supplyAsync(() -> execute(http, options), executor);
    }
    try {
      return asked.stream(request(http, options), executor)
          .handle((stream, thrown) ->
              thrown == null ? Answer.of(required(http, stream)) : Answer.ofFailure(thrown));
    } catch (RuntimeException e) {
      return CompletableFuture.completedFuture(Answer.ofFailure(e));
    }
  }

  private static AnswerStream required(HttpRequest http, AnswerStream stream) {
    boolean isCompletion = http.pathSegments().contains("completions");
    return isCompletion ? stream.endingWith("[DONE]") : stream;
  }

  private static boolean isStreaming(HttpRequest http) {
    return http.headers().values("Accept").contains("text/event-stream");
  }

  private Request request(HttpRequest http, RequestOptions options) {
    HttpRequestBody body = http.body();
    String type = body == null ? null : body.contentType();
    Problems.in("HttpRequest")
        .check(
            http.method() == HttpMethod.POST,
            "method",
            "must be POST: a model is invoked",
            http.method())
        .check(
            type != null && type.startsWith("application/json"),
            "body",
            "must be JSON: forms with files, such as for audio and images, are not passed on",
            String.valueOf(type))
        .check(
            http.queryParams().isEmpty(),
            "url",
            "must have no query: what the server needs is in the body",
            http.queryParams().keys())
        .throwIfAny();
    Request request = Request.ofUnsafe(bytes(requireNonNull(body, "body")), "application/json")
        .withPath(URI.create(http.url()).getRawPath());
    return change.apply(request.withTimeout(timeout(options.getTimeout())));
  }

  private static byte[] bytes(HttpRequestBody body) {
    try (body) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      body.writeTo(bytes);
      return bytes.toByteArray();
    }
  }

  private static Duration timeout(@Nullable Timeout given) {
    Duration timeout = (given == null ? Timeout.builder().build() : given).request();
    return timeout.isZero() ? NO_TIMEOUT : timeout;
  }

  /** Has no effect: the platform belongs to the application. */
  @Override
  public void close() {
    // The library closes it with its clients.
  }
}
