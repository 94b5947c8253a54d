package io.fairlead.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEvent;
import dev.langchain4j.http.client.sse.ServerSentEventContext;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.AnswerStream;
import io.fairlead.provider.ServerMessage;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener that is told of one end, whatever the parser does: {@code onClose}, or {@code onError} for the first
 * failure, after which it is told no more.
 */
final class OneEnd implements ServerSentEventListener {
  private static final Logger LOG = LoggerFactory.getLogger(FairleadHttpClient.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String platform;
  private final ServerSentEventListener listener;
  private boolean ended;

  OneEnd(String platform, ServerSentEventListener listener) {
    this.platform = platform;
    this.listener = listener;
  }

  /** Reads an answer to its end. */
  void read(AnswerStream stream, ServerSentEventParser parser) {
    try (stream) {
      onOpen(new Opened(stream));
      if (!ended) {
        parser.parse(stream, this);
      }
      onClose();
    } catch (RuntimeException e) {
      onError(e);
    }
  }

  /** The answer of a stream, whose headers are known at its end. */
  private static final class Opened extends SuccessfulHttpResponse {
    private final AnswerStream stream;

    Opened(AnswerStream stream) {
      super(builder().statusCode(200));
      this.stream = stream;
    }

    @Override
    public Map<String, List<String>> headers() {
      return stream
          .response()
          .map(FairleadHttpClient::headers)
          .orElseGet(() -> Map.of("content-type", List.of("text/event-stream")));
    }

    @Override
    public String contentType() {
      return headers().getOrDefault("content-type", List.of()).get(0);
    }
  }

  @Override
  public void onOpen(SuccessfulHttpResponse response) {
    tell(() -> listener.onOpen(response));
  }

  @Override
  public void onEvent(ServerSentEvent event) {
    tell(event, () -> listener.onEvent(event));
  }

  @Override
  public void onEvent(ServerSentEvent event, ServerSentEventContext context) {
    tell(event, () -> listener.onEvent(event, context));
    if (ended) {
      context.parsingHandle().cancel();
    }
  }

  private void tell(ServerSentEvent event, Runnable call) {
    String error = ended ? null : error(event);
    if (error != null) {
      onError(new ServingException(
          platform,
          ErrorKind.MODEL_FAILED,
          "The model failed after its answer had begun: " + ServerMessage.quote(error) + "."));
    } else {
      tell(call);
    }
  }

  private void tell(Runnable call) {
    if (ended) {
      return;
    }
    try {
      call.run();
    } catch (RuntimeException e) {
      onError(e);
    }
  }

  @Override
  public void onClose() {
    if (!ended) {
      ended = true;
      ignoringExceptions(listener::onClose);
    }
  }

  @Override
  public void onError(Throwable thrown) {
    if (!ended) {
      ended = true;
      RuntimeException failure = Failures.of(thrown);
      ignoringExceptions(() -> listener.onError(failure));
    }
  }

  private static void ignoringExceptions(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      LOG.warn("A listener of a streaming answer failed at its end", e);
    }
  }

  /** {@return the error that a server reports in place of a piece, as vLLM does; null if it is a piece} */
  private static @Nullable String error(ServerSentEvent event) {
    String data = event.data();
    if ("error".equals(event.event())) {
      return message(data);
    }
    return data.startsWith("{") && data.contains("\"error\"") && has(data, "error")
        ? message(data)
        : null;
  }

  private static boolean has(String data, String member) {
    JsonNode node = tree(data);
    return node != null && node.hasNonNull(member);
  }

  /** {@return the sentence of an error: its member {@code message}, or all of it} */
  private static String message(String data) {
    JsonNode node = tree(data);
    JsonNode error = node == null ? null : node.path("error");
    if (node == null || error == null) {
      return data;
    }
    for (JsonNode text : List.of(error.path("message"), error, node.path("message"))) {
      if (text.isTextual()) {
        return text.textValue();
      }
    }
    return data;
  }

  private static @Nullable JsonNode tree(String data) {
    try {
      return JSON.readTree(data);
    } catch (JsonProcessingException e) {
      return null;
    }
  }
}
