package io.fairlead.serverless.internal.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.util.Collections;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** An example of a request to a function, made of the metadata that it answers with. */
final class ExampleRequest {
  private static final int TIMEOUT_MILLIS = 30_000;
  private static final long LONGEST_ROW = 16;

  private ExampleRequest() {}

  /** {@return the body of a request that the function understands; empty if there is no short one} */
  static Optional<String> of(URI function, Optional<String> token) {
    try {
      if (!(function.toURL().openConnection(Proxy.NO_PROXY) instanceof HttpURLConnection http)) {
        return Optional.empty();
      }
      http.setConnectTimeout(TIMEOUT_MILLIS);
      http.setReadTimeout(TIMEOUT_MILLIS);
      token.ifPresent(it -> http.setRequestProperty("Authorization", "Bearer " + it));
      try (InputStream in = http.getInputStream()) {
        return of(new ObjectMapper().readTree(in));
      } finally {
        http.disconnect();
      }
    } catch (IOException e) {
      LoggerFactory.getLogger(ExampleRequest.class).debug("{} has no metadata", function, e);
      return Optional.empty();
    }
  }

  static Optional<String> of(JsonNode metadata) {
    if (metadata.path("parameters").has("activation")) {
      return Optional.of("{\"query\": \"a question\", \"texts\": [\"a text\"]}");
    }
    if (metadata.path("parameters").has("pooling")) {
      return Optional.of("{\"inputs\": [\"a text\"]}");
    }
    JsonNode inputs = metadata.path("inputs");
    JsonNode shape = inputs.path(0).path("shape");
    long row = shape.path(1).asLong();
    boolean numeric = !"BYTES".equals(inputs.path(0).path("datatype").asText());
    return inputs.size() == 1 && numeric && shape.size() == 2 && row >= 1 && row <= LONGEST_ROW
        ? Optional.of(
            "{\"instances\": [[" + String.join(", ", Collections.nCopies((int) row, "1")) + "]]}")
        : Optional.empty();
  }
}
