package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/**
 * Predictions as CSV, one line for each, as SageMaker's clients accept them: its numbers and texts in their order,
 * without names and nesting.
 */
final class CsvAnswer {
  static final String CONTENT_TYPE = "text/csv";

  private static final JsonFactory JSON = new JsonFactory();

  private CsvAnswer() {}

  /** {@return the response as CSV; empty if it is not one of predictions} */
  static Optional<Response> of(Response response) {
    if (!response.contentType().toLowerCase(Locale.ROOT).startsWith(Answer.JSON_TYPE)) {
      return Optional.empty();
    }
    try (JsonParser json = JSON.createParser(response.body())) {
      JsonToken first = json.nextToken();
      if (first == JsonToken.START_OBJECT
          && json.nextToken() == JsonToken.FIELD_NAME
          && json.currentName().equals("predictions")) {
        first = json.nextToken();
      }
      if (first != JsonToken.START_ARRAY) {
        return Optional.empty();
      }
      return Optional.of(Response.ofUnsafe(lines(json).getBytes(UTF_8), CONTENT_TYPE));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String lines(JsonParser json) throws IOException {
    StringBuilder lines = new StringBuilder();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      int depth = 0;
      boolean isFirst = true;
      do {
        JsonToken token = json.currentToken();
        if (token.isStructStart()) {
          depth++;
        } else if (token.isStructEnd()) {
          depth--;
        } else if (token != JsonToken.FIELD_NAME) {
          lines.append(isFirst ? "" : ",").append(field(json));
          isFirst = false;
        }
      } while (depth > 0 && json.nextToken() != null);
      lines.append('\n');
    }
    return lines.toString();
  }

  private static String field(JsonParser json) throws IOException {
    String text = json.currentToken() == JsonToken.VALUE_NULL ? "" : json.getText();
    boolean isPlain =
        text.chars().noneMatch(it -> it == ',' || it == '"' || it == '\n' || it == '\r');
    return isPlain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
