package io.fairlead.language;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Served;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A client of a language model behind any endpoint or function: a prompt goes in, and text comes out, in pieces as they
 * come if wanted.
 *
 * <pre>{@code
 * LanguageModel model = LanguageModel.of(platform, endpoint);
 * ChatRequest question = ChatRequest.of(prompt).withMaxTokens(100).withTemperature(0.7);
 * String answer = model.chat(question).text();
 * model.chat(question, System.out::print);
 * }</pre>
 *
 * <p>It sends the JSON of OpenAI's API, which vLLM, SGLang, TEI, Text Generation Inference and handlers in this JVM
 * understand, with its path where the platform passes paths on. All else is the platform's: the traffic weights choose
 * the variant, limits and failures are those of {@link Platform#invoke}. Immutable and safe for concurrent use.
 */
public final class LanguageModel {
  /** The path of embeddings of a container that has one for each kind of request. */
  public static final String EMBEDDINGS_PATH = "/v1/embeddings";

  /** Asks the served model, as its platform does. */
  private interface Asking {
    Response ask(Request request, @Nullable Consumer<? super ByteBuffer> pieces);
  }

  private final String platform;
  private final String served;
  private final Asking asking;
  private final UnaryOperator<Request> change;
  private final Optional<String> name;

  private LanguageModel(
      String platform,
      String served,
      Asking asking,
      UnaryOperator<Request> change,
      Optional<String> name) {
    this.platform = platform;
    this.served = served;
    this.asking = asking;
    this.change = change;
    this.name = name;
  }

  /**
   * {@return a client of what a platform serves}
   *
   * @param platform the platform, which stays its owner's to close
   * @param served an endpoint or function that is deployed there
   */
  public static <S extends Served> LanguageModel of(Platform<S> platform, S served) {
    return new LanguageModel(
        platform.id(),
        served.name(),
        (request, pieces) -> pieces == null
            ? platform.invoke(served, request)
            : platform.invokeStreaming(served, request, pieces),
        UnaryOperator.identity(),
        Optional.empty());
  }

  /** {@return a copy that sends a model's name, which a container that serves several under one route needs} */
  public LanguageModel named(String newName) {
    return new LanguageModel(platform, served, asking, change, Optional.of(newName));
  }

  /** {@return a copy whose requests have another limit on the whole answer than 60 seconds} */
  public LanguageModel withTimeout(Duration timeout) {
    return withRequests(request -> request.withTimeout(timeout));
  }

  /**
   * {@return a copy that changes each request before it is sent, such as to pin it to a variant, or to add an option}
   *
   * @param further the change, which comes after those that there are
   */
  public LanguageModel withRequests(UnaryOperator<Request> further) {
    requireNonNull(further, "further");
    return new LanguageModel(
        platform, served, asking, request -> further.apply(change.apply(request)), name);
  }

  /**
   * {@return the answer}
   *
   * @throws ServingException if there is none, as with {@link Platform#invoke}, or if it is no answer to a chat: {@code
   *     MODEL_FAILED}
   */
  public ChatResponse chat(ChatRequest question) {
    Response response = asking.ask(request(question, false), null);
    ChatReader reader = new ChatReader(platform, served, piece -> {});
    reader.read(response.bodyBuffer());
    return reader.end(response.variant());
  }

  /**
   * Asks, and passes on the text as it comes.
   *
   * <p>A platform or container that does not stream passes on one piece. Characters are never cut.
   *
   * @param pieces receives each piece on the calling thread, never empty; what it throws ends the answer and is thrown to
   *     the caller unchanged
   * @return the answer, with the whole text
   * @throws ServingException if the answer is not complete, as with {@link Platform#invokeStreaming}: {@code UNAVAILABLE}
   *     if it stopped in the middle, {@code MODEL_FAILED} if the model failed after it had begun
   */
  public ChatResponse chat(ChatRequest question, Consumer<? super String> pieces) {
    ChatReader reader = new ChatReader(platform, served, requireNonNull(pieces, "pieces"));
    Response response = asking.ask(request(question, true), reader::read);
    return reader.end(response.variant());
  }

  private Request request(ChatRequest question, boolean isStreaming) {
    return change.apply(
        Request.ofUnsafe(ChatJson.write(question, name, isStreaming), "application/json")
            .withPath(ChatJson.PATH));
  }

  /**
   * {@return the vectors of texts, in their order}
   *
   * @param texts the texts, one or more
   * @throws ServingException if there are none, as with {@link Platform#invoke}, or if it is no answer with a vector for
   *     each text: {@code MODEL_FAILED}
   */
  public float[][] embed(String... texts) {
    return embed(List.of(texts));
  }

  /** {@return the vectors of texts, as {@link #embed(String...)}} */
  public float[][] embed(List<String> texts) {
    Problems.in("embed").check(!texts.isEmpty(), "texts", "must be one or more").throwIfAny();
    byte[] body = EmbeddingsJson.write(texts, name);
    Response response = asking.ask(
        change.apply(Request.ofUnsafe(body, "application/json").withPath(EMBEDDINGS_PATH)), null);
    try {
      JsonNode answer = ChatJson.tree(response.bodyUnsafe());
      return EmbeddingsJson.vectors(answer, texts.size())
          .orElseThrow(() -> noVectors(texts.size(), null));
    } catch (IOException e) {
      throw noVectors(texts.size(), e);
    }
  }

  private ServingException noVectors(int count, @Nullable Throwable cause) {
    return ServingException.builder(
            platform,
            ErrorKind.MODEL_FAILED,
            "Model '" + served
                + "' answered with something that is not data with the embedding of each of "
                + count + " texts: is its container one for embeddings, such as TEI")
        .cause(cause)
        .build();
  }

  @Override
  public String toString() {
    return "LanguageModel[" + served + " on " + platform + "]";
  }
}
