package io.fairlead.langchain4j;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.http.client.HttpClient;
import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.HttpMethod;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Served;
import io.fairlead.platform.AnswerStream;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP client of LangChain4j whose requests are answered by a deployed model, on whatever platform it is.
 *
 * <pre>{@code
 * ChatModel model = OpenAiChatModel.builder()
 *     .httpClientBuilder(FairleadHttpClient.builder(platform, endpoint))
 *     .baseUrl(FairleadHttpClient.BASE_URL)
 *     .modelName("Qwen/Qwen3-4B")
 *     .build();
 * }</pre>
 *
 * <p>The path of a request is that of {@link Request#withPath}, and its headers, such as an API key, are not sent: the
 * platform has its own credentials. A model's timeout is that of each {@link Request}, streaming included. The variant
 * that answered is in the header {@value #VARIANT} of {@code OpenAiChatResponseMetadata.rawHttpResponse()}.
 *
 * <p>A failure is LangChain4j's own exception with the {@link io.fairlead.error.ServingException} as its cause: by kind
 * a {@code RateLimitException}, {@code TimeoutException}, {@code AuthenticationException}, {@code
 * ModelNotFoundException} or {@code InvalidRequestException}, or else an {@code InternalServerException} if it is
 * {@linkplain io.fairlead.error.ServingException#retryable() retryable} and a {@code NonRetriableException} if not.
 * LangChain4j's {@code maxRetries} are beside the platform's own retries, which resend what was rejected without an
 * effect, within the timeout.
 *
 * <p>A stream ends with {@code onClose} or {@code onError}, once. It fails, too, if the server reports an error in an
 * event, if the listener throws, and if the answer of a path that ends with {@code completions} does not end with
 * {@code [DONE]}. Cancelling it ends the model's answer.
 */
public final class FairleadHttpClient implements HttpClient {
  /**
   * A base URL for models, whose host stands for the platform; only its path matters. Servers of OpenAI's protocol, such
   * as vLLM, have their routes below {@code /v1}.
   */
  public static final String BASE_URL = "http://fairlead/v1";

  /** The header of an answer that names the variant, {@value}; a streaming answer has it from its end on. */
  public static final String VARIANT = "fairlead-variant";

  private static final Executor THREADS = Executors.newCachedThreadPool(work -> {
    Thread thread = new Thread(work, "fairlead-langchain4j");
    thread.setDaemon(true);
    return thread;
  });

  private final Asked<?> asked;
  private final Executor executor;
  private final @Nullable Duration timeout;
  private final UnaryOperator<Request> change;

  private FairleadHttpClient(Builder builder) {
    this.asked = builder.asked;
    this.executor = builder.executor;
    this.timeout = builder.readTimeout;
    this.change = builder.change;
  }

  /** A served model and where it is. */
  private record Asked<S extends Served>(Platform<S> platform, S served) {
    Response invoke(Request request) {
      return platform.invoke(served, request);
    }

    CompletableFuture<AnswerStream> stream(Request request, Executor executor) {
      return AnswerStream.open(platform, served, request, executor);
    }
  }

  /**
   * {@return a builder of clients of one model; LangChain4j's models take it, and build a client with their own timeout}
   *
   * @param served what was deployed, such as an endpoint or a function; it follows the traffic weights
   */
  public static <S extends Served> Builder builder(Platform<S> platform, S served) {
    return new Builder(
        new Asked<>(requireNonNull(platform, "platform"), requireNonNull(served, "served")));
  }

  @Override
  public SuccessfulHttpResponse execute(HttpRequest request) {
    Request asking = request(request);
    try {
      Response response = asked.invoke(asking);
      return SuccessfulHttpResponse.builder()
          .statusCode(200)
          .headers(headers(response))
          .body(response.bodyUnsafe())
          .build();
    } catch (RuntimeException e) {
      throw Failures.of(e);
    }
  }

  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // the listener is told of each failure
  public void execute(
      HttpRequest request, ServerSentEventParser parser, ServerSentEventListener listener) {
    Request asking = request(request);
    boolean isCompletion = URI.create(request.url()).getPath().endsWith("completions");
    asked.stream(asking, executor)
        .whenCompleteAsync(
            (stream, thrown) -> {
              OneEnd events = new OneEnd(asked.platform().id(), listener);
              if (thrown != null) {
                events.onError(thrown);
              } else {
                events.read(isCompletion ? stream.endingWith("[DONE]") : stream, parser);
              }
            },
            executor);
  }

  static Map<String, List<String>> headers(Response response) {
    List<String> contentType = List.of(response.contentType());
    return response
        .variant()
        .map(variant -> Map.of("content-type", contentType, VARIANT, List.of(variant)))
        .orElseGet(() -> Map.of("content-type", contentType));
  }

  private Request request(HttpRequest http) {
    try {
      URI url = URI.create(http.url());
      Problems.in("HttpRequest")
          .check(
              http.method() == HttpMethod.POST,
              "method",
              "must be POST: a model is invoked",
              http.method())
          .check(
              http.formDataFields().isEmpty() && http.formDataFiles().isEmpty(),
              "body",
              "must be JSON: forms with files, such as for audio and images, are not passed on",
              "a form")
          .check(
              url.getRawQuery() == null,
              "url",
              "must have no query: what the server needs is in the body",
              "one with a query")
          .throwIfAny();
      byte[] body = http.body() == null ? new byte[0] : http.body().getBytes(UTF_8);
      Request request = Request.ofUnsafe(body, "application/json").withPath(url.getRawPath());
      return change.apply(timeout == null ? request : request.withTimeout(timeout));
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(e.getMessage(), e);
    }
  }

  /** A builder of {@link FairleadHttpClient}, for the {@code httpClientBuilder} of a model. */
  public static final class Builder implements HttpClientBuilder {
    private final Asked<?> asked;
    private Executor executor = THREADS;
    private UnaryOperator<Request> change = UnaryOperator.identity();
    private @Nullable Duration connectTimeout;
    private @Nullable Duration readTimeout;

    private Builder(Asked<?> asked) {
      this.asked = asked;
    }

    /**
     * Sets the executor of streaming answers, which has two threads for each until its end, such as one of virtual
     * threads; daemon threads by default.
     */
    public Builder executor(Executor newExecutor) {
      executor = requireNonNull(newExecutor, "executor");
      return this;
    }

    /** Sets a change of each request, such as {@code request -> request.pinnedTo("green")}, or an option of a platform. */
    public Builder request(UnaryOperator<Request> newChange) {
      change = requireNonNull(newChange, "change");
      return this;
    }

    @Override
    public @Nullable Duration connectTimeout() {
      return connectTimeout;
    }

    /** Has no effect: the platform's client connects. */
    @Override
    public Builder connectTimeout(@Nullable Duration newTimeout) {
      connectTimeout = newTimeout;
      return this;
    }

    @Override
    public @Nullable Duration readTimeout() {
      return readTimeout;
    }

    /** Sets the limit on each whole call; the models set it to their own timeout, or else to 60 seconds. */
    @Override
    public Builder readTimeout(@Nullable Duration newTimeout) {
      readTimeout = newTimeout;
      return this;
    }

    @Override
    public FairleadHttpClient build() {
      return new FairleadHttpClient(this);
    }
  }
}
